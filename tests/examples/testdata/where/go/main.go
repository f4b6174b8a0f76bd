package main

import (
	"encoding/base64"

	"github.com/ociauthtoken/pulumi-ociauthtoken/sdk/go/ociauthtoken"
	"github.com/pulumi/pulumi-command/sdk/go/command/local"
	"github.com/pulumi/pulumi-github/sdk/v6/go/github"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi-oci/sdk/v4/go/oci/vault"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
	"github.com/pulumiverse/pulumi-doppler/sdk/go/doppler"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		cfg := config.New(ctx, "")

		token, err := ociauthtoken.NewRotatingAuthToken(ctx, "token", &ociauthtoken.RotatingAuthTokenArgs{
			UserId:            pulumi.String(cfg.Require("userId")),
			Description:       pulumi.String("image pulls"),
			MaxAgeDays:        pulumi.Int(90),
			RotateWhenChanged: pulumi.StringMap{"rotation": pulumi.String(cfg.Require("rotation"))},
		})
		if err != nil {
			return err
		}
		login := ociauthtoken.GetRegistryLoginOutput(ctx, ociauthtoken.GetRegistryLoginOutputArgs{
			UserId:         token.UserId,
			Password:       token.Token,
			WaitUntilReady: pulumi.Bool(true),
		})

		if _, err := corev1.NewSecret(ctx, "pullSecret", &corev1.SecretArgs{
			Metadata:   &metav1.ObjectMetaArgs{Name: pulumi.String("ocir")},
			Type:       pulumi.String("kubernetes.io/dockerconfigjson"),
			StringData: pulumi.StringMap{".dockerconfigjson": login.DockerConfigJson()},
		}); err != nil {
			return err
		}

		if _, err := vault.NewSecret(ctx, "vaultSecret", &vault.SecretArgs{
			CompartmentId: pulumi.String(cfg.Require("compartmentId")),
			VaultId:       pulumi.String(cfg.Require("vaultId")),
			KeyId:         pulumi.String(cfg.Require("keyId")),
			SecretName:    pulumi.String("ocir-password"),
			SecretContent: &vault.SecretSecretContentArgs{
				ContentType: pulumi.String("BASE64"),
				Content: login.Password().ApplyT(func(password string) string {
					return base64.StdEncoding.EncodeToString([]byte(password))
				}).(pulumi.StringOutput),
			},
		}); err != nil {
			return err
		}

		if _, err := doppler.NewSecret(ctx, "dopplerSecret", &doppler.SecretArgs{
			Project: pulumi.String("app"),
			Config:  pulumi.String("prd"),
			Name:    pulumi.String("OCIR_PASSWORD"),
			Value:   login.Password(),
		}); err != nil {
			return err
		}

		if _, err := github.NewActionsSecret(ctx, "ciVariable", &github.ActionsSecretArgs{
			Repository: pulumi.String("app"),
			SecretName: pulumi.String("OCIR_PASSWORD"),
			Value:      login.Password(),
		}); err != nil {
			return err
		}

		if _, err := corev1.NewSecret(ctx, "jenkinsSecret", &corev1.SecretArgs{
			Metadata:   &metav1.ObjectMetaArgs{Name: pulumi.String("ocir"), Namespace: pulumi.String("jenkins")},
			StringData: pulumi.StringMap{"username": login.Username(), "password": login.Password()},
		}); err != nil {
			return err
		}

		if _, err := local.NewCommand(ctx, "file", &local.CommandArgs{
			Create: pulumi.String("install -m 600 /dev/stdin ocir-password"),
			Delete: pulumi.String("rm -f ocir-password"),
			Stdin:  login.Password(),
		}); err != nil {
			return err
		}

		var users map[string]string
		cfg.RequireObject("users", &users)
		for name, userID := range users {
			if _, err := ociauthtoken.NewRotatingAuthToken(ctx, name, &ociauthtoken.RotatingAuthTokenArgs{
				UserId:      pulumi.String(userID),
				Description: pulumi.String(name),
				MaxAgeDays:  pulumi.Int(90),
			}); err != nil {
				return err
			}
		}
		return nil
	})
}
