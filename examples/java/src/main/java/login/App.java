package login;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Gson;
import com.pulumi.Context;
import com.pulumi.Pulumi;
import io.github.ociauthtoken.AuthToken;
import io.github.ociauthtoken.AuthTokenArgs;
import java.util.Base64;
import java.util.Map;

/** Mints an OCI auth token, and makes of it the configuration with which docker logs in. */
public final class App {
  private App() {}

  public static void main(String[] args) {
    Pulumi.run(App::stack);
  }

  private static void stack(Context ctx) {
    var config = ctx.config();
    var registry = config.require("registry");
    var registryUser = config.require("registryUser");

    var registryToken =
        new AuthToken(
            "registryToken",
            AuthTokenArgs.builder()
                .userId(config.require("userId"))
                .description(config.require("description"))
                .build());

    // It is a secret because the token in it is one. A token that was imported has no value to log
    // in with.
    var dockerConfig =
        registryToken
            .token()
            .applyValue(token -> token.map(value -> loginTo(registry, registryUser, value)));

    ctx.export("tokenId", registryToken.id());
    ctx.export("tokenState", registryToken.state());
    ctx.export("token", registryToken.token());
    ctx.export("dockerConfig", dockerConfig);
  }

  /** What ~/.docker/config.json holds after "docker login". */
  private static String loginTo(String registry, String user, String password) {
    var auth = Base64.getEncoder().encodeToString((user + ":" + password).getBytes(UTF_8));
    return new Gson().toJson(Map.of("auths", Map.of(registry, Map.of("auth", auth))));
  }
}
