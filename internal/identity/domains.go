package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/outside"
)

// domain is the API of an identity domain, for one of its users. The API follows SCIM:
// https://docs.oracle.com/en-us/iaas/api/#/en/identity-domains/v1/AuthToken/.
type domain struct {
	calls   caller
	service *service
	userID  string
	// self reports whether the caller is this user. A domain lets users change their own tokens if the request says so, and
	// administrators change those of others.
	self bool
	// nameOf asks IAM for the name of the domain with the given OCID. It returns "" for the Default domain.
	nameOf func(ctx context.Context, ocid string) (string, error)
}

// Schemas of SCIM.
const (
	schemaAuthToken = "urn:ietf:params:scim:schemas:oracle:idcs:authToken" //nolint:gosec // the name of a schema
	schemaError     = "urn:ietf:params:scim:api:messages:2.0:Error"
	schemaPatch     = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	schemaSelf      = "urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User"
)

// scimToken is the body of a creation.
type scimToken struct {
	Schemas     []string        `json:"schemas"`
	User        scimUser        `json:"user"`
	Description string          `json:"description"`
	ExpiresOn   string          `json:"expiresOn,omitempty"`
	Self        *scimSelfChange `json:"urn:ietf:params:scim:schemas:oracle:idcs:extension:selfChange:User,omitempty"`
}

type scimUser struct {
	OCID string `json:"ocid"`
}

type scimSelfChange struct {
	Allow bool `json:"allowSelfChange"`
}

// scimPatch is the body of an update.
type scimPatch struct {
	Schemas    []string        `json:"schemas"`
	Operations []scimOperation `json:"Operations"`
}

type scimOperation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

func (d domain) create(wish Wish, retryToken string, found func(AuthToken) error) operation {
	body := scimToken{
		Schemas: []string{schemaAuthToken}, User: scimUser{d.userID}, Description: wish.Description, ExpiresOn: wish.TimeExpires,
	}
	if d.self {
		body.Self = &scimSelfChange{true}
	}
	return operation{
		doing: "create an auth token for user " + d.userID, creates: true, to: d.service,
		request: request{method: http.MethodPost, path: escaped("AuthTokens"), body: body, retryToken: retryToken},
		read:    func(a *answer) error { return found(readSCIMToken(a.body)) },
	}
}

// pageSize is how many tokens a page has, and mostPages bounds how many pages are read.
const (
	pageSize  = 50
	mostPages = 20
)

// listReadings is how often a list is read if it changes meanwhile.
const listReadings = 4

// list reads all pages. A domain is in one region, so every view is the same.
func (d domain) list(ctx context.Context, _ View, urgent bool) (tokens []AuthToken, err error) {
	whole := false
	err = d.calls.poll(ctx, listReadings, "", func() (bool, error) {
		tokens, whole, err = d.readPages(ctx, urgent)
		return whole, err
	})
	if err == nil && !whole {
		err = fmt.Errorf("could not list the auth tokens of user %s in %s: the list has changed each time while it was read, or a page is missing",
			d.userID, d.service)
	}
	return tokens, err
}

// readPages reads all pages once, and reports whether the list is whole: it has as many tokens as each page says.
func (d domain) readPages(ctx context.Context, urgent bool) (tokens []AuthToken, whole bool, err error) {
	filter, err := json.Marshal(d.userID) // SCIM quotes texts as JSON does: RFC 7644, section 3.4.2.2
	if err != nil {
		return nil, false, err
	}
	tokens = []AuthToken{}
	for page, total := 0, 0; page < mostPages; page++ {
		var items []AuthToken
		said := 0
		err := d.calls.call(ctx, operation{
			doing: "list the auth tokens of user " + d.userID, to: d.service, urgent: urgent,
			request: request{method: http.MethodGet, path: escaped("AuthTokens"), query: url.Values{
				"filter": {"user.ocid eq " + string(filter)}, "startIndex": {strconv.Itoa(len(tokens) + 1)}, "count": {strconv.Itoa(pageSize)},
			}},
			read: func(a *answer) (err error) {
				items, said, err = readSCIMTokens(a, d.userID)
				return err
			},
		})
		tokens = append(tokens, items...)
		if err != nil || len(tokens) == said && (page == 0 || said == total) {
			return tokens, err == nil, err
		}
		if total = said; len(items) == 0 || len(tokens) > said {
			break
		}
	}
	return nil, false, nil
}

// find looks for the token in a list, and then asks for the single token. A list may lack it because the list lags behind. If the
// caller may not see the token, the call for the single token is answered with 404, but a list is not.
func (d domain) find(ctx context.Context, from View, id string) (*AuthToken, error) {
	tokens, err := d.list(ctx, from, false)
	if err != nil {
		return nil, err
	}
	if token := Pick(tokens, id); token != nil {
		return token, nil
	}
	token, err := d.get(ctx, id)
	switch {
	case IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case token.UserID == "":
		return nil, fmt.Errorf("%s does not say whose token %s is", d.service, shown(id))
	}
	return Pick([]AuthToken{token}, id), nil
}

// get asks for a single token. It returns an error if it is one of another user.
func (d domain) get(ctx context.Context, id string) (token AuthToken, err error) {
	err = d.calls.call(ctx, operation{
		doing: "read auth token " + id + " of user " + d.userID, to: d.service,
		request: request{method: http.MethodGet, path: escaped("AuthTokens", id)},
		read: func(a *answer) error {
			switch token = readSCIMToken(a.body); {
			case !a.isJSON():
				return errors.New("it is not JSON")
			case a.cut != nil:
				return a.cut
			case token.ID == "":
				return errors.New("it is not an auth token")
			case !token.Is(id) && token.ID != token.SCIMID:
				return errors.New("it is another auth token")
			}
			if token.ID == token.SCIMID {
				token.ID = id
			}
			return nil
		},
	})
	if err == nil && token.of(d.userID) != nil {
		err = fmt.Errorf("%w, and nothing was done with it. If a resource was imported with the wrong user, remove it with "+
			"\"pulumi state delete\", and import it again", token.of(d.userID))
	}
	return token, err
}

// ours returns an error unless a token is the user's. A call that changes a token does not name the user.
func (d domain) ours(ctx context.Context, id string) error {
	token, err := d.get(ctx, id)
	if err == nil && token.UserID == "" {
		_, err = d.find(ctx, Home, id)
	}
	return err
}

func (d domain) update(ctx context.Context, id, description string) (token AuthToken, err error) {
	if err := d.ours(ctx, id); err != nil {
		return AuthToken{}, err
	}
	operations := []scimOperation{{"replace", "description", description}}
	if d.self {
		operations = append(operations, scimOperation{"add", schemaSelf + ":allowSelfChange", true})
	}
	err = d.calls.call(ctx, operation{
		doing: "update auth token " + id + " of user " + d.userID, to: d.service,
		request: request{
			method: http.MethodPatch, path: escaped("AuthTokens", id),
			body: scimPatch{Schemas: []string{schemaPatch}, Operations: operations},
		},
		read: func(a *answer) error {
			token = readSCIMToken(a.body)
			return a.updated(token, d.userID)
		},
	})
	return token, err
}

func (d domain) delete(ctx context.Context, id string) error {
	if err := d.ours(ctx, id); err != nil {
		return err
	}
	var query url.Values
	if d.self {
		query = url.Values{"allowSelfChange": {"true"}}
	}
	return d.calls.call(ctx, operation{
		doing: "delete auth token " + id + " of user " + d.userID, to: d.service,
		request: request{method: http.MethodDelete, path: escaped("AuthTokens", id), query: query},
		read:    (*answer).deleted,
	})
}

func (d domain) deleteCommand(id string) string {
	if d.self {
		return fmt.Sprintf("oci identity-domains my-auth-token delete --endpoint %s --my-auth-token-id %s", d.service.domain, outside.Sentence(id))
	}
	return fmt.Sprintf("oci identity-domains auth-token delete --endpoint %s --auth-token-id %s", d.service.domain, outside.Sentence(id))
}

func (d domain) listCommand() string {
	return fmt.Sprintf(`oci identity-domains auth-tokens list --endpoint %s --filter 'user.ocid eq "%s"'`, d.service.domain, d.userID)
}

// elsewhere returns nil, because the program has named the domain.
func (domain) elsewhere(context.Context) (api, string, error) { return nil, "", nil }

// hasUser reports whether the domain shows the user to the caller.
func (d domain) hasUser(ctx context.Context) (bool, error) {
	filter, err := json.Marshal(d.userID)
	if err != nil {
		return false, err
	}
	var found struct {
		TotalResults int `json:"totalResults"`
	}
	failure := d.calls.try(ctx, operation{
		doing: "look for user " + d.userID, to: d.service,
		request: request{method: http.MethodGet, path: escaped("Users"), query: url.Values{
			"filter": {"ocid eq " + string(filter)}, "attributes": {"ocid"}, "count": {"1"},
		}},
		read: func(a *answer) error { return json.Unmarshal(a.body, &found) },
	})
	if failure != nil {
		return false, unlessRefused(failure)
	}
	return found.TotalResults > 0, nil
}

// account asks the domain for the user, and IAM for the name of the user's domain.
func (d domain) account(ctx context.Context) (Account, error) {
	filter, err := json.Marshal(d.userID)
	if err != nil {
		return Account{}, err
	}
	var found []scimAccount
	err = d.calls.call(ctx, operation{
		doing: "find out the name of user " + d.userID, to: d.service,
		request: request{method: http.MethodGet, path: escaped("Users"), query: url.Values{
			"filter": {"ocid eq " + string(filter)}, "attributes": {"userName,emails,domainOcid"}, "count": {"1"},
		}},
		read: func(a *answer) (err error) {
			found, err = readSCIMAccounts(a)
			return err
		},
	})
	switch {
	case err != nil:
		return Account{}, err
	case len(found) == 0:
		return Account{}, fmt.Errorf("the identity domain at %s does not have user %s, or does not show it to the caller", d.service.domain, d.userID)
	}
	account := found[0].Account
	if found[0].domainID == "" {
		d.calls.listener.InfoStatus(fmt.Sprintf("%s does not say what it is called: the user name for the registry is without the domain's name", d.service))
		return account, nil
	}
	account.Domain, err = d.nameOf(ctx, found[0].domainID)
	return account, err
}

// scimAccount is a user, and the OCID of its domain, or "".
type scimAccount struct {
	Account
	domainID string
}

// readSCIMAccounts reads a list of users.
func readSCIMAccounts(a *answer) ([]scimAccount, error) {
	var page struct {
		Resources []struct {
			UserName   json.RawMessage `json:"userName"`
			DomainOCID json.RawMessage `json:"domainOcid"`
			Emails     []struct {
				Value   json.RawMessage `json:"value"`
				Primary bool            `json:"primary"`
			} `json:"emails"`
		} `json:"Resources"`
	}
	if !a.isJSON() || json.Unmarshal(a.body, &page) != nil {
		return nil, errors.New("it is not a list of users")
	}
	var accounts []scimAccount
	for _, user := range page.Resources {
		account := scimAccount{Account{Name: text(user.UserName)}, text(user.DomainOCID)}
		if account.Name == "" {
			return nil, errors.New("it lacks a user's name")
		}
		for _, email := range user.Emails {
			if email.Primary {
				account.Email = text(email.Value)
			}
		}
		accounts = append(accounts, account)
	}
	return accounts, nil
}

// readSCIMTokens reads one page of a list of a user's tokens, and the total number of tokens. If it cannot read a token, it returns an error.
func readSCIMTokens(a *answer, userID string) (tokens []AuthToken, total int, err error) {
	var page struct {
		TotalResults *int              `json:"totalResults"`
		Resources    []json.RawMessage `json:"Resources"`
	}
	switch {
	case !a.isJSON():
		return nil, 0, errors.New("it is not JSON")
	case a.cut != nil:
		return nil, 0, a.cut
	case json.Unmarshal(a.body, &page) != nil || page.TotalResults == nil:
		return nil, 0, errors.New("it is not a list")
	}
	tokens = make([]AuthToken, len(page.Resources))
	for i, item := range page.Resources {
		if tokens[i] = readSCIMToken(item); tokens[i].ID == "" {
			return nil, 0, errors.New("something in the list is not an auth token")
		}
		if err := tokens[i].of(userID); err != nil {
			return nil, 0, err
		}
	}
	return tokens, *page.TotalResults, nil
}

// readSCIMToken reads a token field by field, and leaves out fields that it cannot read, as readAuthToken does.
func readSCIMToken(body []byte) AuthToken {
	said := fields(body)
	token := AuthToken{
		ID: text(said["ocid"]), SCIMID: text(said["id"]), UserID: text(fields(said["user"])["ocid"]), Value: Value(text(said["token"])),
		State: text(said["status"]),
	}
	if token.ID == "" {
		token.ID = token.SCIMID
	}
	var description *string
	if json.Unmarshal(said["description"], &description) == nil {
		token.Description = description
	}
	var deleting bool
	if json.Unmarshal(said["deleteInProgress"], &deleting) == nil && deleting {
		token.State = StateDeleting
	}
	token.TimeCreated, _ = readTime(fields(said["meta"])["created"])
	if expires, ok := readTime(said["expiresOn"]); ok {
		token.TimeExpires = &expires
	}
	return token
}
