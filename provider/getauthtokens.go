package provider

import (
	"context"
	_ "embed"
	"fmt"
	"slices"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/hosts"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/identity"
	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/ocid"
)

// GetAuthTokens is the function ociauthtoken:index:getAuthTokens, which lists a user's auth tokens without their values.
type GetAuthTokens struct{ oci *connection }

// GetAuthTokensArgs are the arguments of getAuthTokens.
type GetAuthTokensArgs struct {
	UserID    string   `pulumi:"userId"`
	DomainURL *string  `pulumi:"domainUrl,optional"`
	Filters   []Filter `pulumi:"filters,optional"`
}

// GetAuthTokensResult is what getAuthTokens returns.
type GetAuthTokensResult struct {
	UserID string        `pulumi:"userId"`
	Tokens []ListedToken `pulumi:"tokens"`
}

// ListedToken is an auth token as OCI lists it.
type ListedToken struct {
	ID            string  `pulumi:"id"`
	Description   string  `pulumi:"description"`
	State         string  `pulumi:"state"`
	InactiveState *string `pulumi:"inactiveState,optional"`
	TimeCreated   string  `pulumi:"timeCreated"`
	TimeExpires   *string `pulumi:"timeExpires,optional"`
	UserID        string  `pulumi:"userId"`
}

var (
	_ infer.Fn[GetAuthTokensArgs, GetAuthTokensResult] = (*GetAuthTokens)(nil)
	_ infer.Annotated                                  = (*GetAuthTokens)(nil)
	_ infer.Annotated                                  = (*GetAuthTokensArgs)(nil)
	_ infer.Annotated                                  = (*GetAuthTokensResult)(nil)
	_ infer.Annotated                                  = (*ListedToken)(nil)
)

// getAuthTokensDescription is generated from tools/docs/pages and tools/docs/snippets.
//
//go:embed getauthtokens.md
var getAuthTokensDescription string

// Annotate describes the function for the schema.
func (f *GetAuthTokens) Annotate(a infer.Annotator) {
	a.SetToken("index", "getAuthTokens")
	a.Describe(f, getAuthTokensDescription)
}

// Annotate describes the arguments for the schema.
func (args *GetAuthTokensArgs) Annotate(a infer.Annotator) {
	a.Describe(&args.UserID, "The OCID of the user whose tokens are listed.")
	a.Describe(&args.DomainURL, "The URL of the identity domain that the user is in, if it is not the Default domain.")
	a.Describe(&args.Filters, "The tokens that pass every filter are returned. If it is not set, all are.")
}

// Annotate describes the result for the schema.
func (r *GetAuthTokensResult) Annotate(a infer.Annotator) {
	a.Describe(&r.UserID, "The OCID of the user.")
	a.Describe(&r.Tokens, "The user's tokens, without their values. There are at most two.")
}

// Annotate describes a listed token for the schema.
func (t *ListedToken) Annotate(a infer.Annotator) {
	a.SetToken("index", "GetAuthTokensToken")
	a.Describe(&t.ID, "The OCID of the token.")
	a.Describe(&t.Description, "What the token is for.")
	a.Describe(&t.State, "The lifecycle state: `CREATING`, `ACTIVE`, `INACTIVE`, `DELETING` or `DELETED`. It is empty for a token of "+
		"an identity domain, because domains do not tell it.")
	a.Describe(&t.InactiveState, "Why the token is `INACTIVE`, as a sum of flags: 1 suspended, 2 disabled, 4 blocked, 8 locked.")
	a.Describe(&t.TimeCreated, "When the token was created, in the format of RFC 3339.")
	a.Describe(&t.TimeExpires, "When the token expires, in the format of RFC 3339. Absent for a token that never expires.")
	a.Describe(&t.UserID, "The OCID of the user that the token is for.")
}

// Invoke lists the tokens.
func (f *GetAuthTokens) Invoke(
	ctx context.Context, req infer.FunctionRequest[GetAuthTokensArgs],
) (infer.FunctionResponse[GetAuthTokensResult], error) {
	type response = infer.FunctionResponse[GetAuthTokensResult]

	args := req.Input
	if err := ocid.Check(args.UserID, ocid.User); err != nil {
		return response{}, fmt.Errorf("userId: %w", err)
	}
	domainURL, err := parseDomainURL(args.DomainURL)
	if err != nil {
		return response{}, err
	}
	passes, err := matcher(args.Filters, []string{
		"id", "description", "state", "inactiveState", "timeCreated", "timeExpires", "userId",
	})
	if err != nil {
		return response{}, err
	}
	client, err := f.oci.get()
	if err != nil {
		return response{}, err
	}
	user, err := client.User(identity.UserRef{ID: args.UserID, DomainURL: domainURL}, p.GetLogger(ctx))
	if err != nil {
		return response{}, err
	}
	tokens, err := user.ListTokens(ctx, identity.Near)
	if err != nil {
		return response{}, user.Locate(ctx, err)
	}
	listed := []ListedToken{}
	for _, token := range tokens {
		listed = append(listed, listedToken(args.UserID, token))
	}
	listed = slices.DeleteFunc(listed, func(t ListedToken) bool { return !passes(t.properties()) })
	return response{Output: GetAuthTokensResult{UserID: args.UserID, Tokens: listed}}, nil
}

// parseDomainURL returns the URL of an identity domain in canonical form, or "" if there is none.
func parseDomainURL(said *string) (string, error) {
	if said == nil {
		return "", nil
	}
	domainURL, err := hosts.ParseDomainURL(*said)
	if err != nil {
		return "", fmt.Errorf("domainUrl: %w", err)
	}
	return domainURL, nil
}

func listedToken(userID string, token identity.AuthToken) ListedToken {
	read := AuthTokenState{}.as(token)
	return ListedToken{
		ID: token.ID, Description: read.Description, State: read.State, InactiveState: read.InactiveState, TimeCreated: read.TimeCreated,
		TimeExpires: read.TimeExpires, UserID: userID,
	}
}

// properties returns the properties that filters look at. It leaves out those that the token does not have.
func (t ListedToken) properties() map[string]string {
	properties := map[string]string{
		"id": t.ID, "description": t.Description, "state": t.State, "timeCreated": t.TimeCreated, "userId": t.UserID,
	}
	if t.InactiveState != nil {
		properties["inactiveState"] = *t.InactiveState
	}
	if t.TimeExpires != nil {
		properties["timeExpires"] = *t.TimeExpires
	}
	return properties
}
