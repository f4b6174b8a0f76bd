package main

import (
	"github.com/ociauthtoken/pulumi-ociauthtoken/sdk/go/ociauthtoken"
	"github.com/pulumi/pulumi-docker-build/sdk/go/dockerbuild"
	"github.com/pulumi/pulumi-oci/sdk/v4/go/oci/identity"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		tenancyOCID := pulumi.String(config.Require(ctx, "tenancyOcid"))

		pusher, err := identity.NewUser(ctx, "pusher", &identity.UserArgs{
			CompartmentId: tenancyOCID,
			Name:          pulumi.String(config.Require(ctx, "userName")),
			Description:   pulumi.String("pushes images"),
		})
		if err != nil {
			return err
		}
		pushers, err := identity.NewGroup(ctx, "pushers", &identity.GroupArgs{
			CompartmentId: tenancyOCID,
			Name:          pulumi.String("image-pushers"),
			Description:   pulumi.String("push images"),
		})
		if err != nil {
			return err
		}
		membership, err := identity.NewUserGroupMembership(ctx, "membership", &identity.UserGroupMembershipArgs{
			UserId:  pusher.ID(),
			GroupId: pushers.ID(),
		})
		if err != nil {
			return err
		}
		policy, err := identity.NewPolicy(ctx, "policy", &identity.PolicyArgs{
			CompartmentId: tenancyOCID,
			Name:          pulumi.String("image-pushers"),
			Description:   pulumi.String("push images"),
			Statements:    pulumi.StringArray{pulumi.Sprintf("Allow group %s to manage repos in tenancy", pushers.Name)},
		})
		if err != nil {
			return err
		}

		token, err := ociauthtoken.NewRotatingAuthToken(ctx, "token", &ociauthtoken.RotatingAuthTokenArgs{
			UserId:      pusher.ID(),
			Description: pulumi.String("pushes images"),
			MaxAgeDays:  pulumi.Int(90),
			// The wait for the token is one for the policy, too.
		}, pulumi.DependsOn([]pulumi.Resource{membership, policy}))
		if err != nil {
			return err
		}
		login := ociauthtoken.GetRegistryLoginOutput(ctx, ociauthtoken.GetRegistryLoginOutputArgs{
			UserId:         pusher.ID(),
			Password:       token.Token,
			WaitUntilReady: pulumi.Bool(true),
		})
		names := ociauthtoken.GetRegistryUserOutput(ctx, ociauthtoken.GetRegistryUserOutputArgs{
			Username: pulumi.String("BEARER_TOKEN"),
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
		ctx.Export("userId", pusher.ID())
		return nil
	})
}
