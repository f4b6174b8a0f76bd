import base64

import pulumi
import pulumi_command as command
import pulumi_github as github
import pulumi_kubernetes as kubernetes
import pulumi_oci as oci
import pulumi_ociauthtoken as ociauthtoken
import pulumiverse_doppler as doppler

config = pulumi.Config()

token = ociauthtoken.RotatingAuthToken(
    "token",
    user_id=config.require("userId"),
    description="image pulls",
    max_age_days=90,
    rotate_when_changed={"rotation": config.require("rotation")},
)

login = ociauthtoken.get_registry_login_output(
    user_id=token.user_id,
    password=token.token,
    wait_until_ready=True,
)

kubernetes.core.v1.Secret(
    "pullSecret",
    metadata={"name": "ocir"},
    type="kubernetes.io/dockerconfigjson",
    string_data={".dockerconfigjson": login.docker_config_json},
)

oci.vault.Secret(
    "vaultSecret",
    compartment_id=config.require("compartmentId"),
    vault_id=config.require("vaultId"),
    key_id=config.require("keyId"),
    secret_name="ocir-password",
    secret_content={
        "content_type": "BASE64",
        "content": login.password.apply(lambda password: base64.b64encode(password.encode()).decode()),
    },
)

doppler.Secret(
    "dopplerSecret",
    project="app",
    config="prd",
    name="OCIR_PASSWORD",
    value=login.password,
)

github.ActionsSecret(
    "ciVariable",
    repository="app",
    secret_name="OCIR_PASSWORD",
    value=login.password,
)

kubernetes.core.v1.Secret(
    "jenkinsSecret",
    metadata={"name": "ocir", "namespace": "jenkins"},
    string_data={"username": login.username, "password": login.password},
)

command.local.Command(
    "file",
    create="install -m 600 /dev/stdin ocir-password",
    delete="rm -f ocir-password",
    stdin=login.password,
)

users: dict[str, str] = config.require_object("users")
for name, user_id in users.items():
    ociauthtoken.RotatingAuthToken(
        name,
        user_id=user_id,
        description=name,
        max_age_days=90,
    )
