"""A program that runs for days. It pushes an image each time that it reads a line."""

import pathlib
import sys

import pulumi
import pulumi_docker_build as docker_build
import pulumi_ociauthtoken as ociauthtoken
from pulumi import automation


def program() -> None:
    names = ociauthtoken.get_registry_user_output(username="BEARER_TOKEN")
    login = ociauthtoken.get_registry_token_output()
    docker_build.Image(
        "image",
        context={"location": "app"},
        push=True,
        tags=[pulumi.Output.format("{0}/{1}/hello:latest", names.server, names.namespace)],
        registries=[{"address": login.server, "username": login.username, "password": login.password}],
    )


stack = automation.create_or_select_stack("days", "where-the-token-goes", program, work_dir=".")
stack.set_config("ociauthtoken:endpoint", automation.ConfigValue(sys.argv[1]))
for line in sys.stdin:
    pathlib.Path("app/hello.txt").write_text(line)
    print(stack.up().summary.result, flush=True)
