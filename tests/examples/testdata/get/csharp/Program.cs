// Looks one token up by each form of its id.

using System.Collections.Generic;
using OciAuthToken.PulumiPackage;
using Pulumi;

return await Deployment.RunAsync(() =>
{
    var config = new Pulumi.Config();
    var longForm = AuthToken.Get("long", config.Require("long"));
    var shortForm = AuthToken.Get("short", config.Require("short"));

    return new Dictionary<string, object?>
    {
        ["longDescription"] = longForm.Description,
        ["longState"] = longForm.State,
        ["longToken"] = longForm.Token,
        ["longTokenIs"] = longForm.Token.Apply(token => token ?? "null"),
        ["shortDescription"] = shortForm.Description,
        ["shortUserId"] = shortForm.UserId,
    };
});
