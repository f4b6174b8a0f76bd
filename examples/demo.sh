#!/usr/bin/env bash
# "make demo": the life of an auth token, with the real Pulumi engine, against an OCI Identity on this machine.
# Everything happens in a temporary folder, and nothing outside this machine is called.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
emulator_pid=

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

clean_up() {
  trap - EXIT INT TERM
  if [ -n "$emulator_pid" ]; then
    kill "$emulator_pid" 2>/dev/null && wait "$emulator_pid" 2>/dev/null
  fi
  rm -rf "$work"
}
trap clean_up EXIT
trap 'printf "\nInterrupted: cleaning up.\n"; exit 130' INT TERM

export PULUMI_HOME="$work/pulumi" PULUMI_BACKEND_URL="file://$work/state"
export PULUMI_NON_INTERACTIVE=true PULUMI_SUPPRESS_PROGRESS=true
export PULUMI_SKIP_UPDATE_CHECK=true PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true
PULUMI_CONFIG_PASSPHRASE=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export PULUMI_CONFIG_PASSPHRASE
mkdir -p "$PULUMI_HOME" "$work/state"
unset "${!OCI_@}" "${!TF_VAR_@}"

step "Start a local OCI Identity" \
  "It answers as OCI does, checks the signature of every request, and forgets everything when it stops."
"$root/bin/oci-identity-emulator" -dir "$work/oci" -ready-file "$work/ready.json" >"$work/emulator.log" 2>&1 &
emulator_pid=$!
until [ -s "$work/ready.json" ]; do
  kill -0 "$emulator_pid" 2>/dev/null || { cat "$work/emulator.log" >&2; exit 1; }
  sleep 0.05
done
# ready KEY: one field of what the emulator says of itself.
ready() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$work/ready.json" | head -n 1; }
endpoint=$(ready endpoint) user=$(sed -n 's/.*"\(ocid1\.user\.[^"]*\)".*/\1/p' "$work/ready.json" | head -n 1)
export OCI_CLI_CONFIG_FILE
OCI_CLI_CONFIG_FILE=$(ready configFile)
printf '   It listens at %s. Its one user is\n   %s.\n' "$endpoint" "$user"

step "Set up a stack" \
  "The program is examples/yaml/Pulumi.yaml. The endpoint is all that makes it local: without it, it is OCI itself."
run pulumi plugin install resource ociauthtoken "$(cat "$root/VERSION")" --file "$root/bin/pulumi-resource-ociauthtoken"
cp -r "$root/examples/yaml" "$work/program"
cd "$work/program"
run pulumi stack init demo
run pulumi config set ociauthtoken:endpoint "$endpoint"
run pulumi config set userId "$user"

step "Mint a token" "OCI shows its value once, now. It goes into the state, encrypted, and nowhere else."
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
  "Someone made it by hand. It comes under Pulumi's care; its value cannot, for OCI does not show it twice."
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
