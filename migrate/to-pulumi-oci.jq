# Makes an import file for @pulumi/oci of the auth tokens that this provider keeps in a stack, values included.
#
#   pulumi stack export --show-secrets | jq -f to-pulumi-oci.jq
#
# With --arg only REGEX it takes the tokens whose URN matches, and leaves the others.
#
# The output is for "pulumi import --file". It holds the values in clear: hand it on in a pipe.

# What an explicit provider of @pulumi/oci may be configured with: all that this provider knows, but for a local endpoint.
def settings: ["auth", "tenancyOcid", "userOcid", "fingerprint", "privateKey", "privateKeyPath", "privateKeyPassword",
  "region", "configFileProfile"];

# decrypted passes what is no secret, and a secret that has been decrypted.
def decrypted($what):
  if type == "object" and has("ciphertext") then error("\($what) is encrypted: export the stack with --show-secrets") else . end;

# go_time is a time in the form "2024-05-17T08:15:30.120Z" as Go prints it, "2024-05-17 08:15:30.12 +0000 UTC".
def go_time:
  [match("^([0-9-]+)T([0-9:]+)(?:\\.([0-9]+))?Z$").captures[].string]
  | if . == [] then null
    else (.[2] // "" | sub("0+$"; "")) as $fraction
      | "\(.[0]) \(.[1])\(if $fraction == "" then "" else "." + $fraction end) +0000 UTC"
    end;

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
  parent: ([component] | first)
};

def provider_entry: entry("pulumi:providers:oci") + {
  inputs: ((.inputs // {}) | with_entries(.key as $key | select(settings | index([$key])) | .value |= decrypted($key)))
} | without_nulls;

# An alias turns a RotatingAuthToken into an AuthToken. Until a refresh, its id is that of the first token, and tokenId is that of the live one.
def id: .outputs.tokenId // .id;

def token_entry:
  { userId: (.inputs.userId // .outputs.userId),
    description: (.inputs.description // .outputs.description // "") } as $inputs
  | entry("oci:Identity/authToken:AuthToken") + {
      id: id,
      provider: ([explicit_provider] | first),
      inputs: $inputs,
      outputs: (.urn as $urn | .outputs | $inputs + {
        token: (.token | decrypted("the value of \($urn)")),
        state: .state,
        inactiveState: .inactiveState,
        timeCreated: (.timeCreated // "" | go_time),
        timeExpires: (.timeExpires // "" | go_time)
      } | without_nulls)
    }
  | without_nulls;

(.deployment.resources? // error("this is not the output of \"pulumi stack export --show-secrets\"")) as $resources
| ($ARGS.named.only // "") as $only
| [ $resources[]
    | select(.type == "ociauthtoken:index:AuthToken" and (.external | not))
    | select(.urn | test($only)) ] as $tokens
| if $tokens == [] then error("the stack has no auth token of this provider, or none whose URN matches") else . end
| [$tokens[] | select(.inputs.domainUrl) | .urn] as $in_domains
| if $in_domains != [] then
    error("\($in_domains | join(", ")): @pulumi/oci has another resource for identity domains, so leave these out with --arg only")
  else . end
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
