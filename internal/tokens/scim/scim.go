// Package scim is the API of identity domains, for the auth tokens of one user. The API follows SCIM:
// https://docs.oracle.com/en-us/iaas/api/#/en/identity-domains/v1/AuthToken/.
package scim

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/oci"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/safetext"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
)

// API is the API of an identity domain, for one of its users.
type API struct {
	oci.Caller

	domain *oci.Service
	userID string
	// self reports whether the caller is this user. A domain lets users change their own tokens if the request says so, and
	// administrators change those of others.
	self bool
}

// New returns the API of the user's identity domain.
func New(calls oci.Caller, user tokens.UserRef) (API, error) {
	domain, err := calls.Domain(user.DomainURL)
	return API{calls, domain, user.ID, calls.CallerID() == user.ID}, err
}

// URL returns the URL of the domain.
func (d API) URL() string { return d.domain.Domain }

// Schemas of SCIM.
const (
	schemaAuthToken = "urn:ietf:params:scim:schemas:oracle:idcs:authToken" //nolint:gosec // the name of a schema
	schemaPatch     = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	schemaSelf      = "urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User"
)

// fields are the fields of a JSON object.
type fields map[string]any

// filter returns the filter for the user: RFC 7644, section 3.4.2.2.
func (d API) filter(attribute string) string { return fmt.Sprintf("%s eq %q", attribute, d.userID) }

// Create returns the call that creates a token.
func (d API) Create(creation tokens.Creation, retryToken string, found func(tokens.Token) error) oci.Call {
	body := fields{"schemas": []string{schemaAuthToken}, "user": fields{"ocid": d.userID}, "description": creation.Description}
	if creation.TimeExpires != "" {
		body["expiresOn"] = creation.TimeExpires
	}
	if d.self {
		body[schemaSelf] = fields{"allowSelfChange": true}
	}
	return oci.Call{
		Doing: "create an auth token for user " + d.userID, Creates: true, To: d.domain,
		Request: oci.Request{Method: http.MethodPost, Path: oci.Path("AuthTokens"), Body: body, RetryToken: retryToken},
		Read:    func(a *oci.Answer) error { return found(readSCIMToken(a.Body)) },
	}
}

// pageSize is how many tokens a page has, and mostPages bounds how many pages are read.
const (
	pageSize  = 50
	mostPages = 20
)

// listReadings is how often a list is read if it changes meanwhile.
const listReadings = 4

// List reads all pages. A domain is in one region, so every view is the same.
func (d API) List(ctx context.Context, _ tokens.ReadFrom, urgent bool) (listed []tokens.Token, err error) {
	whole := false
	err = d.Poll(ctx, listReadings, "", func() (bool, error) {
		listed, whole, err = d.readPages(ctx, urgent)
		return whole, err
	})
	if err == nil && !whole {
		err = fmt.Errorf("could not list the auth tokens of user %s in %s: the list has changed each time while it was read, or a page is missing",
			d.userID, d.domain)
	}
	return listed, err
}

// readPages reads all pages once, and reports whether the list is whole: it has as many tokens as each page says.
func (d API) readPages(ctx context.Context, urgent bool) (listed []tokens.Token, whole bool, err error) {
	listed = []tokens.Token{}
	for page, total := 0, 0; page < mostPages; page++ {
		var items []tokens.Token
		said := 0
		err := d.Do(ctx, oci.Call{
			Doing: "list the auth tokens of user " + d.userID, To: d.domain, Urgent: urgent,
			Request: oci.Request{Method: http.MethodGet, Path: oci.Path("AuthTokens"), Query: url.Values{
				"filter": {d.filter("user.ocid")}, "startIndex": {strconv.Itoa(len(listed) + 1)}, "count": {strconv.Itoa(pageSize)},
			}},
			Read: func(a *oci.Answer) (err error) {
				items, said, err = readSCIMTokens(a.Body, d.userID)
				return err
			},
		})
		listed = append(listed, items...)
		if err != nil || len(listed) == said && (page == 0 || said == total) {
			return listed, err == nil, err
		}
		if total = said; len(items) == 0 || len(listed) > said {
			break
		}
	}
	return nil, false, nil
}

// Find looks for the token in a list, and then asks for the single token. A list may lack it because the list lags behind. If the
// caller may not see the token, the call for the single token is answered with 404, but a list is not.
func (d API) Find(ctx context.Context, from tokens.ReadFrom, id string) (*tokens.Token, error) {
	listed, err := d.List(ctx, from, false)
	if err != nil {
		return nil, err
	}
	if token := tokens.Pick(listed, id); token != nil {
		return token, nil
	}
	token, err := d.get(ctx, id)
	switch {
	case oci.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case token.UserID == "":
		return nil, fmt.Errorf("%s does not say whose token %s is", d.domain, id)
	}
	return tokens.Pick([]tokens.Token{token}, id), nil
}

// get asks for a single token. It returns an error if it is one of another user.
func (d API) get(ctx context.Context, id string) (token tokens.Token, err error) {
	err = d.Do(ctx, oci.Call{
		Doing: "read auth token " + id + " of user " + d.userID, To: d.domain,
		Request: oci.Request{Method: http.MethodGet, Path: oci.Path("AuthTokens", id)},
		Read: func(a *oci.Answer) error {
			switch token = readSCIMToken(a.Body); {
			case token.ID == "":
				return errors.New("it is not an auth token")
			case !token.HasID(id) && token.ID != token.SCIMID:
				return errors.New("it is another auth token")
			}
			if token.ID == token.SCIMID {
				token.ID = id
			}
			return nil
		},
	})
	if err == nil && token.Of(d.userID) != nil {
		err = fmt.Errorf("%w, and nothing was done with it. If a resource was imported with the wrong user, remove it with "+
			"\"pulumi state delete\", and import it again", token.Of(d.userID))
	}
	return token, err
}

// ours returns an error unless a token is the user's. A call that changes a token does not name the user.
func (d API) ours(ctx context.Context, id string) error {
	token, err := d.get(ctx, id)
	if err == nil && token.UserID == "" {
		_, err = d.Find(ctx, tokens.Home, id)
	}
	return err
}

// Update changes a token's description.
func (d API) Update(ctx context.Context, id, description string) (token tokens.Token, err error) {
	if err := d.ours(ctx, id); err != nil {
		return tokens.Token{}, err
	}
	operations := []fields{{"op": "replace", "path": "description", "value": description}}
	if d.self {
		operations = append(operations, fields{"op": "add", "path": schemaSelf + ":allowSelfChange", "value": true})
	}
	err = d.Do(ctx, oci.Call{
		Doing: "update auth token " + id + " of user " + d.userID, To: d.domain,
		Request: oci.Request{
			Method: http.MethodPatch, Path: oci.Path("AuthTokens", id),
			Body: fields{"schemas": []string{schemaPatch}, "Operations": operations},
		},
		Read: func(a *oci.Answer) error {
			token = readSCIMToken(a.Body)
			return token.Of(d.userID)
		},
	})
	return token, err
}

// Delete deletes a token.
func (d API) Delete(ctx context.Context, id string) error {
	if err := d.ours(ctx, id); err != nil {
		return err
	}
	var query url.Values
	if d.self {
		query = url.Values{"allowSelfChange": {"true"}}
	}
	return d.Do(ctx, oci.Call{
		Doing: "delete auth token " + id + " of user " + d.userID, To: d.domain,
		Request: oci.Request{Method: http.MethodDelete, Path: oci.Path("AuthTokens", id), Query: query},
		Read:    (*oci.Answer).Deleted,
	})
}

// DeleteCommand returns the command that deletes a token.
func (d API) DeleteCommand(id string) string {
	if d.self {
		return fmt.Sprintf("oci identity-domains my-auth-token delete --endpoint %s --my-auth-token-id %s", d.URL(), id)
	}
	return fmt.Sprintf("oci identity-domains auth-token delete --endpoint %s --auth-token-id %s", d.URL(), id)
}

// ListCommand returns the command that lists the user's tokens.
func (d API) ListCommand() string {
	return fmt.Sprintf(`oci identity-domains auth-tokens list --endpoint %s --filter '%s'`, d.URL(), d.filter("user.ocid"))
}

// Elsewhere returns nil, because the program has named the domain.
func (API) Elsewhere(context.Context) (tokens.API, string, error) { return nil, "", nil }

// readSCIMTokens reads one page of a list of a user's tokens, and the total number of tokens.
func readSCIMTokens(body []byte, userID string) (listed []tokens.Token, total int, err error) {
	var page struct {
		TotalResults *int              `json:"totalResults"`
		Resources    []json.RawMessage `json:"Resources"`
	}
	if json.Unmarshal(body, &page) != nil || page.TotalResults == nil {
		return nil, 0, errors.New("it is not a list")
	}
	listed, err = tokens.ReadList(page.Resources, userID, readSCIMToken)
	return listed, *page.TotalResults, err
}

// readSCIMToken reads a token. It counts as DELETING while the domain says that its deletion is in progress.
func readSCIMToken(body []byte) tokens.Token {
	said := oci.Fields(body)
	token := tokens.ReadToken(map[string]json.RawMessage{
		"id": said["ocid"], "userId": oci.Fields(said["user"])["ocid"], "token": said["token"], "lifecycleState": said["status"],
		"description": said["description"], "timeCreated": oci.Fields(said["meta"])["created"], "timeExpires": said["expiresOn"],
	})
	token.SCIMID = safetext.Sentence(oci.Text(said["id"]))
	token.ID = cmp.Or(token.ID, token.SCIMID)
	if deleting := oci.Field[bool](said["deleteInProgress"]); deleting != nil && *deleting {
		token.State = tokens.StateDeleting
	}
	return token
}
