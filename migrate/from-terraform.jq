# Makes an import file of the auth tokens in a Terraform state, values included.
#
#   terraform state pull | jq -f from-terraform.jq
#
# With --arg only REGEX it takes the tokens whose address matches, and leaves the others.
#
# The output is for "pulumi import --file". It holds the values in clear: hand it on in a pipe.
#
# With --arg moved IDS, the ids of tokens in Pulumi on a line each, it prints the addresses of these tokens instead, quoted for the shell.

def secret: {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", plaintext: tojson};

# rfc3339 is a time as Go prints it, "2024-05-17 08:15:30.12 +0000 UTC", in the form "2024-05-17T08:15:30.120Z".
def rfc3339:
  [match("^([0-9-]+) ([0-9:]+)(?:\\.([0-9]+))? \\+0000 UTC").captures[].string]
  | if . == [] then null else "\(.[0])T\(.[1]).\((.[2] // "") + "000" | .[0:3])Z" end;

def without_nulls: with_entries(select(.value != null));

# address is where an instance of a resource is, as "terraform state list" prints it.
def address($resource):
  (if $resource.module then $resource.module + "." else "" end)
  + "\($resource.type).\($resource.name)"
  + (if has("index_key") then "[\(.index_key | tojson)]" else "" end);

# A resource in Pulumi has a name of its own: what tells an address from others, in words with hyphens between them.
def plain_name:
  gsub("(^|\\.)(module|oci_identity_(domains_)?auth_token)\\."; ".") | gsub("[^A-Za-z0-9_]+"; "-") | gsub("^-|-$"; "");

# Two addresses may come to the same name. The second is numbered.
def numbered:
  reduce .[] as $entry ([];
    [.[].name] as $taken
    | first(($entry.name, "\($entry.name)-\(range(2; 1000))") | select(. as $name | $taken | index([$name]) | not)) as $name
    | . + [$entry + {name: $name}]);

# id is the id of a token in Pulumi. In an identity domain, the id in Terraform is a path that ends with the SCIM id.
def id: .attributes | if (.ocid // "") != "" then .ocid else .id | split("/") | last end;

# in_domain reports whether a token is the resource for identity domains.
def in_domain: .type == "oci_identity_domains_auth_token";

def inputs:
  in_domain as $in_domain
  | .attributes
  | if $in_domain then
      { userId: .user[0].ocid, description: (.description // ""), domainUrl: .idcs_endpoint,
        timeExpires: (if (.expires_on // "") == "" then null else .expires_on end) } | without_nulls
    else {userId: .user_id, description: (.description // "")} end;

# A domain does not tell the state of a token.
def entry:
  inputs as $inputs
  | in_domain as $in_domain
  | { type: "ociauthtoken:index:AuthToken",
      name: (.address | plain_name),
      id: id,
      pluginDownloadUrl: "github://api.github.com/ociauthtoken/pulumi-ociauthtoken",
      inputs: $inputs,
      outputs: (.attributes | {
        token: (.token | if . == null or . == "" then null else secret end),
        state: (if $in_domain then "" else .state end),
        inactiveState: .inactive_state,
        timeCreated: (.meta[0].created // (.time_created // "" | rfc3339)),
        timeExpires: (.time_expires // "" | rfc3339)
      } | without_nulls | . + $inputs)
    };

if .version != 4 then error("this is not the output of \"terraform state pull\"") else . end
| ($ARGS.named.only // "") as $only
| [ (.resources // [])[] | . as $resource
    | select(.mode == "managed" and (.type == "oci_identity_auth_token" or in_domain))
    | (.instances // [])[] | . + {address: address($resource), type: $resource.type}
    | select(.address | test($only)) ] as $tokens
| if $tokens == [] then error("the state has no oci_identity_auth_token and no oci_identity_domains_auth_token, or none whose address matches") else . end
| [$tokens[] | select(.deposed) | .address] as $doomed
| if $doomed != [] then
    error("let \"terraform apply\" finish the replacement of \($doomed | join(", ")) first") else . end
| [$tokens[] | select(.attributes == null) | .address] as $empty
| if $empty != [] then
    error("the state has no attributes of \($empty | join(", ")): run \"terraform apply -refresh-only\", or leave these out with --arg only")
  else . end
| [$tokens[] | select(inputs | .userId == null or .userId == "") | .address] as $nobodys
| if $nobodys != [] then
    error("the state does not say whose \($nobodys | join(", ")) is: run \"terraform apply -refresh-only\", or leave it out with --arg only")
  else . end
| [$tokens[] | select(in_domain and (inputs | .domainUrl == null or .domainUrl == "")) | .address] as $nowhere
| if $nowhere != [] then
    error("the state has no idcs_endpoint of \($nowhere | join(", ")): run \"terraform apply -refresh-only\", or leave it out with --arg only")
  else . end
| if $ARGS.named | has("moved") then
    ($ARGS.named.moved | split("\n")) as $moved | [$tokens[] | select(id | IN($moved[])) | .address] | @sh
  else {resources: ([$tokens[] | entry] | numbered)} end
