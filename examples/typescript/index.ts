import * as pulumi from "@pulumi/pulumi";
import * as ociauthtoken from "pulumi-ociauthtoken";

const config = new pulumi.Config();
const registry = config.require("registry");
const registryUser = config.require("registryUser");

const registryToken = new ociauthtoken.AuthToken("registryToken", {
  userId: config.require("userId"),
  description: config.require("description"),
});

// What ~/.docker/config.json holds after "docker login".
function loginTo(registry: string, user: string, password: string): string {
  const auth = Buffer.from(`${user}:${password}`).toString("base64");
  return JSON.stringify({ auths: { [registry]: { auth } } });
}

export const tokenId = registryToken.id;
export const tokenState = registryToken.state;
export const token = registryToken.token;

// It is a secret because the token in it is one. A token that was imported has no value to log in with.
export const dockerConfig = registryToken.token.apply((value) =>
  value === undefined ? undefined : loginTo(registry, registryUser, value),
);
