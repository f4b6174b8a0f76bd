import pulumi
import pulumi_docker_build as docker_build
import pulumi_oci as oci
import pulumi_ociauthtoken as ociauthtoken

config = pulumi.Config()
tenancy_ocid = config.require("tenancyOcid")

pusher = oci.identity.User(
    "pusher",
    compartment_id=tenancy_ocid,
    name=config.require("userName"),
    description="pushes images",
)

pushers = oci.identity.Group(
    "pushers",
    compartment_id=tenancy_ocid,
    name="image-pushers",
    description="push images",
)

membership = oci.identity.UserGroupMembership(
    "membership",
    user_id=pusher.id,
    group_id=pushers.id,
)

policy = oci.identity.Policy(
    "policy",
    compartment_id=tenancy_ocid,
    name="image-pushers",
    description="push images",
    statements=[pulumi.Output.format("Allow group {0} to manage repos in tenancy", pushers.name)],
)

token = ociauthtoken.RotatingAuthToken(
    "token",
    user_id=pusher.id,
    description="pushes images",
    max_age_days=90,
    # The wait for the token is one for the policy, too.
    opts=pulumi.ResourceOptions(depends_on=[membership, policy]),
)

login = ociauthtoken.get_registry_login_output(
    user_id=pusher.id,
    password=token.token,
    wait_until_ready=True,
)

names = ociauthtoken.get_registry_user_output(username="BEARER_TOKEN")

image = docker_build.Image(
    "image",
    context={"location": "app"},
    push=True,
    tags=[pulumi.Output.format("{0}/{1}/hello:latest", names.server, names.namespace)],
    registries=[
        {
            "address": login.server,
            "username": login.username,
            "password": login.password,
        }
    ],
)

pulumi.export("image", image.ref)
pulumi.export("userId", pusher.id)
