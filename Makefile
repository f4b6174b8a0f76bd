# "make help" lists the targets.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

version := $(shell cat VERSION)
module := github.com/ociauthtoken/pulumi-ociauthtoken

# Compilers, tests and the pulumi command run for seconds. Collecting garbage takes a fifth of their time.
check test race: export GOGC := 800

# The linter needs gigabytes of memory, so it collects garbage sooner.
lint: export GOGC := 400

# javac and Maven run for seconds too: an optimizing compiler does not pay, and another garbage collector takes less memory.
test packages: export MAVEN_OPTS := -XX:TieredStopAtLevel=1 -XX:+UseSerialGC $(MAVEN_OPTS)

# The modules that are linted. People copy the others: the examples and the SDK.
modules := . tools/codegen tools/pulumi-yaml

# What tools/toolchain.sh has built comes first, and then what the machine has.
export PATH := $(CURDIR)/.toolchain/bin:$(PATH)
export PULUMI_SKIP_UPDATE_CHECK := true

# Like a release, tests are built with -trimpath and without debug information. With the same flags everywhere, Go compiles everything once.
flags := -trimpath -gcflags=all=-dwarf=false
export GOFLAGS := $(filter-out $(flags),$(GOFLAGS)) $(flags)

# The plugin of a release records the flags that it is built with: only those in .goreleaser.yaml.
dist release: export GOFLAGS := $(filter-out $(flags),$(GOFLAGS))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build toolchain ## watch a token being created, changed, imported and revoked, against a local OCI
	@examples/demo.sh

.PHONY: build
build: ## build the plugin and the local OCI Identity into bin/, so that a debugger can open them
	@go build -gcflags '$(module)/...=-N -l' -ldflags "-X main.version=$(version)" -o bin/ ./cmd/...

.PHONY: toolchain
toolchain: ## build the Pulumi CLI and its language hosts, unless the machine has them
	@tools/toolchain.sh pulumi

.PHONY: check
check: lint ## the quick tests: lint, generated files, units and the engine; without the network
	@go test -short ./...

# While the quick tests run, the tools for the other tests are built. The simulation needs no tools, so it runs at the same time.
.PHONY: test
test: ## every test there is, the quick ones first
	@$(MAKE) --no-print-directory --jobs 3 quick tools simulation
	@actionlint
	@VERSION=$(version) goreleaser check --quiet
	@gotestsum --format pkgname-and-test-fails -- -p 3 -timeout 40m $$(go list ./provider/... ./tests/... | grep -v /simulation$$)

# The race detector makes the engine four times as slow. Of the tests with the engine, it runs only those in which calls run at once.
.PHONY: quick
quick: lint
	@gotestsum --format pkgname-and-test-fails -- -short -race ./cmd/... ./internal/... ./provider ./provider/infermend ./provider/token
	@gotestsum --format pkgname-and-test-fails -- -short -race -run 'Cancel|Connection|ReadsAtOnce|Others|Principal' \
		./provider/authtoken ./provider/connection ./provider/registry ./provider/rotatingauthtoken ./tests
	@$(MAKE) --no-print-directory cross tidy

.PHONY: simulation
simulation:
	@go test ./tests/simulation -timeout 20m

.PHONY: tools
tools:
	@tools/toolchain.sh pulumi java dotnet python node tofu registry release

.PHONY: race
race: lint ## the quick tests under the race detector
	@gotestsum --format pkgname-and-test-fails -- -short -race -timeout 20m ./cmd/... ./internal/... ./provider/... ./tests

.PHONY: soak
soak: ## simulate until stopped, or until a promise breaks
	@go test ./tests/simulation -run TestSimulation -count=1 -timeout 0 -simulation.for 10000h

.PHONY: oldest
oldest: tools ## test with the oldest Pulumi that is supported, which is built first
	@tools/oldest.sh

.PHONY: lint
lint: ## check the format and the style of all Go code
	@tools/toolchain.sh check
	@for module in $(modules); do (cd $$module && golangci-lint run --allow-parallel-runners ./...); done

.PHONY: cross
cross: ## compile the plugin for Windows, which differs most from where it is tested
	@GOOS=windows go build ./cmd/pulumi-resource-ociauthtoken ./provider

.PHONY: tidy
tidy: ## check that "go mod tidy" would change nothing in the modules that people use or copy
	@for file in go.mod $$(git ls-files 'sdk/*/go.mod' 'examples/*/go.mod'); do go -C "$$(dirname "$$file")" mod tidy -diff; done

.PHONY: vulnerable
vulnerable: ## look for known vulnerabilities that the code reaches
	@tools/toolchain.sh vulnerable
	@govulncheck ./...

.PHONY: bench
bench: toolchain ## measure the plugin against one that makes the same requests and nothing else
	@go run ./tools/bench

.PHONY: docs
docs: ## write the descriptions and the Registry's pages anew from tools/docs/
	@go -C tools/codegen run . pages

.PHONY: schema
schema: docs ## write schema.json anew from provider/
	@go run ./tools/schema > schema.json.new && mv schema.json.new schema.json

.PHONY: sdk
sdk: schema ## write the SDKs in sdk/ anew from the schema
	@go -C tools/codegen run . sdk

.PHONY: picture
picture: build toolchain ## draw docs/up.svg anew from a real run
	@tools/toolchain.sh picture
	@examples/picture.sh

.PHONY: packages
packages: ## build each SDK as its registry takes it into dist/
	@tools/pack.sh dist/packages

.PHONY: dist
dist: ## build the archives of a release into dist/, for every platform
	@tools/toolchain.sh release
	@VERSION=$(version) goreleaser release --snapshot --clean --skip=announce,publish

.PHONY: release
release: ## draft the release of the tag that is checked out
	@tools/toolchain.sh release
	@VERSION=$(version) goreleaser release --clean

.PHONY: clean
clean: ## remove everything that was built, the toolchain too
	@rm -rf bin dist .toolchain
