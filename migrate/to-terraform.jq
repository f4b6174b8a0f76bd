# Adds the auth tokens that this provider keeps in a stack to a Terraform state, values included.
#
#   jq -s -f to-terraform.jq <(terraform state pull) <(pulumi stack export --show-secrets)
#
# With --arg only REGEX it takes the tokens whose URN matches, and leaves the others. With --arg provider SOURCE, such as hashicorp/oci, it is
# the source of OCI's provider in the configuration. Otherwise it is that in the state, or oracle/oci.
#
# The output is for "terraform state push -". It holds the values in clear: hand it on in a pipe.
#
# A token becomes oci_identity_auth_token.NAME, with the name that it has in Pulumi. A token that the state has already, from
# "terraform import", stays at its address and gets its value, which an import does not bring along.

# value is what is in a secret that has been decrypted.
def value($what):
  if type != "object" then .
  elif has("plaintext") then .plaintext | fromjson
  else error("\($what) is encrypted: export the stack with --show-secrets")
  end;

# go_time is a time in the form "2024-05-17T08:15:30.120Z" as Go prints it, "2024-05-17 08:15:30.12 +0000 UTC".
def go_time:
  [match("^([0-9-]+)T([0-9:]+)(?:\\.([0-9]+))?Z$").captures[].string]
  | if . == [] then null
    else (.[2] // "" | sub("0+$"; "")) as $fraction
      | "\(.[0]) \(.[1])\(if $fraction == "" then "" else "." + $fraction end) +0000 UTC"
    end;

# terraform_name is a name as Terraform takes it.
def terraform_name: gsub("[^A-Za-z0-9_-]+"; "-") | if test("^[A-Za-z_]") then . else "_" + . end;

# An alias turns a RotatingAuthToken into an AuthToken. Until a refresh, its id is that of the first token, and tokenId is that of the live one.
def id: .outputs.tokenId // .id;

def attributes: .urn as $urn | .inputs as $inputs | id as $id | .outputs | {
  id: $id,
  user_id: ($inputs.userId // .userId),
  description: ($inputs.description // .description // "" | value("the description of \($urn)")),
  token: (.token | value("the value of \($urn)")),
  state: .state,
  inactive_state: .inactiveState,
  time_created: (.timeCreated // "" | go_time),
  time_expires: (.timeExpires // "" | go_time),
  timeouts: null
};

# provider is OCI's provider as the state names it.
def provider:
  ($ARGS.named.provider // "") as $source
  | if $source != "" then "provider[\"\(["registry.terraform.io"] + ($source | split("/")) | .[-3:] | join("/"))\"]"
    else
      first(.resources[].provider | strings | match("^(?:.*\\.)?(provider\\[\"[^\"]*/oci\"\\])").captures[0].string)
      // "provider[\"registry.terraform.io/oracle/oci\"]"
    end;

# put gives the instance with the token's id the token's attributes, or else adds a resource.
def put($name; $token):
  if any(.resources[].instances[].attributes; .id == $token.id) then
    (.resources[].instances[] | select(.attributes.id == $token.id) | .attributes) |= . + $token
  elif any(.resources[]; .mode == "managed" and .type == "oci_identity_auth_token" and .name == $name and (.module | not)) then
    error("the Terraform state has another oci_identity_auth_token.\($name): rename one of them with \"terraform state mv\"")
  else
    .resources += [{
      mode: "managed",
      type: "oci_identity_auth_token",
      name: $name,
      provider: provider,
      instances: [{schema_version: 0, attributes: $token, sensitive_attributes: []}]
    }]
  end;

([.[].deployment.resources | values] | first // error("there is no output of \"pulumi stack export --show-secrets\"")) as $resources
| ($ARGS.named.only // "") as $only
| [ $resources[]
    | select(.type == "ociauthtoken:index:AuthToken" and (.external | not) and (.delete | not))
    | select(.urn | test($only))
    | if .inputs.domainUrl then
        error("\(.urn): Terraform has another resource for identity domains, so leave it out with --arg only")
      else . end
    | {name: (.urn | split("::")[3:] | join("::") | terraform_name), attributes: attributes} ] as $tokens
| if $tokens == [] then error("the stack has no auth token of this provider, or none whose URN matches") else . end
# Of a state that is still empty, "terraform state pull" prints nothing. A lineage is any text that no other state has.
| ([.[] | select(has("lineage"))] | first //
    {version: 4, terraform_version: "1.0.0", serial: 0, lineage: $tokens[0].attributes.id, outputs: {}, resources: []})
| .serial += 1
| reduce $tokens[] as $token (.; put($token.name; $token.attributes))
