// Uses everything that the SDK has.

using System.Collections.Generic;
using System.Linq;
using OciAuthToken.PulumiPackage;
using OciAuthToken.PulumiPackage.Inputs;
using Pulumi;

return await Deployment.RunAsync(async () =>
{
    var config = new Pulumi.Config();
    var userId = config.Require("userId");

    // A string, a secret and a boolean: there is no other kind of property.
    var provider = new Provider("provider", new ProviderArgs
    {
        Auth = "ApiKey",
        DualStackEndpointEnabled = false,
        Endpoint = OciAuthToken.PulumiPackage.Config.Endpoint!,
        Fingerprint = config.Require("fingerprint"),
        PrivateKey = config.RequireSecret("privateKey"),
        Region = config.Require("region"),
        TenancyOcid = config.Require("tenancyOcid"),
        UserOcid = userId,
    });

    var existing = AuthToken.Get("existing", config.Require("existing"), new CustomResourceOptions { Provider = provider });

    var token = new AuthToken("token", new AuthTokenArgs
    {
        UserId = userId,
        Description = existing.Description.Apply(description => description + " too"),
    }, new CustomResourceOptions
    {
        Provider = provider,
        AdditionalSecretOutputs = { "timeCreated" },
        Aliases = { new Alias { Name = "formerly" } },
        CustomTimeouts = new CustomTimeouts { Create = System.TimeSpan.FromMinutes(1) },
        DeleteBeforeReplace = true,
        IgnoreChanges = { "description" },
    });

    var rotating = new RotatingAuthToken("rotating", new RotatingAuthTokenArgs
    {
        UserId = config.Require("otherUserId"),
        Description = "rotating",
        Overlap = true,
        PreviousDays = 1,
        RotateWhenChanged = { { "key", "value" } },
        MaxAgeDays = 90,
        RotationDays = 80,
    }, new CustomResourceOptions { Provider = provider, DependsOn = { token } });

    var found = await GetAuthTokens.InvokeAsync(new GetAuthTokensArgs
    {
        UserId = userId,
        Filters = { new GetAuthTokensFilterArgs { Name = "id", Values = { config.Require("existingId") } } },
    }, new InvokeOptions { Provider = provider });

    var both = GetAuthTokens.Invoke(new GetAuthTokensInvokeArgs
    {
        UserId = userId,
        Filters = { new GetAuthTokensFilterInputArgs { Name = "description", Values = { "^by" }, Regex = true } },
    }, new InvokeOutputOptions { Provider = provider, DependsOn = { token } });

    var none = GetAuthTokens.Invoke(new GetAuthTokensInvokeArgs
    {
        UserId = userId,
        Filters = { new GetAuthTokensFilterInputArgs { Name = "description", Values = { existing.Description.Apply(d => d + "?") } } },
    }, new InvokeOptions { Provider = provider });

    var names = await GetRegistryUser.InvokeAsync(new GetRegistryUserArgs { UserId = userId }, new InvokeOptions { Provider = provider });
    var namesLater = GetRegistryUser.Invoke(new GetRegistryUserInvokeArgs { UserId = token.UserId }, new InvokeOptions { Provider = provider });
    var namesAfter = GetRegistryUser.Invoke(
        new GetRegistryUserInvokeArgs { UserId = userId }, new InvokeOutputOptions { Provider = provider, DependsOn = { token } });

    var login = await GetRegistryLogin.InvokeAsync(
        new GetRegistryLoginArgs { UserId = userId, Password = "not a token", Username = "somebody" }, new InvokeOptions { Provider = provider });
    var loginLater = GetRegistryLogin.Invoke(new GetRegistryLoginInvokeArgs
    {
        UserId = userId,
        Password = token.Token,
        WaitTimeoutSeconds = 60,
        WaitUntilReady = true,
    }, new InvokeOptions { Provider = provider });
    var loginAfter = GetRegistryLogin.Invoke(
        new GetRegistryLoginInvokeArgs { UserId = userId, Password = token.Token }, new InvokeOutputOptions { Provider = provider, DependsOn = { token } });

    var access = await GetRegistryToken.InvokeAsync(
        new GetRegistryTokenArgs { Namespace = "somewhere", Region = config.Require("region") }, new InvokeOptions { Provider = provider });
    var accessLater = GetRegistryToken.Invoke(
        new GetRegistryTokenInvokeArgs { Scope = namesLater.Apply(result => $"repository:{result.Namespace}/app:pull") },
        new InvokeOptions { Provider = provider });
    var accessAfter = GetRegistryToken.Invoke(
        new GetRegistryTokenInvokeArgs { Scope = "repository:somewhere/app:pull" }, new InvokeOutputOptions { Provider = provider, DependsOn = { token } });

    return new Dictionary<string, object?>
    {
        ["tokenId"] = token.Id,
        ["timeCreated"] = token.TimeCreated,
        ["token"] = token.Token,
        ["rotatingToken"] = rotating.Token,
        ["overlap"] = rotating.Overlap,
        ["maxAgeDays"] = rotating.MaxAgeDays,
        ["rotationDays"] = rotating.RotationDays,
        ["key"] = rotating.RotateWhenChanged.Apply(changed => changed?["key"]),
        ["previousToken"] = rotating.PreviousToken,
        ["found"] = found.Tokens.Single().Description,
        ["both"] = both.Apply(result => result.Tokens.Length),
        ["none"] = none.Apply(result => result.Tokens.Length),
        ["names"] = Output.Tuple(namesLater, namesAfter).Apply(two => new[] { names.Username, two.Item1.Username, two.Item2.Username }),
        ["login"] = login.Username,
        ["access"] = access.Namespace,
        ["accesses"] = Output.Tuple(accessLater, accessAfter).Apply(two => two.Item1.Username == two.Item2.Username && two.Item1.TimeExpires.Length > 0),
        ["logins"] = Output.Tuple(loginLater, loginAfter).Apply(two => two.Item1.DockerConfigJson == two.Item2.DockerConfigJson),
    };
});
