package rotation;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.core.Output;
import com.pulumi.kubernetes.core.v1.Secret;
import com.pulumi.kubernetes.core.v1.SecretArgs;
import io.github.ociauthtoken.AuthToken;
import io.github.ociauthtoken.AuthTokenArgs;
import io.github.ociauthtoken.OciauthtokenFunctions;
import io.github.ociauthtoken.RotatingAuthToken;
import io.github.ociauthtoken.RotatingAuthTokenArgs;
import io.github.ociauthtoken.inputs.GetRegistryLoginArgs;
import io.github.ociauthtoken.inputs.GetRegistryTokenArgs;
import io.github.ociauthtoken.inputs.GetRegistryUserArgs;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Uses tokens and logins in the ways in which programs use a password. */
public final class App {
  private App() {}

  /** The arguments of a component that takes a password. */
  static final class MailerArgs {
    final Output<String> password;

    MailerArgs(Output<String> password) {
      this.password = password;
    }
  }

  public static void main(String[] args) {
    Pulumi.run(App::stack);
  }

  private static void use(
      Context ctx,
      String name,
      Output<String> token,
      Output<String> state,
      Output<String> timeCreated) {
    new Secret(
        name,
        SecretArgs.builder()
            .stringData(token.applyValue(password -> Map.of("password", password)))
            .build());
    var mailer = new MailerArgs(token);
    ctx.export(name + "Mailer", mailer.password);
    ctx.export(name + "Url", Output.format("https://user:%s@example.com/repository.git", token));
    ctx.export(
        name + "Header",
        token.applyValue(
            password -> {
              var login = ("user:" + password).getBytes(StandardCharsets.UTF_8);
              return "Basic " + Base64.getEncoder().encodeToString(login);
            }));
    ctx.export(
        name + "Json", token.applyValue(password -> "{\"password\":\"" + password.strip() + "\"}"));
    ctx.export(
        name + "Created", timeCreated.applyValue(time -> Instant.parse(time).getEpochSecond()));
    ctx.export(name + "Usable", state.applyValue("ACTIVE"::equalsIgnoreCase));
  }

  private static void stack(Context ctx) {
    var config = ctx.config();

    var token =
        new AuthToken(
            "token",
            AuthTokenArgs.builder()
                .userId(config.require("userId"))
                .description("ordinary uses")
                .build());
    var rotating =
        new RotatingAuthToken(
            "rotating",
            RotatingAuthTokenArgs.builder()
                .userId(config.require("otherUserId"))
                .description("ordinary uses")
                .build());
    use(ctx, "token", token.token(), token.state(), token.timeCreated());
    use(ctx, "rotating", rotating.token(), rotating.state(), rotating.timeCreated());

    Output<List<Map<String, String>>> logins =
        Output.all(List.of(token.token(), rotating.token()))
            .applyValue(
                passwords ->
                    passwords.stream()
                        .map(password -> Map.of("user", "user", "password", password))
                        .collect(Collectors.toList()));
    ctx.export("logins", logins);
    ctx.export("tokenId", new MailerArgs(rotating.tokenId()).password);
    ctx.export(
        "last",
        Output.tuple(rotating.previousToken(), rotating.token())
            .applyValue(both -> both.t1.orElse(both.t2)));

    var login =
        OciauthtokenFunctions.getRegistryLogin(
            GetRegistryLoginArgs.builder()
                .userId(token.userId())
                .password(token.token())
                .waitUntilReady(true)
                .build());
    var names =
        OciauthtokenFunctions.getRegistryUser(
            GetRegistryUserArgs.builder().userId(token.userId()).build());
    new Secret(
        "login",
        SecretArgs.builder()
            .type("kubernetes.io/dockerconfigjson")
            .stringData(
                login.applyValue(made -> Map.of(".dockerconfigjson", made.dockerConfigJson())))
            .build());
    ctx.export("loginMailer", new MailerArgs(login.applyValue(made -> made.password())).password);
    ctx.export("username", new MailerArgs(names.applyValue(of -> of.username())).password);
    var access =
        OciauthtokenFunctions.getRegistryToken(
            GetRegistryTokenArgs.builder()
                .scope(names.applyValue(of -> "repository:" + of.namespace() + "/app:pull,push"))
                .build());
    ctx.export("pusher", new MailerArgs(access.applyValue(made -> made.password())).password);
    ctx.export(
        "expires", access.applyValue(made -> Instant.parse(made.timeExpires()).getEpochSecond()));
    ctx.export("image", names.applyValue(of -> of.server() + "/" + of.namespace() + "/app"));
  }
}
