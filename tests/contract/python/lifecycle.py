"""Drives a local OCI Identity through the life of an auth token with OCI's Python SDK, and prints what it saw as JSON."""

import hashlib
import json
import sys

import oci


def refusal(call, *args, **kwargs):
    """What a call that must fail is answered."""
    try:
        call(*args, **kwargs)
    except oci.exceptions.ServiceError as error:
        return f"{error.status} {error.code}"
    return "no refusal"


def main(endpoint, config_file, user_id):
    config = oci.config.from_file(config_file)
    options = {"service_endpoint": endpoint, "retry_strategy": oci.retry.NoneRetryStrategy()}
    client = oci.identity.IdentityClient(config, **options)
    create = oci.identity.models.CreateAuthTokenDetails
    update = oci.identity.models.UpdateAuthTokenDetails

    created = client.create_auth_token(create(description="one"), user_id)
    token = created.data
    client.create_auth_token(create(description="two"), user_id)
    third = refusal(client.create_auth_token, create(description="three"), user_id)
    listed = client.list_auth_tokens(user_id).data
    updated = client.update_auth_token(user_id, token.id, update(description="new"))
    stale = refusal(client.delete_auth_token, user_id, token.id, if_match=created.headers["etag"])
    for entry in listed:
        client.delete_auth_token(user_id, entry.id)
    again = refusal(client.delete_auth_token, user_id, token.id)

    stranger = dict(config, fingerprint=":".join(["00"] * 16))
    unknown_key = refusal(oci.identity.IdentityClient(stranger, **options).list_auth_tokens, user_id)

    print(
        json.dumps(
            {
                "id": token.id,
                "valueSHA256": hashlib.sha256(token.token.encode()).hexdigest(),
                "state": token.lifecycle_state,
                "created": token.time_created.isoformat(),
                "third": third,
                "listed": sorted(entry.description for entry in listed),
                "listedValues": sum(entry.token is not None for entry in listed),
                "updated": updated.data.description,
                "updatedValue": updated.data.token is not None,
                "stale": stale,
                "again": again,
                "left": len(client.list_auth_tokens(user_id).data),
                "unknownKey": unknown_key,
            }
        )
    )


main(*sys.argv[1:])
