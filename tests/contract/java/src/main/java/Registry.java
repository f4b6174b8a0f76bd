import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.oracle.bmc.auth.BasicAuthenticationDetailsProvider;
import com.oracle.bmc.auth.ConfigFileAuthenticationDetailsProvider;
import com.oracle.bmc.http.signing.DefaultRequestSigner;
import com.oracle.bmc.http.signing.SigningStrategy;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Asks for access tokens of the container registry, and prints what it saw as JSON. OCI's Java SDK signs the requests. Its client of the
 * registry is a package of its own, which not every mirror of Maven Central has.
 */
final class Registry {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    String address = args[0] + "/20180419/docker/token";
    var provider = new ConfigFileAuthenticationDetailsProvider(args[1], "DEFAULT");
    JsonNode everything = JSON.readTree(ask(provider, address).body());
    String scope = "?scope=" + URLEncoder.encode(args[2], StandardCharsets.UTF_8);
    JsonNode token = JSON.readTree(ask(provider, address + scope).body());
    HttpResponse<String> refused = ask(Lifecycle.withUnknownKey(provider), address);

    Map<String, Object> seen = new LinkedHashMap<>();
    seen.put("everythingSHA256", hashed(everything.path("token").asText()));
    seen.put("valueSHA256", hashed(token.path("token").asText()));
    seen.put("same", token.path("token").equals(token.path("access_token")));
    seen.put("scope", token.path("scope").asText());
    seen.put("expiresIn", token.path("expires_in").asInt());
    seen.put("unknownKey", refused.statusCode() + " " + JSON.readTree(refused.body()).path("code").asText());
    System.out.println(JSON.writeValueAsString(seen));
  }

  private static HttpResponse<String> ask(BasicAuthenticationDetailsProvider provider, String address) throws Exception {
    URI uri = URI.create(address);
    var request = HttpRequest.newBuilder(uri);
    DefaultRequestSigner.createRequestSigner(provider, SigningStrategy.STANDARD)
        .signRequest(uri, "get", Map.of(), null)
        .forEach(
            (name, value) -> {
              if (!name.equalsIgnoreCase("host")) { // The client sends it by itself.
                request.header(name, value);
              }
            });
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String hashed(String value) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance("SHA-256").digest(value.getBytes(StandardCharsets.UTF_8)));
  }
}
