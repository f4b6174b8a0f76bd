using System.Collections.Generic;
using OciAuthToken.PulumiPackage;
using Pulumi;

return await Deployment.RunAsync(() =>
{
    var config = new Pulumi.Config(); // OciAuthToken.PulumiPackage has a Config, too.

    var registryToken = new AuthToken("registryToken", new AuthTokenArgs
    {
        UserId = config.Require("userId"),
        Description = config.Require("description"),
    });

    // It returns once the registry accepts the token, which takes a minute or two.
    var login = GetRegistryLogin.Invoke(new GetRegistryLoginInvokeArgs
    {
        UserId = registryToken.UserId,
        Password = registryToken.Token,
        WaitUntilReady = true,
    });

    return new Dictionary<string, object?>
    {
        ["tokenId"] = registryToken.Id,
        ["tokenState"] = registryToken.State,
        ["token"] = registryToken.Token,
        // What ~/.docker/config.json holds after "docker login": a secret, as the token is.
        ["dockerConfig"] = login.Apply(result => result.DockerConfigJson),
    };
});
