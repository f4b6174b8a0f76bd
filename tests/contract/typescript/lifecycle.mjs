// Drives a local OCI Identity through the life of an auth token with OCI's TypeScript SDK, and prints what it saw as JSON.
import { createHash } from "node:crypto";
import common from "oci-common";
import identity from "oci-identity";

const [endpoint, configFile, userId] = process.argv.slice(2);

// What a call that must fail is answered.
async function refusal(call) {
    try {
        await call();
        return "no refusal";
    } catch (error) {
        return `${error.statusCode} ${error.serviceCode}`;
    }
}

function clientFor(provider) {
    const client = new identity.IdentityClient(
        { authenticationDetailsProvider: provider },
        { retryConfiguration: common.NoRetryConfigurationDetails },
    );
    client.endpoint = endpoint;
    return client;
}

const provider = new common.ConfigFileAuthenticationDetailsProvider(configFile, "DEFAULT");
const client = clientFor(provider);
const create = description => client.createAuthToken({ userId, createAuthTokenDetails: { description } });

const first = await create("one");
const token = first.authToken;
await create("two");
const third = await refusal(() => create("three"));
const listed = (await client.listAuthTokens({ userId })).items;
const updated = await client.updateAuthToken({
    userId,
    authTokenId: token.id,
    updateAuthTokenDetails: { description: "new" },
});
const stale = await refusal(() => client.deleteAuthToken({ userId, authTokenId: token.id, ifMatch: first.etag }));
for (const entry of listed) {
    await client.deleteAuthToken({ userId, authTokenId: entry.id });
}
const again = await refusal(() => client.deleteAuthToken({ userId, authTokenId: token.id }));

const stranger = new common.SimpleAuthenticationDetailsProvider(
    provider.getTenantId(),
    provider.getUser(),
    Array(16).fill("00").join(":"),
    provider.getPrivateKey(),
    null,
    common.Region.US_PHOENIX_1,
);
const unknownKey = await refusal(() => clientFor(stranger).listAuthTokens({ userId }));

console.log(
    JSON.stringify({
        id: token.id,
        valueSHA256: createHash("sha256").update(token.token).digest("hex"),
        state: token.lifecycleState,
        created: new Date(token.timeCreated).toISOString(),
        third,
        listed: listed.map(entry => entry.description).sort(),
        listedValues: listed.filter(entry => entry.token).length,
        updated: updated.authToken.description,
        updatedValue: Boolean(updated.authToken.token),
        stale,
        again,
        left: (await client.listAuthTokens({ userId })).items.length,
        unknownKey,
    }),
);
