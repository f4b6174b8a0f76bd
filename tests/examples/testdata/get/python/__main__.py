"""Looks one token up by each form of its id."""

import pulumi
import pulumi_ociauthtoken as ociauthtoken

config = pulumi.Config()
long = ociauthtoken.AuthToken.get("long", config.require("long"))
short = ociauthtoken.AuthToken.get("short", config.require("short"))

pulumi.export("longDescription", long.description)
pulumi.export("longState", long.state)
pulumi.export("longToken", long.token)
pulumi.export("longTokenIs", long.token.apply(repr))
pulumi.export("shortDescription", short.description)
pulumi.export("shortUserId", short.user_id)
