# Set up, build, run and test Atbilde. `make help` lists the targets.
# One profile (dev, which is optimised) makes everything, so that nothing is compiled twice.

PORT ?= 8080
KB ?= kb
DATA ?= data
# The sample company's name, languages and questions; empty for a folder of one's own.
CONFIG ?= config/demo.toml

# make build NATIVE=1 compiles for the processor of this machine (llama.cpp too), in a folder of its own. Without it
# the programs run on every x86-64 with AVX2 and FMA (Haswell, Zen and later) and on every 64-bit ARM.
ifdef NATIVE
export RUSTFLAGS := -C target-cpu=native $(RUSTFLAGS)
export CARGO_TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)/native
endif

# A fresh rustup is often not on the PATH of the shell that installed it.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

SCRIPTS = docker/install.sh docker/onnxruntime.sh tests/browser/run.sh .ci/run

# Follows CARGO_TARGET_DIR and the user's own cargo configuration.
target_dir = $(shell cargo metadata --format-version 1 --no-deps --offline | \
	sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | \
		while IFS="$$(printf '\t')" read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done
	@printf '\n  PORT=%s KB=%s DATA=%s may be given to make run; CARGO_TARGET_DIR is respected.\n' \
		'$(PORT)' '$(KB)' '$(DATA)'

.PHONY: setup
setup: ## system packages and ONNX Runtime; quick when they are there
	@docker/install.sh build
	@docker/onnxruntime.sh >/dev/null

.PHONY: setup-test
setup-test: ## setup, and what the tests need
	@docker/install.sh test
	@docker/onnxruntime.sh >/dev/null

.PHONY: cargo
cargo:
	@command -v cargo >/dev/null || { \
		echo 'cargo is missing. Install Rust with rustup: "apt-get install rustup" where the system has it,' >&2; \
		echo 'else the installer on https://rustup.rs; then run make again in a new shell.' >&2; exit 1; }

# target/bin gets hard links, or copies: a program looks for ONNX Runtime beside its own file, and a
# symbolic link would lead it away from the library that lies here.
.PHONY: build
build: setup cargo ## the programs, in target/bin
	cargo build --locked --workspace --bins
	@mkdir -p target/bin
	@built="$(target_dir)/debug"; for program in atbilde atbilde-indexer; do \
		rm -f "target/bin/$$program" && \
		{ ln "$$built/$$program" target/bin/ 2>/dev/null || cp "$$built/$$program" target/bin/; } || exit 1; \
	done
	@library=$$(docker/onnxruntime.sh) && ln -sf "$$library" target/bin/libonnxruntime.so

.PHONY: run
run: build ## build and serve the sample knowledge base
	@echo 'Atbilde: http://localhost:$(PORT)/ (Ctrl-C stops it)'
	@exec target/bin/atbilde serve --kb '$(KB)' --data '$(DATA)' --port '$(PORT)' $(if $(CONFIG),--config '$(CONFIG)')

.PHONY: test
test: setup-test lint ## every check and every test but those in a browser
	cargo build --locked --workspace --bins
	cargo test --locked --workspace

.PHONY: test-browser
test-browser: setup-test build ## the widget and the pages in Chromium; says SKIPPED where it cannot
	tests/browser/run.sh '$(target_dir)/debug/atbilde'

.PHONY: screenshots
screenshots: setup-test build ## docs/screenshots anew: every page and state, light, dark, desktop, phone
	ATBILDE_BROWSER=require tests/browser/run.sh '$(target_dir)/debug/atbilde' --screenshots

.PHONY: lint
lint: cargo ## formatting, clippy, scripts, checksums, licences
	cargo fmt --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); else \
		echo 'shellcheck is not installed, looking at the syntax of the scripts only'; \
		for script in $(SCRIPTS); do bash -n "$$script" || exit 1; done; fi
	cd config/models && sha256sum --check --quiet SHA256SUMS
	@if command -v cargo-deny >/dev/null; then \
		cargo deny --offline --locked check bans licenses sources; else \
		echo 'cargo-deny is not installed, leaving out the check of licences and sources'; fi

.PHONY: fmt
fmt: cargo ## format the Rust code
	cargo fmt

.PHONY: bench
bench: setup cargo ## the benchmarks
	cargo bench --locked --workspace --profile dev

# The model has random weights and 227 MB; it is made once. WORKLOADS="W2 W3" chooses.
WORKLOADS ?= W1 W2 W3 W4
BENCH_MODEL ?= target/bench/random.gguf
.PHONY: bench-llm
bench-llm: build ## play workloads against the local engine
	@mkdir -p "$$(dirname '$(BENCH_MODEL)')"
	@for workload in $(WORKLOADS); do \
		requests=24; case $$workload in W3|W4) requests=8 ;; esac; \
		echo "$$workload"; \
		target/bin/atbilde bench-llm --random --model '$(BENCH_MODEL)' --workload $$workload \
			--requests $$requests || exit 1; \
	done

.PHONY: audit
audit: cargo ## known vulnerabilities in the dependencies (cargo-deny, wants a network)
	cargo deny --locked check advisories

.PHONY: docker-build
docker-build: ## the container image atbilde:dev
	DOCKER_BUILDKIT=1 docker build --file docker/Dockerfile --tag atbilde:dev .

.PHONY: clean
clean: cargo ## remove what was built; data folders stay
	cargo clean
	rm -rf target/bin
