import pulumi
import pulumi_docker_build as docker_build
import pulumi_ociauthtoken as ociauthtoken

# Nothing that get_registry_user returns is a secret, so the tag of the image is shown.
names = ociauthtoken.get_registry_user_output(username="BEARER_TOKEN")

# It is valid for an hour. Whoever Pulumi signs in as needs the policy "manage repos".
login = ociauthtoken.get_registry_token_output(
    scope=pulumi.Output.format("repository:{0}/hello:pull,push", names.namespace),
)

image = docker_build.Image(
    "image",
    context={"location": "app"},
    push=True,
    tags=[pulumi.Output.format("{0}/{1}/hello:latest", names.server, names.namespace)],
    registries=[{"address": login.server, "username": login.username, "password": login.password}],
)

pulumi.export("image", image.ref)
