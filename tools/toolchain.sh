#!/usr/bin/env bash
# Provides the Pulumi CLI and its language hosts; and, where they are asked for, golangci-lint and what makes releases.
#
#   tools/toolchain.sh [pulumi|test|lint|release]...     makes sure they are there; without arguments: pulumi
#
# A Pulumi on PATH that is recent enough is used as it is. What is missing is built, once, from the Go modules pinned in
# tools/*/go.mod into .toolchain/bin.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$root/.toolchain/bin

# The first version whose "pulumi import --file" takes outputs.
oldest_pulumi=3.254.0

say() { printf '%s\n' "$*" >&2; }

# newer_or_same A B: version A is not older than version B.
newer_or_same() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

# has_recent_pulumi: PATH has a recent Pulumi, hosts included, other than the one built here.
has_recent_pulumi() {
  local found version
  found=$(PATH=${PATH//$bin:/} command -v pulumi) || return 1
  version=$("$found" version 2>/dev/null) || return 1
  newer_or_same "${version#v}" "$oldest_pulumi" || return 1
  PATH=${PATH//$bin:/} command -v pulumi-language-yaml >/dev/null
}

# build MODULE MINUTES PACKAGE...: builds the packages of tools/MODULE unless that was done from the same go.mod before.
build() {
  local module=$1 minutes=$2 stamp package name
  shift 2
  stamp=$root/.toolchain/$module.$(cksum <"$root/tools/$module/go.mod" | cut -d ' ' -f 1)
  [ -e "$stamp" ] && return
  mkdir -p "$bin"
  for package in "$@"; do
    name=$(basename "${package%/v[0-9]}")
    say "building $name from source, once ($minutes) ..."
    (cd "$root/tools/$module" && go build -trimpath -ldflags "${ldflags:-} -s -w" -o "$bin/.new" "$package")
    mv "$bin/.new" "$bin/$name"
  done
  touch "$stamp"
}

# module_version MODULE PATH: the version of a dependency that tools/MODULE pins.
module_version() { (cd "$root/tools/$1" && go list -m -f '{{.Version}}' "$2"); }

provide_pulumi() {
  if has_recent_pulumi; then
    say "using $(PATH=${PATH//$bin:/} command -v pulumi)"
    return
  fi
  local version
  version=$(module_version pulumi github.com/pulumi/pulumi/pkg/v3)
  ldflags="-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$version" \
    build pulumi "about 5 minutes" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
  build pulumi-yaml "about 1 minute" github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml
  build language-hosts "seconds" \
    github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go \
    github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs \
    github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python
  # The Python host starts this script, which its module carries beside it.
  local exec_script
  exec_script=$(cd "$root/tools/language-hosts" && go list -m -f '{{.Dir}}' github.com/pulumi/pulumi/sdk/v3)
  install -m 755 "$exec_script/python/cmd/pulumi-language-python-exec" "$bin/"
}

provide_test() {
  build gotestsum "seconds" gotest.tools/gotestsum
}

provide_lint() {
  build golangci-lint "about 2 minutes" github.com/golangci/golangci-lint/v2/cmd/golangci-lint
}

provide_release() {
  build goreleaser "about 3 minutes" github.com/goreleaser/goreleaser/v2
  build actionlint "seconds" github.com/rhysd/actionlint/cmd/actionlint
}

for tool in "${@:-pulumi}"; do
  "provide_$tool"
done
