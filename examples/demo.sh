#!/usr/bin/env bash
# "make demo": the life of an auth token, with the real Pulumi engine, against an OCI Identity on this machine.
# Everything happens in a temporary folder, and nothing outside this machine is called.
set -euo pipefail

# shellcheck source=local-oci.sh
. "$(dirname "${BASH_SOURCE[0]}")/local-oci.sh"

bold() { if [ -t 1 ]; then printf '\033[1m%s\033[0m\n' "$*"; else printf '%s\n' "$*"; fi; }
number=0
step() {
  number=$((number + 1))
  printf '\n'
  bold "$number. $1"
  printf '   %s\n\n' "${@:2}"
}
run() {
  printf '   $'
  local word
  for word in "$@"; do
    case $word in
      *' '*) printf " '%s'" "$word" ;;
      *) printf ' %s' "${word/#$root\//}" ;;
    esac
  done
  printf '\n'
  "$@" 2>&1 | sed 's/^/   /'
}

step "Start a local OCI Identity" \
  "It answers as OCI does, checks the signature of every request, and forgets everything when it stops."
start_oci
printf '   It listens at %s. Its one user is\n   %s.\n' "$endpoint" "$user"

step "Set up a stack" \
  "The program is examples/yaml/Pulumi.yaml. The endpoint is all that makes it local: without it, it is OCI itself."
run pulumi plugin install resource ociauthtoken "$(cat "$root/VERSION")" --file "$root/bin/pulumi-resource-ociauthtoken"
cp -r "$root/examples/yaml" "$work/program"
cd "$work/program"
run pulumi stack init demo
run pulumi config set ociauthtoken:endpoint "$endpoint"
run pulumi config set userId "$user"

step "Create a token" "OCI shows its value only now. It is kept in the state, encrypted, and nowhere else."
run pulumi up --yes --skip-preview
printf '\n'
run pulumi stack output
printf '\n   Pulumi shows [secret]. To see it, one has to ask for it: pulumi stack output token --show-secrets\n'

step "Change the description" "It is updated in place: the token stays what it is, and so does all that depends on it."
run pulumi config set description "docker login from the new CI"
run pulumi preview --diff
printf '\n'
run pulumi up --yes --skip-preview

step "Refresh" "Pulumi asks OCI what is there, and finds what it expects."
run pulumi refresh --yes --skip-preview

step "Import a second token" \
  "Someone has created it by hand. Pulumi manages it from now on, but does not know its value: OCI shows it only once."
second=$(curl --silent --show-error --fail --request POST --data '{"description": "made by hand"}' \
  "$endpoint/_emulator/users/$user/tokens" | sed -n 's/.*"id": *"\([^"]*\)".*/\1/p')
run pulumi import ociauthtoken:index:AuthToken second "users/$user/authTokens/$second" \
  --yes --skip-preview --protect=false

step "Destroy" "Both tokens are revoked."
run pulumi destroy --yes --skip-preview
left=$(curl --silent --show-error --fail "$endpoint/_emulator/users/$user/tokens")
printf '\n   What OCI still lists for the user: %s\n' "$left"

printf '\n'
bold "That is all. The local OCI is stopped and the temporary folder removed."
