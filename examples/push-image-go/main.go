package main

import (
	"github.com/ociauthtoken/pulumi-ociauthtoken/sdk/go/ociauthtoken"
	"github.com/pulumi/pulumi-docker-build/sdk/go/dockerbuild"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		// Nothing that GetRegistryUserOutput returns is a secret, so the tag of the image is shown.
		names := ociauthtoken.GetRegistryUserOutput(ctx, ociauthtoken.GetRegistryUserOutputArgs{
			Username: pulumi.String("BEARER_TOKEN"),
		})

		// It is valid for an hour. Whoever Pulumi signs in as needs the policy "manage repos".
		login := ociauthtoken.GetRegistryTokenOutput(ctx, ociauthtoken.GetRegistryTokenOutputArgs{
			Scope: pulumi.Sprintf("repository:%s/hello:pull,push", names.Namespace()),
		})

		image, err := dockerbuild.NewImage(ctx, "image", &dockerbuild.ImageArgs{
			Context: &dockerbuild.BuildContextArgs{Location: pulumi.String("app")},
			Push:    pulumi.Bool(true),
			Tags:    pulumi.StringArray{pulumi.Sprintf("%s/%s/hello:latest", names.Server(), names.Namespace())},
			Registries: dockerbuild.RegistryArray{&dockerbuild.RegistryArgs{
				Address:  login.Server(),
				Username: login.Username(),
				Password: login.Password(),
			}},
		})
		if err != nil {
			return err
		}
		ctx.Export("image", image.Ref)
		return nil
	})
}
