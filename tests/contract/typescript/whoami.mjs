// Signs in on one machine after the other with OCI's TypeScript SDK, and asks for the tokens of a user. Reads a JSON list of
// machines from standard input: {environment, profile, session, typescript}. The last is the user to ask for; the local OCI
// Identity at the endpoint notes who has asked.
import { readFileSync } from "node:fs";
import common from "oci-common";
import identity from "oci-identity";

const [endpoint] = process.argv.slice(2);

for (const machine of JSON.parse(readFileSync(0, "utf8"))) {
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, machine.environment);
    try {
        const Provider = machine.session
            ? common.SessionAuthDetailProvider
            : common.ConfigFileAuthenticationDetailsProvider;
        const client = new identity.IdentityClient(
            { authenticationDetailsProvider: new Provider(undefined, machine.profile || undefined) },
            { retryConfiguration: common.NoRetryConfigurationDetails },
        );
        client.endpoint = endpoint;
        await client.listAuthTokens({ userId: machine.typescript });
    } catch (error) {
        console.log(`${machine.name}: ${error.statusCode ?? ""} ${error.message}`);
    }
}
