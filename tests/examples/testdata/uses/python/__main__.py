"""Uses tokens and logins in the ways in which programs use a password."""

import base64
import json
from datetime import datetime

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_ociauthtoken as ociauthtoken


class Mailer(pulumi.ComponentResource):
    """A component that takes a password."""

    def __init__(self, name: str, password: pulumi.Input[str]) -> None:
        super().__init__("example:index:Mailer", name, {"password": password})


def use(name: str, token: ociauthtoken.AuthToken | ociauthtoken.RotatingAuthToken) -> pulumi.Output[str]:
    """Uses a token."""
    kubernetes.core.v1.Secret(name, string_data={"password": token.token})
    Mailer(name, password=token.token)

    def header(password: str) -> str:
        return "Basic " + base64.b64encode(f"user:{password}".encode()).decode()

    created: pulumi.Output[datetime] = token.time_created.apply(lambda time: datetime.fromisoformat(time[:19]))
    usable: pulumi.Output[bool] = token.state.apply(lambda state: state.upper() == "ACTIVE")
    text: pulumi.Output[str] = token.token.apply(lambda password: json.dumps({"password": password.strip()}))
    pulumi.export(name + "Header", token.token.apply(header))
    pulumi.export(name + "Created", created.apply(lambda time: time.year))
    pulumi.export(name + "Usable", usable)
    pulumi.export(name + "Json", text)
    return pulumi.Output.concat("https://user:", token.token, "@example.com/repository.git")


config = pulumi.Config()

token = ociauthtoken.AuthToken("token", user_id=config.require("userId"), description="ordinary uses")
rotating = ociauthtoken.RotatingAuthToken(
    "rotating", user_id=config.require("otherUserId"), description="ordinary uses"
)
pulumi.export("url", use("token", token))
pulumi.export("rotatingUrl", use("rotating", rotating))


def logins(passwords: list[str]) -> list[dict[str, str]]:
    """Returns a login for each password."""
    return [{"user": "user", "password": password} for password in passwords]


pulumi.export("logins", pulumi.Output.all(token.token, rotating.token).apply(logins))

token_id: pulumi.Output[str] = rotating.token_id
both = pulumi.Output.all(rotating.previous_token, rotating.token)
last: pulumi.Output[str] = both.apply(lambda tokens: tokens[0] or tokens[1])
pulumi.export("tokenId", token_id)
pulumi.export("last", last)

login = ociauthtoken.get_registry_login_output(user_id=token.user_id, password=token.token, wait_until_ready=True)
names = ociauthtoken.get_registry_user_output(user_id=token.user_id)
kubernetes.core.v1.Secret(
    "login",
    type="kubernetes.io/dockerconfigjson",
    string_data={".dockerconfigjson": login.docker_config_json},
)
Mailer("login", password=login.password)
access = ociauthtoken.get_registry_token_output(
    scope=pulumi.Output.concat("repository:", names.namespace, "/app:pull,push")
)
Mailer("pusher", password=access.password)
expires: pulumi.Output[datetime] = access.time_expires.apply(datetime.fromisoformat)
username: pulumi.Output[str] = names.username
pulumi.export("image", pulumi.Output.concat(names.server, "/", names.namespace, "/app"))
pulumi.export("username", username)
