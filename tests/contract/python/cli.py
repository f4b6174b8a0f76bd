"""Runs commands of the OCI CLI, one for each line of its input. What became of a command is one line of its output.

Each command runs in a fork of this process, which has imported the CLI already.
"""

import json
import os
import sys
import tempfile

from oci_cli import dynamic_loader
from oci_cli.cli import cli

for service in ("iam", "identity-domains", "container-registry", "os", "session"):
    dynamic_loader.load_service(service)

for line in sys.stdin:
    command = json.loads(line)
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        child = os.fork()
        if child == 0:
            os.dup2(stdout.fileno(), 1)
            os.dup2(stderr.fileno(), 2)
            os.environ.update(command["environment"] or {})
            sys.argv = ["oci", *command["arguments"]]
            sys.exit(cli())
        _, status = os.waitpid(child, 0)
        stdout.seek(0)
        stderr.seek(0)
        result = {
            "status": os.waitstatus_to_exitcode(status),
            "stdout": stdout.read(),
            "stderr": stderr.read(),
        }
    print(json.dumps(result), flush=True)
