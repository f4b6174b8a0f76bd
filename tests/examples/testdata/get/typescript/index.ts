import * as pulumi from "@pulumi/pulumi";
import * as ociauthtoken from "pulumi-ociauthtoken";

const config = new pulumi.Config();
const long = ociauthtoken.AuthToken.get("long", config.require("long"));
const short = ociauthtoken.AuthToken.get("short", config.require("short"));

export const longDescription = long.description;
export const longState = long.state;
export const longToken = long.token;
export const longTokenIs = long.token.apply(String);
export const shortDescription = short.description;
export const shortUserId = short.userId;
