// Command registry-login-automation creates an OCI auth token with Pulumi's Automation API, uses it, and revokes it: a program
// that needs no project folder, for a platform team to start from.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/ociauthtoken/pulumi-ociauthtoken/sdk/go/ociauthtoken"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	user := flag.String("user", "", "the OCID of the user that the token is for")
	endpoint := flag.String("endpoint", "", "where OCI Identity is, if it is not OCI's own")
	flag.Parse()
	if *user == "" {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(context.Background(), *user, *endpoint); err != nil {
		fmt.Fprintln(os.Stderr, err) // What the log package prints goes to Pulumi's own log.
		os.Exit(1)
	}
}

func run(ctx context.Context, user, endpoint string) (err error) {
	stack, err := auto.UpsertStackInlineSource(ctx, "dev", "registry-login", func(ctx *pulumi.Context) error {
		token, err := ociauthtoken.NewAuthToken(ctx, "registryToken", &ociauthtoken.AuthTokenArgs{
			UserId:      pulumi.String(user),
			Description: pulumi.String("docker login from CI"),
		})
		if err != nil {
			return err
		}
		ctx.Export("tokenId", token.ID())
		ctx.Export("token", token.Token)
		return nil
	})
	if err != nil {
		return err
	}
	if endpoint != "" {
		if err := stack.SetConfig(ctx, "ociauthtoken:endpoint", auto.ConfigValue{Value: endpoint}); err != nil {
			return err
		}
	}

	// Whatever happens, no token is left behind.
	defer func() {
		_, destroyed := stack.Destroy(ctx, optdestroy.ProgressStreams(os.Stderr))
		err = errors.Join(err, destroyed)
	}()
	up, err := stack.Up(ctx, optup.ProgressStreams(os.Stderr))
	if err != nil {
		return err
	}
	token, ok := up.Outputs["token"].Value.(string)
	if !ok || !up.Outputs["token"].Secret {
		return errors.New("the token has no value, or it is not a secret")
	}
	// This is where the value goes to who needs it. It is not to be printed.
	fmt.Printf("created %s: a secret of %d characters\n", up.Outputs["tokenId"].Value, len(token))
	return nil
}
