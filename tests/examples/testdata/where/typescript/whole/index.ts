import * as dockerBuild from "@pulumi/docker-build";
import * as oci from "@pulumi/oci";
import * as pulumi from "@pulumi/pulumi";
import * as ociauthtoken from "pulumi-ociauthtoken";

const config = new pulumi.Config();
const tenancyOcid = config.require("tenancyOcid");

const pusher = new oci.identity.User("pusher", {
  compartmentId: tenancyOcid,
  name: config.require("userName"),
  description: "pushes images",
});

const pushers = new oci.identity.Group("pushers", {
  compartmentId: tenancyOcid,
  name: "image-pushers",
  description: "push images",
});

const membership = new oci.identity.UserGroupMembership("membership", {
  userId: pusher.id,
  groupId: pushers.id,
});

const policy = new oci.identity.Policy("policy", {
  compartmentId: tenancyOcid,
  name: "image-pushers",
  description: "push images",
  statements: [
    pulumi.interpolate`Allow group ${pushers.name} to manage repos in tenancy`,
  ],
});

const token = new ociauthtoken.RotatingAuthToken(
  "token",
  { userId: pusher.id, description: "pushes images", maxAgeDays: 90 },
  // The wait for the token is one for the policy, too.
  { dependsOn: [membership, policy] },
);

const login = ociauthtoken.getRegistryLoginOutput({
  userId: pusher.id,
  password: token.token,
  waitUntilReady: true,
});

const names = ociauthtoken.getRegistryUserOutput({ username: "BEARER_TOKEN" });

const hello = new dockerBuild.Image("image", {
  context: { location: "app" },
  push: true,
  tags: [pulumi.interpolate`${names.server}/${names.namespace}/hello:latest`],
  registries: [
    {
      address: login.server,
      username: login.username,
      password: login.password,
    },
  ],
});

export const image = hello.ref;
export const userId = pusher.id;
