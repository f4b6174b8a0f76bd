// Command registry-login creates an OCI auth token, and turns it into the configuration with which docker logs in.
package main

import (
	"github.com/ociauthtoken/pulumi-ociauthtoken/sdk/go/ociauthtoken"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		cfg := config.New(ctx, "")

		registryToken, err := ociauthtoken.NewAuthToken(ctx, "registryToken", &ociauthtoken.AuthTokenArgs{
			UserId:      pulumi.String(cfg.Require("userId")),
			Description: pulumi.String(cfg.Require("description")),
		})
		if err != nil {
			return err
		}

		// It returns once the registry accepts the token, which takes a minute or two.
		login := ociauthtoken.GetRegistryLoginOutput(ctx, ociauthtoken.GetRegistryLoginOutputArgs{
			UserId:         registryToken.UserId,
			Password:       registryToken.Token,
			WaitUntilReady: pulumi.Bool(true),
		})

		ctx.Export("tokenId", registryToken.ID())
		ctx.Export("tokenState", registryToken.State)
		ctx.Export("token", registryToken.Token)
		// What ~/.docker/config.json holds after "docker login": a secret, as the token is.
		ctx.Export("dockerConfig", login.DockerConfigJson())
		return nil
	})
}
