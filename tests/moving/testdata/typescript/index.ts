import * as pulumi from "@pulumi/pulumi";
import * as oci from "@pulumi/oci";

// Team is a component with a token in it.
class Team extends pulumi.ComponentResource {
    readonly token: oci.identity.AuthToken;

    constructor(name: string, userId: string) {
        super("team:index:Team", name);
        this.token = new oci.identity.AuthToken(name, {
            userId: userId,
            description: "team",
        }, { parent: this });
    }
}

const config = new pulumi.Config();
const ci = new oci.identity.AuthToken("ci", {
    userId: config.require("user"),
    description: "ci",
});
const team = new Team("core", config.require("user"));
export const password = pulumi.secret(ci.token);
export const teamPassword = pulumi.secret(team.token.token);
