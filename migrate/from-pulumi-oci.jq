# Makes an import file of the auth tokens that @pulumi/oci keeps in a stack, values included.
#
#   pulumi stack export --show-secrets | jq -f from-pulumi-oci.jq
#
# With --arg only REGEX it takes the tokens whose URN matches, and leaves the others.
#
# The output is for "pulumi import --file". It holds the values in clear: hand it on in a pipe.

def plugin: "github://api.github.com/ociauthtoken/pulumi-ociauthtoken";

# What an explicit provider of @pulumi/oci may be configured with that this provider knows too.
def settings: ["auth", "tenancyOcid", "userOcid", "fingerprint", "privateKey", "privateKeyPath", "privateKeyPassword",
  "region", "configFileProfile"];
def secret_settings: ["privateKey", "privateKeyPassword"];

# secret is the value as a secret, in the form that import files and states have for it.
def secret($what):
  "4dabf18193072939515e22adb298388d" as $signature
  | if type != "object" or (has($signature) | not) then
      {($signature): "1b47061264138c4ac30d75fd1eb44270", plaintext: tojson}
    elif has("plaintext") then .
    else error("\($what) is encrypted: export the stack with --show-secrets")
    end;

# rfc3339 is a time as Go prints it, "2024-05-17 08:15:30.12 +0000 UTC", in the form "2024-05-17T08:15:30.120Z".
def rfc3339:
  [match("^([0-9-]+) ([0-9:]+)(?:\\.([0-9]+))? \\+0000 UTC").captures[].string]
  | if . == [] then null else "\(.[0])T\(.[1]).\((.[2] // "") + "000" | .[0:3])Z" end;

def without_nulls: with_entries(select(.value != null));

# The name in a URN is all that follows the type. It may hold colons itself.
def name: split("::")[3:] | join("::");

# A reference to a provider is its URN and its id. Pulumi itself makes the providers that are named default.
def explicit_provider:
  (.provider // "") | split("::")[0:4] | join("::")
  | select(. != "" and (name | test("^default(_|$)") | not));

# The component, or other resource, that a resource is below.
def component: (.parent // "") | select(. != "" and (test("::pulumi:pulumi:Stack::") | not));

# In the file, the name of an entry is the URN of what it is made from, for no two of these are the same.
def entry($type): {
  type: $type,
  name: .urn,
  logicalName: (.urn | name),
  pluginDownloadUrl: plugin,
  parent: ([component] | first)
};

def provider_entry: entry("pulumi:providers:ociauthtoken") + {
  inputs: ((.inputs // {}) | with_entries(
    .key as $key
    | select(settings | index([$key]))
    | if secret_settings | index([$key]) then .value |= secret($key) else . end))
} | without_nulls;

# in_domain reports whether a token is the resource for identity domains.
def in_domain: .type == "oci:Identity/domainsAuthToken:DomainsAuthToken";

def token_inputs:
  in_domain as $in_domain
  | .outputs + (.inputs // {} | without_nulls)
  | if $in_domain then
      {userId: .user.ocid, description: (.description // ""), domainUrl: .idcsEndpoint, timeExpires: .expiresOn} | without_nulls
    else {userId: .userId, description: (.description // "")} end;

# In an identity domain, the id of a token in @pulumi/oci is a path that ends with the SCIM id. The domain does not tell the token's state.
def token_entry:
  token_inputs as $inputs
  | in_domain as $in_domain
  | entry("ociauthtoken:index:AuthToken") + {
      id: (.outputs.ocid // (.id | split("/") | last)),
      provider: ([explicit_provider] | first),
      inputs: $inputs,
      outputs: (.urn as $urn | .outputs | {
        token: (.token | if . == null or . == "" then null else secret("the value of \($urn)") end),
        state: (if $in_domain then "" else .state end),
        inactiveState: .inactiveState,
        timeCreated: (.metas[0].created // (.timeCreated // "" | rfc3339)),
        timeExpires: (.timeExpires // "" | rfc3339)
      } | without_nulls | . + $inputs)
    }
  | without_nulls;

(.deployment.resources? // error("this is not the output of \"pulumi stack export --show-secrets\"")) as $resources
| ($ARGS.named.only // "") as $only
| [ $resources[]
    | select((.type == "oci:Identity/authToken:AuthToken" or in_domain) and (.external | not))
    | select(.urn | test($only)) ] as $tokens
| if $tokens == [] then error("the stack has no auth token of @pulumi/oci, or none whose URN matches") else . end
| [$tokens[] | select(.delete) | .urn] as $doomed
| if $doomed != [] then error("let \"pulumi up\" finish the deletion of \($doomed | join(", ")) first") else . end
| ([$tokens[] | explicit_provider] | unique) as $needed
| [$resources[] | select(.urn as $urn | $needed | index([$urn]))] as $providers
| [($providers + $tokens)[].urn] as $moved
| {
    nameTable: ([($providers + $tokens)[] | component | select(. as $parent | $moved | index([$parent]) | not)]
      | map({key: ., value: .}) | from_entries),
    resources: [($providers[] | provider_entry), ($tokens[] | token_entry)]
  }
