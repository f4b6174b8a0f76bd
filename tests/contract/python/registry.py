"""Asks for access tokens of the container registry with OCI's Python SDK, and prints what it saw as JSON."""

import hashlib
import json
import sys

import oci


def main(endpoint, config_file, scope):
    config = oci.config.from_file(config_file)
    client = oci.container_registry.ContainerRegistryClient(
        config, service_endpoint=endpoint, retry_strategy=oci.retry.NoneRetryStrategy()
    )
    everything = client.get_access_token().data
    token = client.get_access_token(service="localhost", scope=scope).data
    stranger = oci.container_registry.ContainerRegistryClient(
        dict(config, fingerprint="00:" * 15 + "00"), service_endpoint=endpoint, retry_strategy=oci.retry.NoneRetryStrategy()
    )
    try:
        stranger.get_access_token()
        refused = "no refusal"
    except oci.exceptions.ServiceError as error:
        refused = f"{error.status} {error.code}"
    seen = {
        "everythingSHA256": hashlib.sha256(everything.token.encode()).hexdigest(),
        "valueSHA256": hashlib.sha256(token.token.encode()).hexdigest(),
        "same": token.token == token.access_token,
        "scope": token.scope,
        "expiresIn": token.expires_in,
        "unknownKey": refused,
    }
    print(json.dumps(seen))


main(*sys.argv[1:])
