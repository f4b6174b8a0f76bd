"""Mints an OCI auth token, and makes of it the configuration with which docker logs in."""

import pulumi
import pulumi_ociauthtoken as ociauthtoken

config = pulumi.Config()

registry_token = ociauthtoken.AuthToken(
    "registryToken",
    user_id=config.require("userId"),
    description=config.require("description"),
)

# It returns once the registry accepts the token, which takes a minute or two.
login = ociauthtoken.get_registry_login_output(
    user_id=registry_token.user_id,
    password=registry_token.token,
    wait_until_ready=True,
)

pulumi.export("tokenId", registry_token.id)
pulumi.export("tokenState", registry_token.state)
pulumi.export("token", registry_token.token)
# What ~/.docker/config.json holds after "docker login": a secret, as the token is.
pulumi.export("dockerConfig", login.docker_config_json)
