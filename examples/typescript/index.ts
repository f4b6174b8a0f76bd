import * as pulumi from "@pulumi/pulumi";
import * as ociauthtoken from "pulumi-ociauthtoken";

const config = new pulumi.Config();

const registryToken = new ociauthtoken.AuthToken("registryToken", {
  userId: config.require("userId"),
  description: config.require("description"),
});

// It returns once the registry accepts the token, which takes a minute or two.
const login = ociauthtoken.getRegistryLoginOutput({
  userId: registryToken.userId,
  password: registryToken.token,
  waitUntilReady: true,
});

export const tokenId = registryToken.id;
export const tokenState = registryToken.state;
export const token = registryToken.token;

// What ~/.docker/config.json holds after "docker login": a secret, as the token is.
export const dockerConfig = login.dockerConfigJson;
