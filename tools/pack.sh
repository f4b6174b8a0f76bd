#!/usr/bin/env bash
# Builds each SDK's package as its registry takes it.
#
#   tools/pack.sh OUT_DIR [SDK_DIR [LANGUAGE]...]
#
# The packages go to OUT_DIR. SDK_DIR, which is sdk unless it is given, is only read. Without a LANGUAGE, all of them are
# packed. A language whose tools are missing is left out, which is an error where CI=true; .NET may be left out anywhere.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=$(realpath -m "${1:?"usage: tools/pack.sh OUT_DIR [SDK_DIR [LANGUAGE]...]"}")
sdk=$(realpath "${2:-$root/sdk}")
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT

# has TOOL REGISTRY: whether a tool is there, and if it is not, whether that is all right.
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

# deliver REGISTRY FILE...: puts what was made into OUT_DIR, and tells so.
deliver() {
  local registry=$1 file
  shift
  for file in "$@"; do
    cp "$file" "$out"
    echo "$registry: ${file##*/}, $(stat -c %s "$file") bytes"
  done
}

# A Go module is fetched from the repository. It is built here as a program that fetches it would build it.
pack_go() {
  local module
  for module in go/*/; do
    go -C "$module" vet -mod=readonly ./...
    echo "Go: ${module%/} builds, and needs no packing"
  done
}

pack_nodejs() {
  cd nodejs
  quietly npm install --no-audit --no-fund --no-package-lock
  # The sources are not in the package, so maps to them would lead nowhere.
  quietly npx --no-install tsc --sourceMap false --declarationMap false
  cp package.json README.md LICENSE bin/
  (cd bin && quietly npm pkg delete scripts devDependencies)
  quietly npm pack ./bin
  deliver npm ./*.tgz
}

pack_python() {
  cd python
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet --disable-pip-version-check build
  # With a fixed date, wheels from the same sources are the same, byte for byte.
  SOURCE_DATE_EPOCH=315619200 quietly "$work/venv/bin/python" -m build --outdir dist .
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

pack_dotnet() {
  cd dotnet
  quietly dotnet pack --nologo --configuration Release --output "$work/nupkg"
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
