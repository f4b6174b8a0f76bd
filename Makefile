# "make help" lists what can be made.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

version := $(shell cat VERSION)

# What tools/toolchain.sh builds comes first; where it built nothing, what the machine has.
export PATH := $(CURDIR)/.toolchain/bin:$(PATH)
export PULUMI_SKIP_UPDATE_CHECK := true

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: build toolchain ## watch a token being minted, changed, imported and revoked, against a local OCI
	@examples/demo.sh

.PHONY: build
build: ## build the plugin and the local OCI Identity into bin/
	@go build -trimpath -ldflags "-s -w -X main.version=$(version)" -o bin/ ./cmd/...

.PHONY: toolchain
toolchain: ## build the Pulumi CLI and its language hosts, unless the machine has them
	@tools/toolchain.sh pulumi

.PHONY: docs
docs: ## write the descriptions and the Registry's pages anew from tools/docs/
	@go -C tools/codegen run -trimpath . pages

.PHONY: schema
schema: docs ## write schema.json anew from provider/
	@go run ./tools/schema > schema.json.new && mv schema.json.new schema.json

.PHONY: sdk
sdk: schema ## write the SDKs in sdk/ anew from the schema
	@go -C tools/codegen run -trimpath . sdk

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

.PHONY: test
test: build toolchain lint dist ## run every test there is
	@tools/toolchain.sh check java tofu
	@gotestsum --format pkgname-and-test-fails -- -race -timeout 40m $$(go list ./... | grep -v /tests/simulation)
	@seed=$$(od -A n -N 5 -t u8 /dev/urandom | tr -d ' '); echo "the simulation's fresh seeds begin at $$seed"; \
		gotestsum --format pkgname-and-test-fails -- -timeout 10m ./tests/simulation -simulation.fresh "$$seed"

.PHONY: soak
soak: ## simulate until stopped, or until a promise breaks
	@go test ./tests/simulation -run TestSimulation -count=1 -timeout 0 -simulation.for 10000h

.PHONY: lint
lint: ## check the format and the style of all code
	@tools/toolchain.sh check release
	@golangci-lint run --allow-parallel-runners ./...
	@actionlint
	@VERSION=$(version) goreleaser check --quiet

.PHONY: bench
bench: toolchain ## measure the plugin against one that does nothing
	@go run ./tools/bench

.PHONY: clean
clean: ## remove everything that was built, the toolchain too
	@rm -rf bin dist .toolchain .demo
