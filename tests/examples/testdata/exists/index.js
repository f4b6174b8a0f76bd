// Asks whether tokens exist, in an update with the Automation API. It prints the answers, and what Pulumi prints after them.
const automation = require("@pulumi/pulumi/automation");
const { AuthToken, RotatingAuthToken } = require("pulumi-ociauthtoken");

async function main(endpoint, live, gone) {
  const stack = await automation.LocalWorkspace.createOrSelectStack({
    stackName: "dev",
    projectName: "exists",
    program: async () => ({
      live: AuthToken.exists(live),
      gone: AuthToken.exists(gone),
      rotatingLive: RotatingAuthToken.exists(live),
      rotatingGone: RotatingAuthToken.exists(gone),
    }),
  });
  await stack.setConfig("ociauthtoken:endpoint", { value: endpoint });
  const { outputs, stdout } = await stack.up();
  console.log(JSON.stringify(Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, output.value]))));
  console.log(stdout);
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
