#!/usr/bin/env bash
# Writes the pages that hold examples: each page in tools/docs/pages goes to the same place below OUT_DIR, with the programs
# in provider/examples in every language.
#
#   tools/docs/generate.sh [OUT_DIR]
#
# OUT_DIR is the repository, unless it is given. The examples are translated by the schema that the provider's code gives, not
# by schema.json, which is made later: the pages become a part of it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=$(realpath -m "${1:-$root}")
version=$(<"$root/VERSION")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

go -C "$root" run ./tools/schema >"$work/schema.json"
go -C "$root/tools/docs/yaml" run . -schema "$work/schema.json" -examples "$root/provider/examples" >"$work/pcl.json"
for translator in go-java-nodejs-python dotnet; do
  go -C "$root/tools/docs/$translator" run . -schema "$work/schema.json" <"$work/pcl.json" >"$work/$translator.json"
done
go -C "$root/tools/docs" run . -version "$version" -examples "$root/provider/examples" -out "$out" \
  "$work/go-java-nodejs-python.json" "$work/dotnet.json"
