# Tocsin. `make` or `make help` lists what there is to do.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test check lint build histories fuzz chaos bench clean

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  Arguments: make demo ARGS="--exit --policy chinesepod"'

demo: ## Run a whole incident on this machine and watch it; installs PostgreSQL if it is missing
ifndef BUILT
	@scripts/ensure-postgres.sh
	@scripts/build-progress.sh -ldflags '$(LDFLAGS)' -o bin/tocsin-standalone ./cmd/tocsin-standalone
endif
	@exec bin/tocsin-standalone demo $(ARGS)

test: ## Install what is missing, then run all checks and tests
	@scripts/test.sh all

check: ## The fast loop: everything that does without the Temporal server
	@scripts/test.sh fast

lint: ## gofmt, go vet, golangci-lint and workflowcheck
	@scripts/test.sh lint

build: ## Build the programs into bin/
	@set -e; for c in $(notdir $(patsubst %/main.go,%,$(wildcard cmd/*/main.go))); do \
		scripts/build-progress.sh -ldflags '$(LDFLAGS)' -o bin/$$c ./cmd/$$c; done

histories: ## Record workflow histories for the replay test: make histories RELEASE=0.1
	@scripts/ensure-postgres.sh
	TOCSIN_RECORD_HISTORIES="$(CURDIR)/workflows/testdata/histories/$(or $(RELEASE),dev)" go test ./internal/e2e/... -run RecordHistories -count=1 -timeout 20m -v

fuzz: ## Run every fuzz test for a while: make fuzz FUZZTIME=1m FUZZ=PidFile
	@scripts/fuzz.sh

chaos: ## Kill, freeze, fill and mislead the product while it sends, and write docs/RELIABILITY.md: make chaos CHAOS_PEOPLE=10000 CHAOS=killed
ifndef BUILT
	@scripts/ensure-postgres.sh
	@scripts/build-progress.sh -ldflags '$(LDFLAGS)' -o bin/tocsin-standalone ./cmd/tocsin-standalone
	@scripts/build-progress.sh -ldflags '$(LDFLAGS)' -o bin/tocsin ./cmd/tocsin
endif
	@CHAOS_PEOPLE='$(CHAOS_PEOPLE)' CHAOS='$(CHAOS)' scripts/chaos.sh

BENCH_SIZES ?= 10000 100000 $(if $(filter 1,$(BENCH_FULL)),1000000)

BENCH_RUNS ?= 3

bench: ## Measure sending and write docs/PERFORMANCE.md: make bench BENCH_FULL=1, or BENCH_SIZES="1000 5000" BENCH_RUNS=1
ifndef BUILT
	@scripts/ensure-postgres.sh
	@scripts/build-progress.sh -ldflags '$(LDFLAGS)' -o bin/tocsin-standalone ./cmd/tocsin-standalone
endif
	@exec bin/tocsin-standalone bench table --into docs/PERFORMANCE.md --runs $(BENCH_RUNS) $(BENCH_SIZES)

clean: ## Remove what was built here (no data directory is touched)
	rm -rf bin .tools
