import * as command from "@pulumi/command";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { AuthToken } from "pulumi-ociauthtoken";

/** A component that takes a password. */
class Mailer extends pulumi.ComponentResource {
  constructor(name: string, args: { password: pulumi.Input<string> }) {
    super("example:index:Mailer", name, args);
  }
}

const config = new pulumi.Config();

const token = new AuthToken("token", {
  userId: config.require("userId"),
  description: "ordinary uses",
});
const other = new AuthToken("other", {
  userId: config.require("otherUserId"),
  description: "ordinary uses",
});

new kubernetes.core.v1.Secret("secret", {
  stringData: { password: token.token },
});

new command.local.Command("login", {
  create: "docker login --password-stdin",
  stdin: token.token,
  environment: { TOKEN: token.token },
});

new Mailer("mailer", { password: token.token });

interface Login {
  user: string;
  password: string;
}

export const logins: pulumi.Output<Login[]> = pulumi
  .all([token.token, other.token])
  .apply(([first, second]) => [
    { user: "first", password: first },
    { user: "second", password: second },
  ]);

export const url: pulumi.Output<string> = pulumi.interpolate`https://user:${token.token}@example.com/repository.git`;

export const header: pulumi.Output<string> = token.token.apply(
  (password) => "Basic " + Buffer.from("user:" + password).toString("base64"),
);

export const json: pulumi.Output<string> = token.token.apply((password) =>
  JSON.stringify({ length: password.length, password }),
);

export const created: pulumi.Output<number> = token.timeCreated.apply((time) =>
  new Date(time).getTime(),
);

export const usable: pulumi.Output<boolean> = token.state.apply(
  (state) => state.toUpperCase() === "ACTIVE",
);
