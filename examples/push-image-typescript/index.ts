import * as dockerBuild from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";
import * as ociauthtoken from "pulumi-ociauthtoken";

// Nothing that getRegistryUser returns is a secret, so the tag of the image is shown.
const names = ociauthtoken.getRegistryUserOutput({ username: "BEARER_TOKEN" });

// It is valid for an hour. Whoever Pulumi signs in as needs the policy "manage repos".
const login = ociauthtoken.getRegistryTokenOutput({
  scope: pulumi.interpolate`repository:${names.namespace}/hello:pull,push`,
});

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
