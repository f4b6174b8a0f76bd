#!/usr/bin/env bash
# Provides the tools that "make" runs, in .toolchain/bin.
#
#   tools/toolchain.sh [pulumi|java|dotnet|python|node|tofu|registry|check|vulnerable|release|picture]...
#
#   pulumi      the Pulumi CLI and its language hosts (the default)
#   java        Pulumi's language host for Java
#   dotnet      Pulumi's language host for .NET
#   python      uv, which makes environments of Python
#   node        pnpm, which installs packages for Node.js
#   tofu        OpenTofu, instead of Terraform
#   registry    a container registry and its client, for the tests
#   check       golangci-lint, gotestsum
#   vulnerable  govulncheck
#   release     goreleaser, cyclonedx-gomod, actionlint
#   picture     freeze, which draws what a terminal shows
#
# A Pulumi on PATH is used if it is recent enough. A Terraform on PATH is used too. Other tools are built, and built again when the
# go.mod in tools/ that pins them has changed. uv is installed from PyPI, and pnpm from npm.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$root/.toolchain/bin

# The oldest version of Pulumi that is supported. "make oldest" runs the tests with it.
oldest_pulumi=3.258.0

say() { printf '%s\n' "$*" >&2; }

# newer_or_same A B: reports whether version A is not older than version B.
newer_or_same() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

# elsewhere NAME: prints the path of a program on PATH other than the one built here.
elsewhere() { PATH=${PATH//$bin:/} command -v "$1"; }

# has_recent_pulumi: reports whether PATH has a recent Pulumi with its language hosts.
has_recent_pulumi() {
  local found version
  found=$(elsewhere pulumi) || return 1
  version=$("$found" version 2>/dev/null) || return 1
  newer_or_same "${version#v}" "$oldest_pulumi" || return 1
  elsewhere pulumi-language-yaml >/dev/null
}

# build MODULE MINUTES PACKAGE...: builds programs that tools/MODULE/go.mod pins, unless it has built them from the same go.mod.
# A stamp in .toolchain says that a program is complete.
build() {
  local module=$1 minutes=$2 package name sum
  shift 2
  sum=$(cksum <"$root/tools/$module/go.mod" | cut -d ' ' -f 1)
  mkdir -p "$bin"
  for package in "$@"; do
    name=$(basename "${package%/v[0-9]}")
    [ -e "$root/.toolchain/$name.$sum" ] && continue
    say "building $name from source, once ($minutes) ..."
    go -C "$root/tools/$module" build -trimpath -gcflags=all=-dwarf=false -ldflags "${ldflags:-} -s -w" -o "$bin/$name.new" "$package"
    mv "$bin/$name.new" "$bin/$name"
    touch "$root/.toolchain/$name.$sum"
  done
}

# module MODULE FORMAT PATH: prints what "go list -m" says about a dependency of tools/MODULE.
module() { go -C "$root/tools/$1" list -m -f "$2" "$3"; }

provide_pulumi() {
  if has_recent_pulumi; then
    say "using $(elsewhere pulumi)"
    return
  fi
  ldflags="-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$(module pulumi '{{.Version}}' github.com/pulumi/pulumi/pkg/v3)" \
    build pulumi "about 5 minutes" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
  build pulumi-yaml "about 1 minute" github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml
  build language-hosts "seconds" \
    github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go \
    github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs \
    github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python
  # The Python host starts this script, which is part of its module.
  [ -e "$bin/pulumi-language-python-exec" ] || install -m 755 \
    "$(module language-hosts '{{.Dir}}' github.com/pulumi/pulumi/sdk/v3)/python/cmd/pulumi-language-python-exec" "$bin/"
}

provide_java() {
  elsewhere pulumi-language-java >/dev/null ||
    build codegen "about 1 minute" github.com/pulumi/pulumi-java/pkg/cmd/pulumi-language-java
}

# Without .NET, nothing needs it.
provide_dotnet() {
  command -v dotnet >/dev/null || return 0
  elsewhere pulumi-language-dotnet >/dev/null ||
    build codegen "about 1 minute" github.com/pulumi/pulumi-dotnet/pulumi-language-dotnet/v3
}

# Without Python, nothing needs uv.
provide_python() {
  local requirements=$root/tools/python/requirements.txt sum
  command -v python3 >/dev/null || return 0
  sum=$(cksum <"$requirements" | cut -d ' ' -f 1)
  [ -e "$root/.toolchain/uv.$sum" ] && return
  say "installing uv, once (seconds) ..."
  mkdir -p "$bin"
  rm -rf "$root/.toolchain/uv"
  python3 -m venv "$root/.toolchain/uv"
  "$root/.toolchain/uv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  ln -sf ../uv/bin/uv "$bin/uv"
  touch "$root/.toolchain/uv.$sum"
}

# Without npm, nothing needs pnpm.
provide_node() {
  local manifest=$root/tools/node/package.json folder=$root/.toolchain/pnpm sum
  command -v npm >/dev/null || return 0
  sum=$(cksum <"$manifest" | cut -d ' ' -f 1)
  [ -e "$root/.toolchain/pnpm.$sum" ] && return
  say "installing pnpm, once (seconds) ..."
  rm -rf "$folder"
  mkdir -p "$folder" "$bin"
  cp "$manifest" "$folder/"
  npm install --prefix "$folder" --ignore-scripts --prefer-offline --no-audit --no-fund --no-package-lock --silent
  # This program starts the one for this platform, which otherwise the package's installation script would put in place.
  chmod +x "$folder/node_modules/pnpm/bin/pnpm.mjs"
  ln -sf ../pnpm/node_modules/pnpm/bin/pnpm.mjs "$bin/pnpm"
  touch "$root/.toolchain/pnpm.$sum"
}

provide_tofu() {
  elsewhere terraform >/dev/null || elsewhere tofu >/dev/null ||
    build moving "about 3 minutes" github.com/opentofu/opentofu/cmd/tofu
}

provide_check() {
  build check "about 3 minutes for all" \
    gotest.tools/gotestsum \
    github.com/golangci/golangci-lint/v2/cmd/golangci-lint
}

provide_vulnerable() {
  build check "seconds" golang.org/x/vuln/cmd/govulncheck
}

provide_release() {
  build release "about 3 minutes for all" \
    github.com/rhysd/actionlint/cmd/actionlint \
    github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod \
    github.com/goreleaser/goreleaser/v2
}

provide_registry() {
  build registry "about 1 minute" github.com/google/go-containerregistry/cmd/crane \
    github.com/ociauthtoken/pulumi-ociauthtoken/tools/registry
}

provide_picture() {
  build release "seconds" github.com/charmbracelet/freeze
}

for tool in "${@:-pulumi}"; do
  "provide_$tool"
done
