# The verbs. `make help` lists them. Each brings what it needs, side by side.

.DEFAULT_GOAL := help
SHELL := /bin/sh
HARNESS := target/release/ator-harness
ARGS ?=
FUZZ_SECONDS ?= 20
PREFIX ?= /usr/local

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z][a-z0-9-]*:.*## / {printf "  make %-32s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  ARGS passes options on, as in: make two-home-ator-local-verify ARGS=\"--repeat 20\""

.PHONY: engine
engine: ## Find a Docker Engine, or install and start one (root on Debian or Ubuntu)
	@fixtures/engine/ensure.sh

.PHONY: engine-tools
engine-tools: ## Find what the tests of engines elsewhere need, or install it (root on Debian or Ubuntu)
	@fixtures/engine/tools.sh

.PHONY: browser
browser: ## Find Chromium, or install it (root on Debian); the tests look at the report's page with it
	@fixtures/browser/ensure.sh

.PHONY: images
images: ## Build what goes into the images: onion daemon, connector, business-logic server
	@fixtures/images/build.sh

.PHONY: tor
tor: ## Put the distribution's tor beside them, for --family onion; nothing is installed
	@fixtures/images/tor.sh

.PHONY: ilp-connector
ilp-connector: ## Put npm's ilp-connector beside them, for --connector ilp-connector
	@fixtures/images/ilp-connector.sh

.PHONY: harness
harness: ## Build the ator-harness command for this checkout, without the programs that are built into a release
	@ATOR_HARNESS_PROGRAMS=none cargo build --locked --release -p ator-harness

.PHONY: dist
dist: ## Make the release archive in target/dist: one static program, checksums, bill of materials, licences
	@fixtures/dist/build.sh

.PHONY: container
container: ## Make a container image of the release archive, ator-harness, with the program and nothing else
	@fixtures/ready.sh engine dist
	@docker build --tag ator-harness --file fixtures/dist/Dockerfile target/dist

.PHONY: install
install: ## Put that program below PREFIX (/usr/local), with completions and man pages
	@fixtures/dist/build.sh program
	@install -D -m 755 target/release/ator-harness "$(DESTDIR)$(PREFIX)/bin/ator-harness"
	@fixtures/install-shell.sh $(HARNESS) "$(DESTDIR)$(PREFIX)"

.PHONY: two-home-ator-local-verify
two-home-ator-local-verify: ## Bring two homes up offline, judge them, remove them
	@fixtures/ready.sh engine images harness
	@$(HARNESS) verify two-home-local --network fresh $(ARGS)

.PHONY: two-home-tor-local-verify
two-home-tor-local-verify: ## The same on the distribution's tor, with .onion services
	@fixtures/ready.sh engine images tor harness
	@$(HARNESS) verify two-home-local --family onion $(ARGS)

.PHONY: standalone-test-ator-p2p
standalone-test-ator-p2p: ## Judge two homes that meet over the public network (dials out)
	@fixtures/ready.sh engine images harness
	@$(HARNESS) verify public-p2p $(ARGS)

.PHONY: standalone-test-ator-p2p-rehearsal
standalone-test-ator-p2p-rehearsal: ## The same over a network that stands in, on one engine and on two; nothing leaves the machine
	@fixtures/ready.sh engine engine-tools images harness
	@fixtures/rehearsal.sh $(HARNESS) $(ARGS)

.PHONY: verify
verify: ## Bring another topology up offline, judge it, remove it: make verify TOPOLOGY=three-hop
	@fixtures/ready.sh engine images harness
	@$(HARNESS) verify $(or $(TOPOLOGY),$(error name a topology, as in: make verify TOPOLOGY=three-hop)) $(ARGS)

.PHONY: two-home-ator-local-up
two-home-ator-local-up: ## Bring two homes up offline and leave them running
	@fixtures/ready.sh engine images harness
	@$(HARNESS) up two-home-local $(ARGS)

.PHONY: two-home-ator-local-down
two-home-ator-local-down: harness ## Remove what two-home-ator-local-up left running
	@$(HARNESS) down two-home-local

.PHONY: doctor
doctor: harness ## Say whether this machine has what a run needs
	@$(HARNESS) doctor two-home-local

.PHONY: test
test: test-default test-offline ## Run all tests: without an engine, then with one

.PHONY: test-default
test-default: ## Run the tests that need no engine
	@fixtures/nextest.sh run --workspace --locked
	@cargo test --doc --workspace --locked --quiet

.PHONY: test-offline
test-offline: ## Run the scenarios that need an engine
	@fixtures/ready.sh engine engine-tools browser images tor ilp-connector dist outsider
	@fixtures/scenarios.sh

.PHONY: generated
generated: ## Write anew what is generated from the code: the reports' schema, docs/checks.md, the picture
	@REWRITE=1 cargo nextest run --locked -p ator-harness --test docs -E 'test(is_generated)'

.PHONY: mutants
mutants: ## Break each part in turn, differ in each way that is right, and print what failed
	@fixtures/ready.sh engine images harness
	@rm -rf target/mutants
	@status=0; fixtures/scenarios.sh -E 'binary(offline_mutants) or binary(offline_variants) or binary(offline_conformance_matrix)' || status=$$?; \
		printf '%-28s %-32s %s\n' mutant 'caught by' 'what failed'; cat target/mutants/*; exit $$status

.PHONY: faults
faults: ## Make every fault of the catalogue, those that last long included, and what else takes minutes
	@fixtures/ready.sh engine images ilp-connector harness
	@PROFILE=faults fixtures/scenarios.sh

.PHONY: bench
bench: ## Time whole runs: cold, over a network that stands by, three at once (BENCH="30 50 5")
	@fixtures/ready.sh engine images harness
	@fixtures/bench.sh $(BENCH)

.PHONY: fuzz
fuzz: ## Fuzz the codecs, FUZZ_SECONDS (20) per target
	@fixtures/fuzz.sh $(FUZZ_SECONDS)

.PHONY: lint
lint: ## Check format, lints, documentation, dependencies and scripts
	@cargo fmt --all --check
	@cargo clippy --workspace --all-targets --locked -- -D warnings
	@RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
	@fixtures/deny/check.sh
	@fixtures/shell/check.sh
