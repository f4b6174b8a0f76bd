import * as command from "@pulumi/command";
import * as github from "@pulumi/github";
import * as kubernetes from "@pulumi/kubernetes";
import * as oci from "@pulumi/oci";
import * as pulumi from "@pulumi/pulumi";
import * as doppler from "@pulumiverse/doppler";
import * as ociauthtoken from "pulumi-ociauthtoken";

const config = new pulumi.Config();

const token = new ociauthtoken.RotatingAuthToken("token", {
  userId: config.require("userId"),
  description: "image pulls",
  maxAgeDays: 90,
  rotateWhenChanged: { rotation: config.require("rotation") },
});

const login = ociauthtoken.getRegistryLoginOutput({
  userId: token.userId,
  password: token.token,
  waitUntilReady: true,
});

new kubernetes.core.v1.Secret("pullSecret", {
  metadata: { name: "ocir" },
  type: "kubernetes.io/dockerconfigjson",
  stringData: { ".dockerconfigjson": login.dockerConfigJson },
});

new oci.vault.Secret("vaultSecret", {
  compartmentId: config.require("compartmentId"),
  vaultId: config.require("vaultId"),
  keyId: config.require("keyId"),
  secretName: "ocir-password",
  secretContent: {
    contentType: "BASE64",
    content: login.password.apply((password) =>
      Buffer.from(password).toString("base64"),
    ),
  },
});

new doppler.Secret("dopplerSecret", {
  project: "app",
  config: "prd",
  name: "OCIR_PASSWORD",
  value: login.password,
});

new github.ActionsSecret("ciVariable", {
  repository: "app",
  secretName: "OCIR_PASSWORD",
  value: login.password,
});

new kubernetes.core.v1.Secret("jenkinsSecret", {
  metadata: { name: "ocir", namespace: "jenkins" },
  stringData: { username: login.username, password: login.password },
});

new command.local.Command("file", {
  create: "install -m 600 /dev/stdin ocir-password",
  delete: "rm -f ocir-password",
  stdin: login.password,
});

const users = config.requireObject<Record<string, string>>("users");
for (const [name, userId] of Object.entries(users)) {
  new ociauthtoken.RotatingAuthToken(name, {
    userId: userId,
    description: name,
    maxAgeDays: 90,
  });
}
