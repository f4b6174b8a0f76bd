"""A Kubernetes secret with which a cluster pulls images, whose password is rotated before it is 90 days old."""

import pulumi
import pulumi_kubernetes as kubernetes
import pulumi_ociauthtoken as ociauthtoken

config = pulumi.Config()

registry_token = ociauthtoken.RotatingAuthToken(
    "registryToken",
    user_id=config.require("userId"),
    description="image pulls of the cluster",
    max_age_days=90,
    rotate_when_changed={"rotation": config.require("rotation")},
)

# It returns once the registry accepts the token, which takes a minute or two.
login = ociauthtoken.get_registry_login_output(
    user_id=registry_token.user_id,
    password=registry_token.token,
    wait_until_ready=True,
)

# Name it in the imagePullSecrets of a pod or of its service account.
kubernetes.core.v1.Secret(
    "pullSecret",
    metadata=kubernetes.meta.v1.ObjectMetaArgs(name="ocir"),
    type="kubernetes.io/dockerconfigjson",
    string_data={".dockerconfigjson": login.docker_config_json},
)

pulumi.export("tokenId", registry_token.token_id)
pulumi.export("token", registry_token.token)
pulumi.export("previousToken", registry_token.previous_token)
pulumi.export("timeRotationDue", registry_token.time_rotation_due)
