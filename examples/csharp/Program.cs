using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using Pulumi;
using Pulumi.OciAuthToken;

return await Deployment.RunAsync(() =>
{
    var config = new Config();
    var registry = config.Require("registry");
    var registryUser = config.Require("registryUser");

    var registryToken = new AuthToken("registryToken", new AuthTokenArgs
    {
        UserId = config.Require("userId"),
        Description = config.Require("description"),
    });

    // It is a secret because the token in it is one. A token that was imported has no value to log in with.
    var dockerConfig = registryToken.Token.Apply(token =>
        token == null ? null : LoginTo(registry, registryUser, token));

    return new Dictionary<string, object?>
    {
        ["tokenId"] = registryToken.Id,
        ["tokenState"] = registryToken.State,
        ["token"] = registryToken.Token,
        ["dockerConfig"] = dockerConfig,
    };
});

// What ~/.docker/config.json holds after "docker login".
static string LoginTo(string registry, string user, string password)
{
    var auth = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
    return JsonSerializer.Serialize(new { auths = new Dictionary<string, object> { [registry] = new { auth } } });
}
