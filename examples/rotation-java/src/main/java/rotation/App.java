package rotation;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.kubernetes.core.v1.Secret;
import com.pulumi.kubernetes.core.v1.SecretArgs;
import com.pulumi.kubernetes.meta.v1.inputs.ObjectMetaArgs;
import com.pulumi.resources.CustomResourceOptions;
import io.github.ociauthtoken.OciauthtokenFunctions;
import io.github.ociauthtoken.RotatingAuthToken;
import io.github.ociauthtoken.RotatingAuthTokenArgs;
import io.github.ociauthtoken.inputs.GetRegistryLoginArgs;
import java.util.Map;

/** Keeps a Kubernetes secret with which a cluster pulls images, and rotates its password. */
public final class App {
  private App() {}

  public static void main(String[] args) {
    Pulumi.run(App::stack);
  }

  private static void stack(Context ctx) {
    var config = ctx.config();

    var registryToken =
        new RotatingAuthToken(
            "registryToken",
            RotatingAuthTokenArgs.builder()
                .userId(config.require("userId"))
                .description("image pulls of the cluster")
                .maxAgeDays(90)
                .rotateWhenChanged(Map.of("rotation", config.require("rotation")))
                .build());

    // It returns once the registry accepts the token, which takes a minute or two.
    var login =
        OciauthtokenFunctions.getRegistryLogin(
            GetRegistryLoginArgs.builder()
                .userId(registryToken.userId())
                .password(registryToken.token())
                .waitUntilReady(true)
                .build());

    // Name it in the imagePullSecrets of a pod or of its service account.
    new Secret(
        "pullSecret",
        SecretArgs.builder()
            .metadata(ObjectMetaArgs.builder().name("ocir").build())
            .type("kubernetes.io/dockerconfigjson")
            .stringData(
                login.applyValue(made -> Map.of(".dockerconfigjson", made.dockerConfigJson())))
            .build(),
        // The provider of the SDK's own version would replace the secret, not update it.
        CustomResourceOptions.builder().version("4.34.2").build());

    ctx.export("tokenId", registryToken.tokenId());
    ctx.export("token", registryToken.token());
    ctx.export("previousToken", registryToken.previousToken());
    ctx.export("timeRotationDue", registryToken.timeRotationDue());
  }
}
