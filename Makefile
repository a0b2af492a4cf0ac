# The front door. `make run` to see it, `make test` to trust it.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hoian
# Outside the clone, so that a second clone builds nothing twice.
export CARGO_TARGET_DIR ?= $(CACHE)/target
AREAS := smoke api store media conference documents keys signing tampering replay conformance interop faults browsers
HOIAN := $(CARGO_TARGET_DIR)/release/hoian
# Where the soak has a page ask the packaged host for tokens.
TOKEN_PAGE := http://127.0.0.1:18099

.PHONY: run code test bench soak package token-package pictures check build web format

run: ## Install what is missing, build, serve the demo province
	@.ci/install run
	@$(MAKE) --no-print-directory build
	@exec $(HOIAN) demo

code: ## Print the current one-time code of a demo account: make code USER=chutich
	@$(HOIAN) demo code $(USER)

build: web
	@echo "Building hoian (some minutes the first time) ..."
	@cargo build --quiet --locked --release --workspace --bins

web: web/dist/index.html

web/dist/index.html: web/package-lock.json $(shell git ls-files web 2>/dev/null)
	@echo "Building the pages ..."
	@npm run --silent --prefix web build
	@touch $@

test: ## Install what the tests need, run everything, print the time of each area
	@.ci/install test
	@$(MAKE) --no-print-directory web
	@tests/run $(AREAS)

bench: ## Figures beside their floors and peers, measured in the same run: make bench AREA=signer
	@.ci/install test
	@benches/run $(or $(AREA),signer)

soak: ## The long runs: every death at every fail point, a thousand kills, every bad line, a recording of ten minutes, the package and its container's steps on a clean Debian, the package for tokens in both browsers, the interface by its document, each fuzzer for ten minutes
	@.ci/install test
	@server/package/try "$$($(MAKE) --no-print-directory package | tail -1)"
	@server/package/try-container "$$(ls target/package/hoian_*.deb | tail -1)"
	@signer/package/try "$$($(MAKE) --no-print-directory token-package ORIGINS=$(TOKEN_PAGE) | tail -1)" $(TOKEN_PAGE)
	FAULTS=all KILLS=1000 cargo test --quiet --locked --workspace --test faults
	SCHEMA_EXAMPLES=300 cargo test --quiet --locked --workspace --test api schema
	LINKS=all cargo test --quiet --locked --workspace --test media -- --test-threads=1 links:: a_flood
	RECORDING_SECONDS=600 cargo test --quiet --locked --workspace --test browsers a_recording
	@tests/fuzz/soak $(or $(SECONDS_EACH),600)

package: ## Make the Debian package in target/package
	@.ci/install run
	@$(MAKE) --no-print-directory build
	@server/package/build $(dir $(HOIAN)) target/package

token-package: ## Make the Debian package of the host for USB tokens: make token-package ORIGINS=https://hop.tinh.gov.vn
	@.ci/install run
	@$(MAKE) --no-print-directory build
	@signer/package/build $(dir $(HOIAN)) target/package $(ORIGINS)

pictures: ## Take the README's pictures anew
	@.ci/install test
	@$(MAKE) --no-print-directory build
	@TESTED_PROGRAMS=$(dir $(HOIAN)) node tests/browsers/screenshots.mjs docs/pictures ky-van-ban van-ban-den kiem-tra-hop-le

check: ## Format, lints, dependency policy, drift of generated files
	@.ci/install check
	cargo fmt --all --check
	$(MAKE) --no-print-directory web
	npm run --silent --prefix web check
	cargo clippy --quiet --locked --workspace --all-targets -- -D warnings
	cargo deny --log-level error check licenses bans sources
	CARGO_TARGET_DIR=$(CARGO_TARGET_DIR)/fuzz cargo check --quiet --locked --manifest-path tests/fuzz/Cargo.toml

format:
	cargo fmt --all
	npm run --silent --prefix web format

