// Uses tokens and logins in the ways in which programs use a password.

using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using OciAuthToken.PulumiPackage;
using Pulumi;
using Pulumi.Kubernetes.Core.V1;
using Pulumi.Kubernetes.Types.Inputs.Core.V1;

return await Deployment.RunAsync(() =>
{
    var config = new Pulumi.Config();
    var outputs = new Dictionary<string, object?>();

    var token = new AuthToken("token", new AuthTokenArgs
    {
        UserId = config.Require("userId"),
        Description = "ordinary uses",
    });
    var rotating = new RotatingAuthToken("rotating", new RotatingAuthTokenArgs
    {
        UserId = config.Require("otherUserId"),
        Description = "ordinary uses",
    });
    Use("token", token.Token, token.State, token.TimeCreated);
    Use("rotating", rotating.Token, rotating.State, rotating.TimeCreated);

    Output<List<Login>> logins = Output.Tuple(token.Token, rotating.Token).Apply(passwords => new List<Login>
    {
        new("first", passwords.Item1),
        new("second", passwords.Item2),
    });
    Output<string> last = Output.Tuple(rotating.PreviousToken, rotating.Token).Apply(both => both.Item1 ?? both.Item2);
    outputs["logins"] = logins.Apply(all => all.Count);
    outputs["last"] = last;
    outputs["tokenId"] = new MailerArgs { Password = rotating.TokenId }.Password;

    var login = GetRegistryLogin.Invoke(new GetRegistryLoginInvokeArgs
    {
        UserId = token.UserId,
        Password = token.Token,
        WaitUntilReady = true,
    });
    var names = GetRegistryUser.Invoke(new GetRegistryUserInvokeArgs { UserId = token.UserId });
    _ = new Secret("login", new SecretArgs
    {
        Type = "kubernetes.io/dockerconfigjson",
        StringData = { [".dockerconfigjson"] = login.Apply(result => result.DockerConfigJson) },
    });
    outputs["loginMailer"] = new MailerArgs { Password = login.Apply(result => result.Password) }.Password;
    outputs["username"] = new MailerArgs { Password = names.Apply(result => result.Username) }.Password;
    var access = GetRegistryToken.Invoke(new GetRegistryTokenInvokeArgs
    {
        Scope = names.Apply(result => $"repository:{result.Namespace}/app:pull,push"),
    });
    outputs["pusher"] = new MailerArgs { Password = access.Apply(result => result.Password) }.Password;
    outputs["expires"] = access.Apply(result => DateTimeOffset.Parse(result.TimeExpires).ToUnixTimeSeconds());
    outputs["image"] = names.Apply(result => $"{result.Server}/{result.Namespace}/app");
    return outputs;

    void Use(string name, Output<string> token, Output<string> state, Output<string> timeCreated)
    {
        _ = new Secret(name, new SecretArgs { StringData = { ["password"] = token } });
        _ = new Mailer(name, new MailerArgs { Password = token });
        outputs[name + "Url"] = Output.Format($"https://user:{token}@example.com/repository.git");
        outputs[name + "Header"] = token.Apply(password => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("user:" + password)));
        outputs[name + "Json"] = token.Apply(password => JsonSerializer.Serialize(new { password.Length, password }));
        outputs[name + "Created"] = timeCreated.Apply(time => DateTimeOffset.Parse(time).ToUnixTimeSeconds());
        outputs[name + "Usable"] = state.Apply(now => now.Equals("ACTIVE", StringComparison.OrdinalIgnoreCase));
    }
});

record Login(string User, string Password);

/// <summary>The arguments of a component that takes a password.</summary>
class MailerArgs : ResourceArgs
{
    [Input("password", required: true)]
    public Input<string> Password { get; set; } = null!;
}

/// <summary>A component that takes a password.</summary>
class Mailer : ComponentResource
{
    public Mailer(string name, MailerArgs args) : base("example:index:Mailer", name, args)
    {
    }
}
