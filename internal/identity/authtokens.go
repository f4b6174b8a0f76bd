package identity

import (
	"context"
	"net/http"
	"time"

	"github.com/oracle/oci-go-sdk/v65/common"
	sdk "github.com/oracle/oci-go-sdk/v65/identity"
)

// Lifecycle states of an auth token, as the API documents them.
const (
	StateCreating = string(sdk.AuthTokenLifecycleStateCreating)
	StateActive   = string(sdk.AuthTokenLifecycleStateActive)
	StateInactive = string(sdk.AuthTokenLifecycleStateInactive)
	StateDeleting = string(sdk.AuthTokenLifecycleStateDeleting)
	StateDeleted  = string(sdk.AuthTokenLifecycleStateDeleted)
)

// Value is the token itself: the password. However it is printed, it prints as a placeholder; string(v) is the password.
type Value string

// String is a placeholder, never the value.
func (Value) String() string { return "[secret]" }

// GoString is a placeholder, never the value.
func (Value) GoString() string { return "[secret]" }

// AuthToken is one auth token of a user.
type AuthToken struct {
	ID          string
	UserID      string
	Description string
	// Value is set in the answer to CreateAuthToken only: OCI never shows it again.
	Value Value
	// State is a lifecycle state, one of the State constants.
	State string
	// InactiveStatus are the flags that say why State is INACTIVE: 1 suspended, 2 disabled, 4 blocked, 8 locked.
	InactiveStatus *int64
	TimeCreated    time.Time
	// TimeExpires is nil for a token that never expires.
	TimeExpires *time.Time
}

func fromSDK(t sdk.AuthToken) AuthToken {
	token := AuthToken{
		ID:             deref(t.Id),
		UserID:         deref(t.UserId),
		Description:    deref(t.Description),
		Value:          Value(deref(t.Token)),
		State:          string(t.LifecycleState),
		InactiveStatus: t.InactiveStatus,
	}
	if t.TimeCreated != nil {
		token.TimeCreated = t.TimeCreated.Time
	}
	if t.TimeExpires != nil {
		token.TimeExpires = &t.TimeExpires.Time
	}
	return token
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// CreateAuthToken creates a token and returns it with its value.
//
// A creation that was sent is not abandoned: when ctx ends before OCI has answered, the answer is awaited for up to
// answerGrace longer. Failures that leave its fate open are repeated under one retry token, so that OCI answers with the
// token it has made instead of making another; if the fate is still open at the end, the error's Ambiguous is true, and
// the next call with the same key, in this process, goes on under the same retry token.
//
// The key identifies what the token is for, such as a resource's URN.
// See https://docs.oracle.com/iaas/api/#/en/identity/20160918/AuthToken/CreateAuthToken.
func (c *Client) CreateAuthToken(ctx context.Context, key, userID, description string) (AuthToken, error) {
	attempt := creation{key: key, userID: userID, description: description}
	retryToken := c.unanswered.retryToken(attempt)

	answered, stop := awaitAnswer(ctx, c.clock, answerGrace)
	defer stop()

	op := operation{name: "CreateAuthToken", doing: "create an auth token for user " + userID, userID: userID, writes: true}
	var token AuthToken
	err := c.call(answered, ctx, op, func(ctx context.Context, at *regional) (*http.Response, error) {
		response, err := at.sdk.CreateAuthToken(ctx, sdk.CreateAuthTokenRequest{
			UserId:                 &userID,
			CreateAuthTokenDetails: sdk.CreateAuthTokenDetails{Description: &description},
			OpcRetryToken:          &retryToken,
		})
		if err == nil && (response.Id == nil || response.Token == nil) {
			err = errIncompleteAnswer
		}
		if isCode(err, codeInvalidatedRetryToken) {
			// What an earlier attempt had made has been deleted since, so nothing is left behind and a new one is due.
			retryToken = c.unanswered.renew(attempt)
		}
		token = fromSDK(response.AuthToken)
		return response.RawResponse, err
	})
	c.unanswered.settle(attempt, retryToken, IsAmbiguous(err))
	if err != nil {
		return AuthToken{}, err
	}
	return token, nil
}

// ListAuthTokens returns the user's tokens, at most two, without their values, as the configured region has them.
// See https://docs.oracle.com/iaas/api/#/en/identity/20160918/AuthToken/ListAuthTokens.
func (c *Client) ListAuthTokens(ctx context.Context, userID string) ([]AuthToken, error) {
	return Reader{client: c, at: c.configured}.ListAuthTokens(ctx, userID)
}

// ListAuthTokens returns the user's tokens, at most two, without their values.
func (r Reader) ListAuthTokens(ctx context.Context, userID string) ([]AuthToken, error) {
	op := operation{name: "ListAuthTokens", doing: "list the auth tokens of user " + userID, userID: userID, at: r.at}
	var tokens []AuthToken
	err := r.client.call(ctx, ctx, op, func(ctx context.Context, at *regional) (*http.Response, error) {
		response, err := at.sdk.ListAuthTokens(ctx, sdk.ListAuthTokensRequest{UserId: &userID})
		tokens = make([]AuthToken, len(response.Items))
		for i, item := range response.Items {
			tokens[i] = fromSDK(item)
		}
		return response.RawResponse, err
	})
	if err != nil {
		return nil, err
	}
	return tokens, nil
}

// UpdateAuthToken changes a token's description, the one thing about it that can be changed, and returns it without its
// value. See https://docs.oracle.com/iaas/api/#/en/identity/20160918/AuthToken/UpdateAuthToken.
func (c *Client) UpdateAuthToken(ctx context.Context, userID, id, description string) (AuthToken, error) {
	op := operation{name: "UpdateAuthToken", doing: "update auth token " + id + " of user " + userID, userID: userID, writes: true}
	var token AuthToken
	err := c.call(ctx, ctx, op, func(ctx context.Context, at *regional) (*http.Response, error) {
		response, err := at.sdk.UpdateAuthToken(ctx, sdk.UpdateAuthTokenRequest{
			UserId:                 &userID,
			AuthTokenId:            &id,
			UpdateAuthTokenDetails: sdk.UpdateAuthTokenDetails{Description: &description},
		})
		token = fromSDK(response.AuthToken)
		return response.RawResponse, err
	})
	if err != nil {
		return AuthToken{}, err
	}
	return token, nil
}

// DeleteAuthToken deletes a token. IsNotFound tells whether the error means that OCI does not know it, or does not show
// it. See https://docs.oracle.com/iaas/api/#/en/identity/20160918/AuthToken/DeleteAuthToken.
func (c *Client) DeleteAuthToken(ctx context.Context, userID, id string) error {
	op := operation{name: "DeleteAuthToken", doing: "delete auth token " + id + " of user " + userID, userID: userID, writes: true}
	return c.call(ctx, ctx, op, func(ctx context.Context, at *regional) (*http.Response, error) {
		response, err := at.sdk.DeleteAuthToken(ctx, sdk.DeleteAuthTokenRequest{UserId: &userID, AuthTokenId: &id})
		return response.RawResponse, err
	})
}

// newRetryToken makes the opc-retry-token of one creation.
func newRetryToken() string { return common.RetryToken() }
