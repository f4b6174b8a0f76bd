// Command registry-login mints an OCI auth token, and makes of it the configuration with which docker logs in.
package main

import (
	"encoding/json"

	"github.com/ociauthtoken/pulumi-ociauthtoken/sdk/go/ociauthtoken"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		cfg := config.New(ctx, "")
		registry, registryUser := cfg.Require("registry"), cfg.Require("registryUser")

		registryToken, err := ociauthtoken.NewAuthToken(ctx, "registryToken", &ociauthtoken.AuthTokenArgs{
			UserId:      pulumi.String(cfg.Require("userId")),
			Description: pulumi.String(cfg.Require("description")),
		})
		if err != nil {
			return err
		}

		// It is a secret because the token in it is one. A token that was imported has no value to log in with.
		dockerConfig := registryToken.Token.ApplyT(func(token *string) (*string, error) {
			if token == nil {
				return nil, nil
			}
			return loginTo(registry, registryUser, *token)
		}).(pulumi.StringPtrOutput)

		ctx.Export("tokenId", registryToken.ID())
		ctx.Export("tokenState", registryToken.State)
		ctx.Export("token", registryToken.Token)
		ctx.Export("dockerConfig", dockerConfig)
		return nil
	})
}

// loginTo is what ~/.docker/config.json holds after "docker login".
func loginTo(registry, user, password string) (*string, error) {
	type login struct {
		Auth []byte `json:"auth"` // JSON has bytes in base64.
	}
	file, err := json.Marshal(map[string]any{
		"auths": map[string]login{registry: {Auth: []byte(user + ":" + password)}},
	})
	if err != nil {
		return nil, err
	}
	text := string(file)
	return &text, nil
}
