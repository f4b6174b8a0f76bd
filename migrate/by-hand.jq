# Makes an import file of an auth token that was made by hand, and whose value comes on standard input.
#
#   ... | jq -R -f by-hand.jq --arg name NAME --arg user USER-OCID --arg id TOKEN-OCID --arg description TEXT
#
# The description must be that of the token, or the next "pulumi up" changes it. For a user in an identity domain other than
# Default, add --arg domainUrl URL; and --arg timeExpires TIME, if the token expires.
#
# The output is for "pulumi import --file". It holds the value in clear: hand it on in a pipe.

sub("\r$"; "") as $value
| if $value == "" then error("standard input holds no value") else . end
| ({userId: $user, description: $description} + ($ARGS.named | {domainUrl, timeExpires} | with_entries(select(.value != null))))
  as $inputs
| {
    resources: [{
      type: "ociauthtoken:index:AuthToken",
      name: $name,
      id: $id,
      pluginDownloadUrl: "github://api.github.com/ociauthtoken/pulumi-ociauthtoken",
      inputs: $inputs,
      outputs: ($inputs + {
        token: {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", plaintext: ($value | tojson)}
      })
    }]
  }
