package authtoken

import (
	"context"
	"errors"

	pschema "github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/connection"
	"github.com/ociauthtoken/pulumi-ociauthtoken/provider/token"
)

// ListInputs returns by what tokens are listed, for the schema. The framework changes what it is given.
func ListInputs() pschema.ObjectTypeSpec {
	return pschema.ObjectTypeSpec{
		Type: "object",
		Properties: map[string]pschema.PropertySpec{
			"userId": {
				TypeSpec: pschema.TypeSpec{Type: "string"}, Description: "The OCID of the user whose tokens are listed.",
			},
			"domainUrl": {
				TypeSpec:    pschema.TypeSpec{Type: "string"},
				Description: "The URL of the identity domain that the user is in, if it is not the Default domain.",
			},
		},
		Required: []string{"userId"},
	}
}

// A Lister lists a user's tokens for "pulumi do ociauthtoken:index:AuthToken list", by their ids for an import. It asks getAuthTokens for
// them. infer has no method for it, and there is no upstream issue for it yet.
type Lister struct {
	pulumirpc.ResourceProviderServer
}

// List sends the ids and descriptions of the tokens of the user in the query.
func (l Lister) List(req *pulumirpc.ListRequest, stream grpc.ServerStreamingServer[pulumirpc.ListResponse]) error {
	if req.GetToken() != connection.Name+":index:AuthToken" {
		return l.ResourceProviderServer.List(req, stream)
	}
	query, err := plugin.UnmarshalProperties(req.GetQuery(), plugin.MarshalOptions{KeepUnknowns: true})
	if err != nil {
		return err
	}
	if query.ContainsUnknowns() {
		return stream.Send(&pulumirpc.ListResponse{Response: &pulumirpc.ListResponse_Computed_{Computed: &pulumirpc.ListResponse_Computed{}}})
	}
	tokens, err := l.tokens(stream.Context(), req)
	if err != nil {
		return err
	}
	prefix := "users/" + query["userId"].StringValue() + "/authTokens/"
	if domain := query["domainUrl"]; domain.IsString() {
		user, err := token.UserOf(nil, new(domain.StringValue()))
		if err != nil {
			return err
		}
		prefix = user.DomainURL + "/" + prefix
	}
	for i, listed := range tokens {
		if limit := req.GetLimit(); limit > 0 && int64(i) >= limit {
			break
		}
		properties := listed.ObjectValue()
		if err := stream.Send(&pulumirpc.ListResponse{Response: &pulumirpc.ListResponse_Result_{Result: &pulumirpc.ListResponse_Result{
			Id: prefix + properties["id"].StringValue(), Name: properties["description"].StringValue(),
		}}}); err != nil {
			return err
		}
	}
	return nil
}

// tokens calls getAuthTokens.
func (l Lister) tokens(ctx context.Context, req *pulumirpc.ListRequest) ([]resource.PropertyValue, error) {
	answer, err := l.Invoke(ctx, &pulumirpc.InvokeRequest{Tok: connection.Name + ":index:getAuthTokens", Args: req.GetQuery()})
	if err != nil {
		return nil, err
	}
	for _, failure := range answer.GetFailures() {
		return nil, errors.New(failure.GetReason())
	}
	result, err := plugin.UnmarshalProperties(answer.GetReturn(), plugin.MarshalOptions{})
	if err != nil {
		return nil, err
	}
	return result["tokens"].ArrayValue(), nil
}
