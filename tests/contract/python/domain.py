"""Drives an identity domain through the life of an auth token with OCI's Python SDK, and prints what it saw as JSON."""

import hashlib
import json
import sys

import oci
from oci.identity_domains import IdentityDomainsClient, models

TOKEN = "urn:ietf:params:scim:schemas:oracle:idcs:authToken"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def refusal(call, *args, **kwargs):
    """The status that a call that must fail is answered."""
    try:
        call(*args, **kwargs)
    except oci.exceptions.ServiceError as error:
        return error.status
    return 0


def main(endpoint, config_file, user_id):
    config = oci.config.from_file(config_file)
    client = IdentityDomainsClient(config, endpoint, retry_strategy=oci.retry.NoneRetryStrategy())

    def create(description, **more):
        return client.create_auth_token(
            auth_token=models.AuthToken(
                schemas=[TOKEN], description=description, user=models.AuthTokenUser(ocid=user_id), **more
            )
        )

    def listed(**more):
        return client.list_auth_tokens(filter=f'user.ocid eq "{user_id}"', **more).data

    created = create("one", expires_on="2999-01-01T00:00:00Z")
    token = created.data
    create("two")
    third = refusal(create, "three")
    tokens = listed().resources
    pages = [listed(start_index=start, count=1).resources[0].description for start in (1, 2)]
    only = listed(attributes="description").resources[0]
    replace = models.Operations(op="REPLACE", path="description", value="new")
    updated = client.patch_auth_token(token.ocid, patch_op=models.PatchOp(schemas=[PATCH], operations=[replace])).data
    got = client.get_auth_token(token.id).data
    stale = refusal(client.delete_auth_token, token.id, if_match=created.headers["etag"])
    for entry in tokens:
        client.delete_auth_token(entry.id)
    again = refusal(client.delete_auth_token, token.id)

    print(
        json.dumps(
            {
                "id": token.id,
                "ocid": token.ocid,
                "valueSHA256": hashlib.sha256(token.token.encode()).hexdigest(),
                "created": token.meta.created,
                "expires": token.expires_on,
                "status": token.status or "",
                "third": third,
                "listed": sorted(entry.description for entry in tokens),
                "pages": sorted(pages),
                "attributes": only.user is None and only.description is not None,
                "listedValues": sum(entry.token is not None for entry in tokens),
                "updated": updated.description,
                "got": got.description,
                "stale": stale,
                "again": again,
                "left": listed().total_results,
            }
        )
    )


main(*sys.argv[1:])
