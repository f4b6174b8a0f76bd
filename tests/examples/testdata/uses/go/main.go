// Command uses uses tokens and logins in the ways in which programs use a password.
package main

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/ociauthtoken/pulumi-ociauthtoken/sdk/go/ociauthtoken"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

// mailerArgs are the arguments of a component that takes a password.
type mailerArgs struct {
	Password pulumi.StringInput
}

// login is what a program makes of a token.
type login struct{ User, Password string }

// use uses the outputs of a token.
func use(ctx *pulumi.Context, name string, token, state, timeCreated pulumi.StringOutput) (mailerArgs, error) {
	_, err := corev1.NewSecret(ctx, name, &corev1.SecretArgs{StringData: pulumi.StringMap{"password": token}})
	if err != nil {
		return mailerArgs{}, err
	}
	ctx.Export(name+"Url", pulumi.Sprintf("https://user:%s@example.com/repository.git", token))
	ctx.Export(name+"Header", token.ApplyT(func(password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+password))
	}))
	ctx.Export(name+"Json", token.ApplyT(func(password string) (string, error) {
		text, err := json.Marshal(login{"user", password})
		return string(text), err
	}))
	ctx.Export(name+"Created", timeCreated.ApplyT(func(created string) (int, error) {
		t, err := time.Parse(time.RFC3339, created)
		return t.Year(), err
	}))
	ctx.Export(name+"Usable", state.ApplyT(func(state string) bool { return strings.EqualFold(state, "ACTIVE") }))
	return mailerArgs{Password: token}, nil
}

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		cfg := config.New(ctx, "")
		token, err := ociauthtoken.NewAuthToken(ctx, "token", &ociauthtoken.AuthTokenArgs{
			UserId: pulumi.String(cfg.Require("userId")), Description: pulumi.String("ordinary uses"),
		})
		if err != nil {
			return err
		}
		rotating, err := ociauthtoken.NewRotatingAuthToken(ctx, "rotating", &ociauthtoken.RotatingAuthTokenArgs{
			UserId: pulumi.String(cfg.Require("otherUserId")), Description: pulumi.String("ordinary uses"),
		})
		if err != nil {
			return err
		}
		first, err := use(ctx, "token", token.Token, token.State, token.TimeCreated)
		if err != nil {
			return err
		}
		second, err := use(ctx, "rotating", rotating.Token, rotating.State, rotating.TimeCreated)
		if err != nil {
			return err
		}
		ctx.Export("logins", pulumi.All(first.Password, second.Password).ApplyT(func(passwords []any) []login {
			return []login{{"first", passwords[0].(string)}, {"second", passwords[1].(string)}}
		}))
		ctx.Export("passwords", pulumi.StringArray{token.Token, rotating.Token})
		ctx.Export("tokens", pulumi.StringMap{"token": token.ID(), "rotating": rotating.TokenId})
		ctx.Export("last", pulumi.All(rotating.PreviousToken, rotating.Token).ApplyT(func(both []any) string {
			if previous, ok := both[0].(*string); ok && previous != nil {
				return *previous
			}
			return both[1].(string)
		}))

		made := ociauthtoken.GetRegistryLoginOutput(ctx, ociauthtoken.GetRegistryLoginOutputArgs{
			UserId: token.UserId, Password: token.Token, WaitUntilReady: pulumi.Bool(true),
		})
		names := ociauthtoken.GetRegistryUserOutput(ctx, ociauthtoken.GetRegistryUserOutputArgs{UserId: token.UserId})
		_, err = corev1.NewSecret(ctx, "login", &corev1.SecretArgs{
			Type:       pulumi.String("kubernetes.io/dockerconfigjson"),
			StringData: pulumi.StringMap{".dockerconfigjson": made.DockerConfigJson(), "username": names.Username()},
		})
		if err != nil {
			return err
		}
		ctx.Export("mailer", mailerArgs{Password: made.Password()}.Password)
		access := ociauthtoken.GetRegistryTokenOutput(ctx, ociauthtoken.GetRegistryTokenOutputArgs{
			Scope: pulumi.Sprintf("repository:%s/app:pull,push", names.Namespace()),
		})
		ctx.Export("pusher", mailerArgs{Password: access.Password()}.Password)
		ctx.Export("expires", access.TimeExpires().ApplyT(func(expires string) (int64, error) {
			at, err := time.Parse(time.RFC3339, expires)
			return at.Unix(), err
		}))
		ctx.Export("image", pulumi.Sprintf("%s/%s/app", names.Server(), names.Namespace()))
		return nil
	})
}
