// Command pulumi-resource-floor is the least that a provider for auth tokens can be: it makes the same signed requests with nothing around
// them. What it costs is what Pulumi, signing and HTTP cost.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/identity"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// version is set by the linker, without a leading v.
var version = "0.0.0-dev"

// Config is the provider's configuration.
type Config struct {
	Endpoint string `pulumi:"endpoint"`
	client   identity.IdentityClient
}

// Configure makes the client. It signs as the profile DEFAULT of the file that OCI_CLI_CONFIG_FILE names.
func (c *Config) Configure(context.Context) error {
	signer, err := common.ConfigurationProviderFromFile(os.Getenv("OCI_CLI_CONFIG_FILE"), "")
	if err != nil {
		return err
	}
	c.client, err = identity.NewIdentityClientWithConfigurationProvider(signer)
	c.client.Host = c.Endpoint
	return err
}

// Token is an auth token.
type Token struct{}

// TokenArgs are the inputs.
type TokenArgs struct {
	UserID      string `pulumi:"userId"`
	Description string `pulumi:"description"`
}

// TokenState is the inputs, and the value as a secret, so that the engine encrypts as much as it does for an AuthToken.
type TokenState struct {
	TokenArgs
	Token string `provider:"secret" pulumi:"token"`
}

// Create creates the token.
func (Token) Create(ctx context.Context, req infer.CreateRequest[TokenArgs]) (infer.CreateResponse[TokenState], error) {
	if req.DryRun {
		return infer.CreateResponse[TokenState]{Output: TokenState{TokenArgs: req.Inputs}}, nil
	}
	created, err := infer.GetConfig[Config](ctx).client.CreateAuthToken(ctx, identity.CreateAuthTokenRequest{
		UserId: &req.Inputs.UserID, CreateAuthTokenDetails: identity.CreateAuthTokenDetails{Description: &req.Inputs.Description},
	})
	if err != nil {
		return infer.CreateResponse[TokenState]{}, err
	}
	return infer.CreateResponse[TokenState]{ID: *created.Id, Output: TokenState{TokenArgs: req.Inputs, Token: *created.Token}}, nil
}

// Read lists the user's tokens, because OCI has no call for one of them.
func (Token) Read(
	ctx context.Context, req infer.ReadRequest[TokenArgs, TokenState],
) (infer.ReadResponse[TokenArgs, TokenState], error) {
	listed, err := infer.GetConfig[Config](ctx).client.ListAuthTokens(ctx, identity.ListAuthTokensRequest{UserId: &req.Inputs.UserID})
	if err != nil {
		return infer.ReadResponse[TokenArgs, TokenState]{}, err
	}
	for _, token := range listed.Items {
		if *token.Id == req.ID {
			return infer.ReadResponse[TokenArgs, TokenState](req), nil
		}
	}
	return infer.ReadResponse[TokenArgs, TokenState]{}, nil
}

// Delete revokes the token.
//
//nolint:unparam // infer prescribes the results
func (Token) Delete(ctx context.Context, req infer.DeleteRequest[TokenState]) (infer.DeleteResponse, error) {
	_, err := infer.GetConfig[Config](ctx).client.DeleteAuthToken(ctx, identity.DeleteAuthTokenRequest{
		UserId: &req.State.UserID, AuthTokenId: &req.ID,
	})
	return infer.DeleteResponse{}, err
}

func main() {
	plugin, err := infer.NewProviderBuilder().WithResources(infer.Resource(Token{})).WithConfig(infer.Config(&Config{})).Build()
	if err == nil {
		err = plugin.Run(context.Background(), "floor", version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-floor:", err)
		os.Exit(1)
	}
}
