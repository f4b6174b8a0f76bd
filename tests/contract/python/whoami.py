"""Signs in on one machine after the other, with OCI's Python SDK and with OCI's CLI, and asks for the tokens of a user.

Reads a JSON list of machines from standard input: {environment, profile, session, sdk, cli}. The last two are the users to ask
for; the local OCI Identity at the endpoint notes who has asked. Each machine is a process of its own.
"""

import json
import os
import sys

import oci
from oci_cli.cli import cli
from services.identity.src.oci_cli_identity.generated import identity_cli  # noqa: F401 (loads what each machine would)


def ask_by_sdk(endpoint, machine):
    arguments = {"profile_name": machine["profile"]} if machine["profile"] else {}
    config = oci.config.from_file(**arguments)
    signer = None
    if machine["session"]:
        with open(config["security_token_file"]) as file:
            token = file.read()
        key = oci.signer.load_private_key_from_file(config["key_file"])
        signer = oci.auth.signers.SecurityTokenSigner(token, key)
    options = {"signer": signer} if signer else {}
    client = oci.identity.IdentityClient(
        config, service_endpoint=endpoint, retry_strategy=oci.retry.NoneRetryStrategy(), **options
    )
    client.list_auth_tokens(machine["sdk"])


def ask_by_cli(endpoint, machine):
    arguments = ["--endpoint", endpoint, "--no-retry"]
    if machine["profile"]:
        arguments += ["--profile", machine["profile"]]
    if machine["session"]:
        arguments += ["--auth", "security_token"]
    cli(arguments + ["iam", "auth-token", "list", "--user-id", machine["cli"]])


def main(endpoint):
    for machine in json.load(sys.stdin):
        for ask in (ask_by_sdk, ask_by_cli):
            child = os.fork()
            if child:
                os.waitpid(child, 0)
                continue
            # Questions are answered with nothing.
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.environ.clear()
            os.environ.update(machine["environment"], OCI_CLI_SUPPRESS_FILE_PERMISSIONS_WARNING="True", SUPPRESS_LABEL_WARNING="True")
            outcome = "well"
            try:
                ask(endpoint, machine)
            except BaseException as error:
                outcome = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            print(f"{machine['name']}: {ask.__name__}: {outcome}", flush=True)
            os._exit(0)


main(*sys.argv[1:])
