using System.Collections.Generic;
using OciAuthToken.PulumiPackage;
using Pulumi;
using Pulumi.Kubernetes.Core.V1;
using Pulumi.Kubernetes.Types.Inputs.Core.V1;
using Pulumi.Kubernetes.Types.Inputs.Meta.V1;

return await Deployment.RunAsync(() =>
{
    var config = new Pulumi.Config(); // OciAuthToken.PulumiPackage has a Config, too.

    var registryToken = new RotatingAuthToken("registryToken", new RotatingAuthTokenArgs
    {
        UserId = config.Require("userId"),
        Description = "image pulls of the cluster",
        MaxAgeDays = 90,
        RotateWhenChanged = { ["rotation"] = config.Require("rotation") },
    });

    // It returns once the registry accepts the token, which takes a minute or two.
    var login = GetRegistryLogin.Invoke(new GetRegistryLoginInvokeArgs
    {
        UserId = registryToken.UserId,
        Password = registryToken.Token,
        WaitUntilReady = true,
    });

    // Name it in the imagePullSecrets of a pod or of its service account.
    _ = new Secret("pullSecret", new SecretArgs
    {
        Metadata = new ObjectMetaArgs { Name = "ocir" },
        Type = "kubernetes.io/dockerconfigjson",
        StringData = { [".dockerconfigjson"] = login.Apply(result => result.DockerConfigJson) },
    });

    return new Dictionary<string, object?>
    {
        ["tokenId"] = registryToken.TokenId,
        ["token"] = registryToken.Token,
        ["previousToken"] = registryToken.PreviousToken,
        ["timeRotationDue"] = registryToken.TimeRotationDue,
    };
});
