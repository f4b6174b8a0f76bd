package login;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.core.Output;
import io.github.ociauthtoken.AuthToken;
import java.util.Objects;

/** Looks one token up by each form of its id. */
public final class App {
  private App() {}

  public static void main(String[] args) {
    Pulumi.run(App::stack);
  }

  private static void stack(Context ctx) {
    var config = ctx.config();
    var longForm = AuthToken.get("long", Output.of(config.require("long")), null);
    var shortForm = AuthToken.get("short", Output.of(config.require("short")), null);

    ctx.export("longDescription", longForm.description());
    ctx.export("longState", longForm.state());
    ctx.export("longToken", longForm.token());
    ctx.export("longTokenIs", longForm.token().applyValue(Objects::toString));
    ctx.export("shortDescription", shortForm.description());
    ctx.export("shortUserId", shortForm.userId());
  }
}
