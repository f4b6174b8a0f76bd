using System.Collections.Generic;
using OciAuthToken.PulumiPackage;
using Pulumi;
using DockerBuild = Pulumi.DockerBuild;

return await Deployment.RunAsync(() =>
{
    // Nothing that GetRegistryUser returns is a secret, so the tag of the image is shown.
    var names = GetRegistryUser.Invoke(new() { Username = "BEARER_TOKEN" });

    // It is valid for an hour. Whoever Pulumi signs in as needs the policy "manage repos".
    var login = GetRegistryToken.Invoke(new()
    {
        Scope = names.Apply(names => $"repository:{names.Namespace}/hello:pull,push"),
    });

    var image = new DockerBuild.Image("image", new()
    {
        Context = new DockerBuild.Inputs.BuildContextArgs { Location = "app" },
        Push = true,
        Tags = { names.Apply(names => $"{names.Server}/{names.Namespace}/hello:latest") },
        Registries =
        {
            new DockerBuild.Inputs.RegistryArgs
            {
                Address = login.Apply(login => login.Server),
                Username = login.Apply(login => login.Username),
                Password = login.Apply(login => login.Password),
            },
        },
    });

    return new Dictionary<string, object?> { ["image"] = image.Ref };
});
