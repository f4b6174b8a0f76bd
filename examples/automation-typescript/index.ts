// Mints an OCI auth token with Pulumi's Automation API, uses it, and revokes it:
// a program that needs no project folder, for a platform team to start from.

import { parseArgs } from "node:util";
import * as automation from "@pulumi/pulumi/automation";
import * as ociauthtoken from "pulumi-ociauthtoken";

async function run(userId: string, endpoint?: string): Promise<void> {
  const stack = await automation.LocalWorkspace.createOrSelectStack({
    stackName: "dev",
    projectName: "registry-login",
    program: async () => {
      const registryToken = new ociauthtoken.AuthToken("registryToken", {
        userId,
        description: "docker login from CI",
      });
      return { tokenId: registryToken.id, token: registryToken.token };
    },
  });
  if (endpoint !== undefined) {
    await stack.setConfig("ociauthtoken:endpoint", { value: endpoint });
  }

  try {
    const { outputs } = await stack.up({ onOutput: console.error });
    const { tokenId, token } = outputs;
    if (typeof token?.value !== "string" || !token.secret) {
      throw new Error("the token has no value, or it is not a secret");
    }
    // This is where the value goes to who needs it. It is not to be printed.
    console.log(
      `created ${tokenId?.value}: a secret of ${token.value.length} characters`,
    );
  } finally {
    // Whatever happens, no token is left behind.
    await stack.destroy({ onOutput: console.error });
  }
}

const { values } = parseArgs({
  options: {
    user: { type: "string" }, // the OCID of the user that the token is for
    endpoint: { type: "string" }, // where OCI Identity is, if it is not OCI's own
  },
});
if (values.user === undefined) {
  console.error("usage: npm start -- --user OCID [--endpoint URL]");
  process.exit(2);
}
run(values.user, values.endpoint).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
