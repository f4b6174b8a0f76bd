import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as ociauthtoken from "pulumi-ociauthtoken";

const config = new pulumi.Config();

const registryToken = new ociauthtoken.RotatingAuthToken("registryToken", {
  userId: config.require("userId"),
  description: "image pulls of the cluster",
  maxAgeDays: 90,
  rotateWhenChanged: { rotation: config.require("rotation") },
});

// It returns once the registry accepts the token, which takes a minute or two.
const login = ociauthtoken.getRegistryLoginOutput({
  userId: registryToken.userId,
  password: registryToken.token,
  waitUntilReady: true,
});

// Name it in the imagePullSecrets of a pod or of its service account.
new kubernetes.core.v1.Secret("pullSecret", {
  metadata: { name: "ocir" },
  type: "kubernetes.io/dockerconfigjson",
  stringData: { ".dockerconfigjson": login.dockerConfigJson },
});

export const tokenId = registryToken.tokenId;
export const token = registryToken.token;
export const previousToken = registryToken.previousToken;
export const timeRotationDue = registryToken.timeRotationDue;
