#!/usr/bin/env bash
# "make picture": draws docs/up.svg, what "pulumi up" shows of examples/yaml, run against an OCI Identity on this machine.
set -euo pipefail

# shellcheck source=local-oci.sh
. "$(dirname "${BASH_SOURCE[0]}")/local-oci.sh"

start_oci
{
  pulumi plugin install resource ociauthtoken "$(cat "$root/VERSION")" --file "$root/bin/pulumi-resource-ociauthtoken"
  cp -r "$root/examples/yaml" "$work/program"
  cd "$work/program"
  pulumi stack init demo
  pulumi config set ociauthtoken:endpoint "$endpoint"
  pulumi config set userId "$user"
} >&2

shown() {
  printf '\033[1m$ %s\033[0m\n' "$*"
  "$@" --color always
  printf '\n'
}
{
  shown pulumi up --yes --skip-preview
  shown pulumi stack output
} >"$work/shown"
# The OCIDs are those of this run, and too long to look at.
sed -E 's/(ocid1\.[a-z]+\.oc1\.\.[a-z0-9]{8})[a-z0-9]+/\1.../g' "$work/shown" |
  freeze --language ansi --font.family 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace' --font.size 13 \
    --window --border.radius 8 --output "${1:-$root/docs/up.svg}"
