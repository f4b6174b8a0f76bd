#!/usr/bin/env bash
# Builds the package of each SDK for its registry.
#
#   tools/pack.sh OUT_DIR [SDK_DIR [LANGUAGE]...]
#
# The packages go to OUT_DIR. SDK_DIR is only read. Its default is sdk. Without a LANGUAGE, all languages are packed. A language
# whose tools are missing is left out. If CI=true, that is an error, except for .NET.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=$(realpath -m "${1:?"usage: tools/pack.sh OUT_DIR [SDK_DIR [LANGUAGE]...]"}")
sdk=$(realpath "${2:-$root/sdk}")
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT

# has TOOL REGISTRY: reports whether a tool is installed. If it is missing and must not be, the script ends.
has() {
  if command -v "$1" >/dev/null; then
    return
  fi
  echo "$2: $1 is missing, not packed"
  if [ "${CI:-}" = true ]; then
    exit 1
  fi
  return 1
}

# quietly COMMAND...: shows what a command prints only if it fails.
quietly() {
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    return 1
  }
}

# deliver REGISTRY FILE...: moves the packages to OUT_DIR, and prints their names.
deliver() {
  local registry=$1 file
  shift
  for file in "$@"; do
    cp "$file" "$out"
    echo "$registry: ${file##*/}, $(stat -c %s "$file") bytes"
  done
}

# Go modules are fetched from the repository. This builds the module in the way that a program which uses it does.
pack_go() {
  local module
  for module in go/*/; do
    go -C "$module" vet -mod=readonly ./...
    echo "Go: ${module%/} builds, and needs no packing"
  done
}

pack_nodejs() {
  cd nodejs
  "$root/tools/toolchain.sh" node
  quietly "$root/.toolchain/bin/pnpm" install --ignore-scripts --prefer-offline --no-lockfile
  # The package does not contain the sources, so source maps would be useless.
  quietly node_modules/.bin/tsc --sourceMap false --declarationMap false
  cp package.json README.md LICENSE bin/
  (cd bin && quietly npm pkg delete scripts devDependencies)
  quietly npm pack ./bin
  deliver npm ./*.tgz
}

pack_python() {
  cd python
  "$root/tools/toolchain.sh" python
  # With a fixed date, wheels from the same sources are identical. uv trusts the authorities that the machine trusts.
  SOURCE_DATE_EPOCH=315619200 UV_SYSTEM_CERTS=true quietly "$root/.toolchain/bin/uv" build --out-dir dist .
  deliver PyPI dist/*
}

pack_java() {
  cd java
  quietly mvn --batch-mode package
  local sources
  sources=$(echo target/*-sources.jar)
  cp pom.xml "${sources%-sources.jar}.pom"
  deliver Maven target/*.pom target/*.jar
}

# The package says which commit its sources are from, so it is built where they are.
#
# NU1603 is about a dependency of Pulumi's package: a source does not have the lowest version that it accepts. Whether dependencies are
# vulnerable is a question of the versions that a program gets.
pack_dotnet() {
  quietly dotnet pack "$sdk/dotnet" --nologo --configuration Release --artifacts-path "$work/artifacts" --output "$work/nupkg" \
    -warnAsError -warnNotAsError:NU1603 -property:NuGetAudit=false
  deliver NuGet "$work"/nupkg/*.nupkg
}

shift $(($# > 2 ? 2 : $#))
languages=("$@")
if [ $# = 0 ]; then
  languages=(go nodejs python java dotnet)
fi
mkdir -p "$out"
cd "$work"
for language in "${languages[@]}"; do
  cp -r "$sdk/$language" .
  case $language in
    go) if has go Go; then (pack_go); fi ;;
    nodejs) if has npm npm; then (pack_nodejs); fi ;;
    python) if has python3 PyPI; then (pack_python); fi ;;
    java) if has mvn Maven; then (pack_java); fi ;;
    dotnet) if CI=false has dotnet NuGet; then (pack_dotnet); fi ;;
  esac
done
