package login;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import io.github.ociauthtoken.AuthToken;
import io.github.ociauthtoken.AuthTokenArgs;
import io.github.ociauthtoken.OciauthtokenFunctions;
import io.github.ociauthtoken.inputs.GetRegistryLoginArgs;
import io.github.ociauthtoken.outputs.GetRegistryLoginResult;

/** Mints an OCI auth token, and makes of it the configuration with which docker logs in. */
public final class App {
  private App() {}

  public static void main(String[] args) {
    Pulumi.run(App::stack);
  }

  private static void stack(Context ctx) {
    var config = ctx.config();

    var registryToken =
        new AuthToken(
            "registryToken",
            AuthTokenArgs.builder()
                .userId(config.require("userId"))
                .description(config.require("description"))
                .build());

    // It returns once the registry accepts the token, which takes a minute or two.
    var login =
        OciauthtokenFunctions.getRegistryLogin(
            GetRegistryLoginArgs.builder()
                .userId(registryToken.userId())
                .password(registryToken.token())
                .waitUntilReady(true)
                .build());

    ctx.export("tokenId", registryToken.id());
    ctx.export("tokenState", registryToken.state());
    ctx.export("token", registryToken.token());
    // What ~/.docker/config.json holds after "docker login": a secret, as the token is.
    ctx.export("dockerConfig", login.applyValue(GetRegistryLoginResult::dockerConfigJson));
  }
}
