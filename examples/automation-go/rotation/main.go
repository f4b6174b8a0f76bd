// Command rotation keeps a Kubernetes secret with which a cluster pulls images, whose password is rotated before it is 90 days old.
package main

import (
	"github.com/ociauthtoken/pulumi-ociauthtoken/sdk/go/ociauthtoken"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		cfg := config.New(ctx, "")

		registryToken, err := ociauthtoken.NewRotatingAuthToken(ctx, "registryToken", &ociauthtoken.RotatingAuthTokenArgs{
			UserId:            pulumi.String(cfg.Require("userId")),
			Description:       pulumi.String("image pulls of the cluster"),
			MaxAgeDays:        pulumi.Int(90),
			RotateWhenChanged: pulumi.StringMap{"rotation": pulumi.String(cfg.Require("rotation"))},
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

		// Name it in the imagePullSecrets of a pod or of its service account.
		_, err = corev1.NewSecret(ctx, "pullSecret", &corev1.SecretArgs{
			Metadata:   metav1.ObjectMetaArgs{Name: pulumi.String("ocir")},
			Type:       pulumi.String("kubernetes.io/dockerconfigjson"),
			StringData: pulumi.StringMap{".dockerconfigjson": login.DockerConfigJson()},
		})
		if err != nil {
			return err
		}

		ctx.Export("tokenId", registryToken.TokenId)
		ctx.Export("token", registryToken.Token)
		ctx.Export("previousToken", registryToken.PreviousToken)
		ctx.Export("timeRotationDue", registryToken.TimeRotationDue)
		return nil
	})
}
