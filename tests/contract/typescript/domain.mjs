// Drives an identity domain through the life of an auth token with OCI's TypeScript SDK, and prints what it saw as JSON.
import { createHash } from "node:crypto";
import common from "oci-common";
import domains from "oci-identitydomains";

const [endpoint, configFile, userId] = process.argv.slice(2);

// The status that a call that must fail is answered.
async function refusal(call) {
    try {
        await call();
        return 0;
    } catch (error) {
        return error.statusCode;
    }
}

const client = new domains.IdentityDomainsClient(
    { authenticationDetailsProvider: new common.ConfigFileAuthenticationDetailsProvider(configFile, "DEFAULT") },
    { retryConfiguration: common.NoRetryConfigurationDetails },
);
client.endpoint = endpoint;
const create = (description, more) =>
    client.createAuthToken({
        authToken: {
            schemas: ["urn:ietf:params:scim:schemas:oracle:idcs:authToken"],
            description,
            user: { ocid: userId },
            ...more,
        },
    });
const listed = async more => (await client.listAuthTokens({ filter: `user.ocid eq "${userId}"`, ...more })).authTokens;

const first = await create("one", { expiresOn: "2999-01-01T00:00:00Z" });
const token = first.authToken;
await create("two");
const third = await refusal(() => create("three"));
const tokens = (await listed()).resources;
const pages = [];
for (const startIndex of [1, 2]) {
    pages.push((await listed({ startIndex, count: 1 })).resources[0].description);
}
const only = (await listed({ attributes: "description" })).resources[0];
const updated = await client.patchAuthToken({
    authTokenId: token.ocid,
    patchOp: {
        schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        operations: [{ op: domains.models.Operations.Op.Replace, path: "description", value: "new" }],
    },
});
const got = await client.getAuthToken({ authTokenId: token.id });
const stale = await refusal(() => client.deleteAuthToken({ authTokenId: token.id, ifMatch: first.etag }));
for (const entry of tokens) {
    await client.deleteAuthToken({ authTokenId: entry.id });
}
const again = await refusal(() => client.deleteAuthToken({ authTokenId: token.id }));

console.log(
    JSON.stringify({
        id: token.id,
        ocid: token.ocid,
        valueSHA256: createHash("sha256").update(token.token).digest("hex"),
        created: token.meta.created,
        expires: token.expiresOn,
        status: token.status ?? "",
        third,
        listed: tokens.map(entry => entry.description).sort(),
        pages: pages.sort(),
        attributes: only.user === undefined && only.description !== undefined,
        listedValues: tokens.filter(entry => entry.token).length,
        updated: updated.authToken.description,
        got: got.authToken.description,
        stale,
        again,
        left: (await listed()).totalResults,
    }),
);
