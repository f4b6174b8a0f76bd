"""Mints an OCI auth token, and makes of it the configuration with which docker logs in."""

import base64
import json

import pulumi
import pulumi_ociauthtoken as ociauthtoken

config = pulumi.Config()
registry = config.require("registry")
registry_user = config.require("registryUser")

registry_token = ociauthtoken.AuthToken(
    "registryToken",
    user_id=config.require("userId"),
    description=config.require("description"),
)


def docker_config(token: str | None) -> str | None:
    """What ~/.docker/config.json holds after "docker login"."""
    if token is None:  # A token that was imported has no value to log in with.
        return None
    auth = base64.b64encode(f"{registry_user}:{token}".encode()).decode()
    return json.dumps({"auths": {registry: {"auth": auth}}})


pulumi.export("tokenId", registry_token.id)
pulumi.export("tokenState", registry_token.state)
pulumi.export("token", registry_token.token)
# It is a secret because the token in it is one.
pulumi.export("dockerConfig", registry_token.token.apply(docker_config))
