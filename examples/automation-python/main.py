"""Mints an OCI auth token with Pulumi's Automation API, uses it, and revokes it.

The program needs no project folder: it is for a platform team to start from.
"""

import argparse
import sys

import pulumi
import pulumi_ociauthtoken as ociauthtoken
from pulumi import automation


def run(user: str, endpoint: str | None) -> None:
    def program() -> None:
        token = ociauthtoken.AuthToken("registryToken", user_id=user, description="docker login from CI")
        pulumi.export("tokenId", token.id)
        pulumi.export("token", token.token)

    stack = automation.create_or_select_stack("dev", project_name="registry-login", program=program)
    if endpoint is not None:
        stack.set_config("ociauthtoken:endpoint", automation.ConfigValue(endpoint))

    try:
        outputs = stack.up(on_output=progress).outputs
        token = outputs["token"]
        if not isinstance(token.value, str) or not token.secret:
            raise RuntimeError("the token has no value, or it is not a secret")
        # This is where the value goes to who needs it. It is not to be printed.
        print(f"created {outputs['tokenId'].value}: a secret of {len(token.value)} characters")
    finally:
        # Whatever happens, no token is left behind.
        stack.destroy(on_output=progress)


def progress(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--user", required=True, help="the OCID of the user that the token is for")
    arguments.add_argument("--endpoint", help="where OCI Identity is, if it is not OCI's own")
    given = arguments.parse_args()
    run(given.user, given.endpoint)
