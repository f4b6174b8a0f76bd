// Command get looks one token up by each form of its id.
package main

import (
	"strconv"

	"github.com/ociauthtoken/pulumi-ociauthtoken/sdk/go/ociauthtoken"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		cfg := config.New(ctx, "")
		long, err := ociauthtoken.GetAuthToken(ctx, "long", pulumi.ID(cfg.Require("long")), nil)
		if err != nil {
			return err
		}
		short, err := ociauthtoken.GetAuthToken(ctx, "short", pulumi.ID(cfg.Require("short")), nil)
		if err != nil {
			return err
		}
		ctx.Export("longDescription", long.Description)
		ctx.Export("longState", long.State)
		ctx.Export("longToken", long.Token)
		ctx.Export("longTokenIs", long.Token.ApplyT(strconv.Quote))
		ctx.Export("shortDescription", short.Description)
		ctx.Export("shortUserId", short.UserId)
		return nil
	})
}
