// Package getauthtokens is the function getAuthTokens.
package getauthtokens

import (
	"context"
	_ "embed"
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/ociauthtoken/pulumi-ociauthtoken/internal/tokens"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/infermend"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// GetAuthTokens is the function ociauthtoken:index:getAuthTokens, which lists a user's auth tokens without their values.
type GetAuthTokens struct{ oci *connection.Connection }

// New returns the function.
func New(oci *connection.Connection) *GetAuthTokens { return &GetAuthTokens{oci} }

// Args are the arguments of getAuthTokens.
type Args struct {
	UserID    string   `pulumi:"userId"`
	DomainURL *string  `pulumi:"domainUrl,optional"`
	Filters   []Filter `pulumi:"filters,optional"`
}

// Result is what getAuthTokens returns.
type Result struct {
	UserID string        `pulumi:"userId"`
	Tokens []ListedToken `pulumi:"tokens"`
}

// ListedToken is an auth token as OCI lists it.
type ListedToken struct {
	ID          string `pulumi:"id"`
	Description string `pulumi:"description"`
	token.Outputs
	TimeExpires *string `pulumi:"timeExpires,optional"`
	UserID      string  `pulumi:"userId"`
}

// description is generated from tools/docs/pages and tools/docs/snippets.
//
//go:embed getauthtokens.md
var description string

// Annotate describes the function for the schema.
func (f *GetAuthTokens) Annotate(a infer.Annotator) {
	a.SetToken("index", "getAuthTokens")
	a.Describe(f, description)
}

// Annotate describes the arguments for the schema.
func (args *Args) Annotate(a infer.Annotator) {
	a.Describe(&args.UserID, "The OCID of the user whose tokens are listed.")
	a.Describe(&args.DomainURL, "The URL of the identity domain that the user is in, if it is not the Default domain.")
	a.Describe(&args.Filters, "The tokens that pass every filter are returned. If it is not set, all are.")
}

// Annotate describes the result for the schema.
func (r *Result) Annotate(a infer.Annotator) {
	a.Describe(&r.UserID, "The OCID of the user.")
	a.Describe(&r.Tokens, "The user's tokens, without their values. There are at most two.")
}

// Annotate describes a listed token for the schema.
func (t *ListedToken) Annotate(a infer.Annotator) {
	a.SetToken("index", "GetAuthTokensToken")
	a.Describe(&t.ID, "The OCID of the token.")
	a.Describe(&t.Description, "What the token is for.")
	a.Describe(&t.TimeExpires, "When the token expires, in the format of RFC 3339. Absent for a token that never expires.")
	a.Describe(&t.UserID, "The OCID of the user that the token is for.")
}

// Invoke lists the tokens.
func (f *GetAuthTokens) Invoke(
	ctx context.Context, req infer.FunctionRequest[Args],
) (infer.FunctionResponse[Result], error) {
	type response = infer.FunctionResponse[Result]

	args := req.Input
	ref, err := token.UserOf(&args.UserID, args.DomainURL)
	if err != nil {
		return response{}, err
	}
	passes, err := matcher(args.Filters, infermend.NamesIn[ListedToken]())
	if err != nil {
		return response{}, err
	}
	user, err := f.oci.User(ctx, ref)
	if err != nil {
		return response{}, err
	}
	all, err := user.ListTokens(ctx, tokens.Configured)
	if err != nil {
		return response{}, user.Locate(ctx, err)
	}
	listed := []ListedToken{}
	for _, t := range all {
		listed = append(listed, ListedToken{
			ID: t.ID, Description: token.Description("", t), Outputs: token.UpdateOutputs(token.Outputs{}, t), TimeExpires: token.Expiry(nil, t), UserID: args.UserID,
		})
	}
	listed = slices.DeleteFunc(listed, func(t ListedToken) bool { return !passes(t.properties()) })
	return response{Output: Result{UserID: args.UserID, Tokens: listed}}, nil
}

// properties returns the properties that filters look at. It leaves out those that the token does not have.
func (t ListedToken) properties() map[string]string {
	properties, listed := map[string]string{}, reflect.ValueOf(t)
	for _, field := range reflect.VisibleFields(listed.Type()) {
		name, _, _ := strings.Cut(field.Tag.Get("pulumi"), ",")
		switch text := listed.FieldByIndex(field.Index).Interface().(type) {
		case string:
			properties[name] = text
		case *string:
			if text != nil {
				properties[name] = *text
			}
		}
	}
	return properties
}
