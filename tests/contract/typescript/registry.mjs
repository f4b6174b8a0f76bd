// Asks for access tokens of the container registry with OCI's TypeScript SDK, and prints what it saw as JSON.
import { createHash } from "node:crypto";
import common from "oci-common";
import registry from "oci-containerregistry";

const [endpoint, configFile, scope] = process.argv.slice(2);

function clientFor(provider) {
    const client = new registry.ContainerRegistryClient(
        { authenticationDetailsProvider: provider },
        { retryConfiguration: common.NoRetryConfigurationDetails },
    );
    client.endpoint = endpoint;
    return client;
}

const provider = new common.ConfigFileAuthenticationDetailsProvider(configFile, "DEFAULT");
const client = clientFor(provider);
const everything = (await client.getAccessToken({})).accessToken;
const token = (await client.getAccessToken({ scope })).accessToken;

const stranger = new common.SimpleAuthenticationDetailsProvider(
    provider.getTenantId(),
    provider.getUser(),
    "00:".repeat(15) + "00",
    provider.getPrivateKey(),
    null,
    common.Region.US_PHOENIX_1,
);
let unknownKey = "no refusal";
try {
    await clientFor(stranger).getAccessToken({});
} catch (error) {
    unknownKey = `${error.statusCode} ${error.serviceCode}`;
}

const hashed = value => createHash("sha256").update(value).digest("hex");
const seen = {
    everythingSHA256: hashed(everything.token),
    valueSHA256: hashed(token.token),
    same: token.token === token.accessToken,
    scope: token.scope,
    expiresIn: token.expiresIn,
    unknownKey,
};
console.log(JSON.stringify(seen));
