# shellcheck shell=bash
# Sourced by demo.sh and picture.sh. Starts an OCI Identity on this machine, and points Pulumi at it and at a folder that is
# removed at the end. Nothing outside this machine is called.
#
# It sets root, the repository; work, the temporary folder; endpoint; and user, the OCID of the one user.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
emulator_pid=

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

# ready KEY: one field of what the emulator says of itself.
ready() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$work/ready.json" | head -n 1; }

start_oci() {
  "$root/bin/oci-identity-emulator" -dir "$work/oci" -ready-file "$work/ready.json" >"$work/emulator.log" 2>&1 &
  emulator_pid=$!
  until [ -s "$work/ready.json" ]; do
    kill -0 "$emulator_pid" 2>/dev/null || { cat "$work/emulator.log" >&2; exit 1; }
    sleep 0.05
  done
  endpoint=$(ready endpoint)
  user=$(sed -n 's/.*"\(ocid1\.user\.[^"]*\)".*/\1/p' "$work/ready.json" | head -n 1)
  OCI_CLI_CONFIG_FILE=$(ready configFile)
  export endpoint user OCI_CLI_CONFIG_FILE
}
