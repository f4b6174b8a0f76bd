package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// ListAuthTokens returns the user's tokens, at most two, without their values, as the configured region has them.
// See https://docs.oracle.com/iaas/api/#/en/identity/20160918/AuthToken/ListAuthTokens.
func (c *Client) ListAuthTokens(ctx context.Context, userID string) ([]AuthToken, error) {
	return c.list(ctx, c.configured, userID, false)
}

// ListWritten returns the user's tokens as the region has them that writes go to, as far as is known which one that is. What
// was just written is seen there first.
func (c *Client) ListWritten(ctx context.Context, userID string) ([]AuthToken, error) {
	return c.list(ctx, c.writer(), userID, false)
}

// ListHome returns the user's tokens as the home region has them. The error says so where it could not be found out which
// region that is.
func (c *Client) ListHome(ctx context.Context, userID string) ([]AuthToken, error) {
	home, err := c.homeRegion(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("the tenancy's home region, which has the last word on the auth tokens of user %s, could not be "+
			"found out: %w", userID, err)
	}
	return c.list(ctx, home, userID, false)
}

func (c *Client) list(ctx context.Context, at *regional, userID string, urgent bool) ([]AuthToken, error) {
	var tokens []AuthToken
	err := c.call(ctx, operation{
		name: "ListAuthTokens", doing: "list the auth tokens of user " + userID, userID: userID, at: at, urgent: urgent,
		request: request{method: http.MethodGet, path: escaped("users", userID, "authTokens")},
		read: func(a *answer) (err error) {
			tokens, err = readAuthTokens(a)
			return err
		},
	})
	return tokens, err
}

const createAuthToken = "CreateAuthToken"

// create is the operation of https://docs.oracle.com/iaas/api/#/en/identity/20160918/AuthToken/CreateAuthToken. The token
// goes to found as far as the answer has it.
func (*Client) create(userID, description, retryToken string, found func(AuthToken) error) operation {
	return operation{
		name: createAuthToken, doing: "create an auth token for user " + userID, userID: userID, writes: true,
		request: request{
			method: http.MethodPost, path: escaped("users", userID, "authTokens"),
			body: authTokenDetails{description}, retryToken: retryToken,
		},
		read: func(a *answer) error { return found(readAuthToken(a.body)) },
	}
}

// UpdateAuthToken changes a token's description, the one thing about it that can be changed, and returns what OCI says of
// it. See https://docs.oracle.com/iaas/api/#/en/identity/20160918/AuthToken/UpdateAuthToken.
func (c *Client) UpdateAuthToken(ctx context.Context, userID, id, description string) (AuthToken, error) {
	var token AuthToken
	err := c.call(ctx, operation{
		name: "UpdateAuthToken", doing: "update auth token " + id + " of user " + userID, userID: userID, writes: true,
		request: request{
			method: http.MethodPut, path: escaped("users", userID, "authTokens", id), body: authTokenDetails{description},
		},
		read: func(a *answer) error {
			token = readAuthToken(a.body)
			return nil
		},
	})
	return token, err
}

// DeleteAuthToken deletes a token. IsNotFound reports whether the error means that OCI does not know it, or does not show
// it. See https://docs.oracle.com/iaas/api/#/en/identity/20160918/AuthToken/DeleteAuthToken.
func (c *Client) DeleteAuthToken(ctx context.Context, userID, id string) error {
	err := c.call(ctx, operation{
		name: "DeleteAuthToken", doing: "delete auth token " + id + " of user " + userID, userID: userID, writes: true,
		request: request{method: http.MethodDelete, path: escaped("users", userID, "authTokens", id)},
		read:    func(*answer) error { return nil },
	})
	if err == nil {
		c.ledger.forgetToken(id)
	}
	return err
}

// DeleteCommand is the command by which a person deletes a token.
func DeleteCommand(userID, id string) string {
	return fmt.Sprintf("oci iam auth-token delete --user-id %s --auth-token-id %s", userID, outside.Sentence(id))
}

// ListCommand is the command by which a person lists a user's tokens.
func ListCommand(userID string) string { return "oci iam auth-token list --user-id " + userID }

// authTokenDetails are the body of a creation and of an update.
type authTokenDetails struct {
	Description string `json:"description"`
}

// readAuthTokens reads a list. It takes the whole list or none of it: from a list that lacks something it would follow that
// a token is gone.
func readAuthTokens(a *answer) ([]AuthToken, error) {
	var items []json.RawMessage
	switch {
	case !a.isJSON():
		return nil, errors.New("it is not JSON")
	case a.cut != nil:
		return nil, a.cut
	case json.Unmarshal(a.body, &items) != nil || items == nil:
		return nil, errors.New("it is not a list")
	}
	tokens := make([]AuthToken, len(items))
	for i, item := range items {
		if tokens[i] = readAuthToken(item); tokens[i].ID == "" {
			return nil, errors.New("something in the list is not an auth token")
		}
	}
	return tokens, nil
}

// readAuthToken reads a token field by field, and leaves out what it cannot read: whatever else an answer to a creation may
// lack, it must not cost the value that is in it.
func readAuthToken(body []byte) AuthToken {
	var said struct {
		ID             json.RawMessage `json:"id"`
		Token          json.RawMessage `json:"token"`
		Description    json.RawMessage `json:"description"`
		LifecycleState json.RawMessage `json:"lifecycleState"`
		InactiveStatus json.RawMessage `json:"inactiveStatus"`
		TimeCreated    json.RawMessage `json:"timeCreated"`
		TimeExpires    json.RawMessage `json:"timeExpires"`
	}
	if json.Unmarshal(body, &said) != nil {
		return AuthToken{}
	}
	token := AuthToken{ID: text(said.ID), Value: Value(text(said.Token)), State: text(said.LifecycleState)}
	var description *string
	if json.Unmarshal(said.Description, &description) == nil {
		token.Description = description
	}
	var flags *int64
	if json.Unmarshal(said.InactiveStatus, &flags) == nil {
		token.InactiveStatus = flags
	}
	token.TimeCreated, _ = readTime(said.TimeCreated)
	if expires, ok := readTime(said.TimeExpires); ok {
		token.TimeExpires = &expires
	}
	return token
}

// readTime reads a time in the format of RFC 3339. It reports whether there is one.
func readTime(raw json.RawMessage) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, text(raw))
	return t, err == nil
}
