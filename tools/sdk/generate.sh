#!/usr/bin/env bash
# Generates the SDKs from schema.json, for the version in VERSION.
#
#   tools/sdk/generate.sh [OUT_DIR]
#
# OUT_DIR is sdk, unless it is given. The folders of the languages below it are replaced.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
out=$(realpath -m "${1:-$root/sdk}")
version=0.1.0
if [ -e "$root/VERSION" ]; then
  version=$(<"$root/VERSION")
fi

echo "generating the SDKs, version $version, from schema.json"
for generator in go-java-nodejs-python dotnet; do
  go -C "$root/tools/sdk/$generator" run . \
    -schema "$root/schema.json" -license "$root/LICENSE" -version "$version" -out "$out"
done
