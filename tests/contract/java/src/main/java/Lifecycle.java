import com.fasterxml.jackson.databind.ObjectMapper;
import com.oracle.bmc.auth.ConfigFileAuthenticationDetailsProvider;
import com.oracle.bmc.auth.SimpleAuthenticationDetailsProvider;
import com.oracle.bmc.identity.IdentityClient;
import com.oracle.bmc.identity.model.AuthToken;
import com.oracle.bmc.identity.model.CreateAuthTokenDetails;
import com.oracle.bmc.identity.model.UpdateAuthTokenDetails;
import com.oracle.bmc.identity.requests.CreateAuthTokenRequest;
import com.oracle.bmc.identity.requests.DeleteAuthTokenRequest;
import com.oracle.bmc.identity.requests.ListAuthTokensRequest;
import com.oracle.bmc.identity.requests.UpdateAuthTokenRequest;
import com.oracle.bmc.identity.responses.CreateAuthTokenResponse;
import com.oracle.bmc.model.BmcException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Drives a local OCI Identity through the life of an auth token with OCI's Java SDK, and prints what it saw as JSON. */
final class Lifecycle {
  private final IdentityClient client;
  private final String userId;

  private Lifecycle(IdentityClient client, String userId) {
    this.client = client;
    this.userId = userId;
  }

  public static void main(String[] args) throws Exception {
    String endpoint = args[0];
    var provider = new ConfigFileAuthenticationDetailsProvider(args[1], "DEFAULT");
    Map<String, Object> seen;
    try (IdentityClient client = IdentityClient.builder().endpoint(endpoint).build(provider)) {
      seen = new Lifecycle(client, args[2]).run();
    }
    var stranger = withUnknownKey(provider);
    try (IdentityClient client = IdentityClient.builder().endpoint(endpoint).build(stranger)) {
      seen.put("unknownKey", refusal(() -> new Lifecycle(client, args[2]).list()));
    }
    System.out.println(new ObjectMapper().writeValueAsString(seen));
  }

  /** Returns the caller with a key that OCI does not know. */
  static SimpleAuthenticationDetailsProvider withUnknownKey(ConfigFileAuthenticationDetailsProvider caller) {
    return SimpleAuthenticationDetailsProvider.builder()
        .tenantId(caller.getTenantId())
        .userId(caller.getUserId())
        .fingerprint("00:".repeat(15) + "00")
        .privateKeySupplier(caller::getPrivateKey)
        .build();
  }

  private Map<String, Object> run() throws Exception {
    CreateAuthTokenResponse first = create("one");
    AuthToken token = first.getAuthToken();
    create("two");
    String third = refusal(() -> create("three"));
    List<AuthToken> listed = list();
    AuthToken updated =
        client
            .updateAuthToken(
                UpdateAuthTokenRequest.builder()
                    .userId(userId)
                    .authTokenId(token.getId())
                    .updateAuthTokenDetails(UpdateAuthTokenDetails.builder().description("new").build())
                    .build())
            .getAuthToken();
    String stale = refusal(() -> delete(token.getId(), first.getEtag()));
    for (AuthToken entry : listed) {
      delete(entry.getId(), null);
    }
    String again = refusal(() -> delete(token.getId(), null));

    byte[] value = token.getToken().getBytes(StandardCharsets.UTF_8);
    Map<String, Object> seen = new LinkedHashMap<>();
    seen.put("id", token.getId());
    seen.put("valueSHA256", HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(value)));
    seen.put("state", token.getLifecycleState().getValue());
    seen.put("created", token.getTimeCreated().toInstant().toString());
    seen.put("third", third);
    seen.put("listed", listed.stream().map(AuthToken::getDescription).sorted().toList());
    seen.put("listedValues", listed.stream().filter(entry -> entry.getToken() != null).count());
    seen.put("updated", updated.getDescription());
    seen.put("updatedValue", updated.getToken() != null);
    seen.put("stale", stale);
    seen.put("again", again);
    seen.put("left", list().size());
    return seen;
  }

  private CreateAuthTokenResponse create(String description) {
    return client.createAuthToken(
        CreateAuthTokenRequest.builder()
            .userId(userId)
            .createAuthTokenDetails(CreateAuthTokenDetails.builder().description(description).build())
            .build());
  }

  private List<AuthToken> list() {
    return client.listAuthTokens(ListAuthTokensRequest.builder().userId(userId).build()).getItems();
  }

  private void delete(String id, String ifMatch) {
    client.deleteAuthToken(
        DeleteAuthTokenRequest.builder().userId(userId).authTokenId(id).ifMatch(ifMatch).build());
  }

  /** What a call that must fail is answered. */
  private static String refusal(Runnable call) {
    try {
      call.run();
      return "no refusal";
    } catch (BmcException error) {
      return error.getStatusCode() + " " + error.getServiceCode();
    }
  }
}
