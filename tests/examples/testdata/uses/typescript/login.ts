import * as command from "@pulumi/command";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as ociauthtoken from "pulumi-ociauthtoken";

const config = new pulumi.Config();

const token = new ociauthtoken.RotatingAuthToken("token", {
  userId: config.require("userId"),
  description: "ordinary uses",
});

const login = ociauthtoken.getRegistryLoginOutput({
  userId: token.userId,
  password: token.token,
  waitUntilReady: true,
});
const names = ociauthtoken.getRegistryUserOutput({ userId: token.userId });

new kubernetes.core.v1.Secret("secret", {
  type: "kubernetes.io/dockerconfigjson",
  stringData: { ".dockerconfigjson": login.dockerConfigJson },
});

new command.local.Command("login", {
  create: 'docker login "$SERVER" --username "$NAME" --password-stdin',
  stdin: login.password,
  environment: { SERVER: names.server, NAME: names.username },
});

const access = ociauthtoken.getRegistryTokenOutput({
  scope: pulumi.interpolate`repository:${names.namespace}/app:pull,push`,
});
new command.local.Command("push", {
  create: "docker login",
  stdin: access.password,
});

export const expires: pulumi.Output<Date> = access.timeExpires.apply(
  (time) => new Date(time),
);
export const tokenId: pulumi.Output<string> = token.tokenId;
export const image: pulumi.Output<string> = pulumi.interpolate`${names.server}/${names.namespace}/app`;
export const last: pulumi.Output<string> = pulumi
  .all([token.previousToken, token.token])
  .apply(([previous, current]) => previous ?? current);
