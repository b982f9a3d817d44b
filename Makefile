# What a developer runs. `make help` lists it.

CARGO ?= cargo
# Where the tests' servers log; the audit reads it when the tests are done.
export CHERT_GROUPS_TEST_LOGS := $(CURDIR)/target/test-logs

.PHONY: help test check bench bench-full profile soak demo deps

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

deps: ## Install from Debian's packages what is needed and missing
	@./scripts/deps

test: deps ## Run all tests
	rm -rf $(CHERT_GROUPS_TEST_LOGS)
	$(CARGO) test --locked
	@echo "Once more on PostgreSQL, without those that are of one store only and have run:"
	CHERT_GROUPS_TEST_STORE=postgres $(CARGO) test --locked --test it -- --skip only_
	@echo "And on a PostgreSQL that makes difficulties: at SERIALIZABLE, every seventh transaction failing:"
	CHERT_GROUPS_TEST_STORE=hostile-postgres $(CARGO) test --locked --test it -- --skip only_
	$(CARGO) test --locked --test it -- --ignored --exact log_audit::the_logs_hold_no_number_and_no_secret

check: deps ## Formatting, lints and documentation, without warnings
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items

demo: deps ## Show the whole thing at work
	$(CARGO) run --locked --release -- demo

bench: deps ## Measure all figures at a reduced size, in under ten minutes
	$(CARGO) bench --locked --bench throughput

bench-full: deps ## Measure all figures at full size, in about 45 minutes
	$(CARGO) bench --locked --bench throughput -- full

profile: deps ## Record a turn at 64 connections with perf (Debian's linux-perf), and show where processor time goes
	$(CARGO) bench --locked --bench throughput --no-run
	CHERT_GROUPS_BENCH_SECONDS=8 perf record -F 499 -e cpu-clock --call-graph dwarf -o target/profile.data -- \
		$(CARGO) bench --locked --bench throughput -- turn ours 64 1
	perf report -i target/profile.data --comms 'actix-server wo,committer,checkpoints' --no-children -g none \
		--percent-limit 0.5 --stdio

soak: deps ## The crash test, for hundreds of rounds
	CHERT_GROUPS_SOAK_ROUNDS=300 $(CARGO) test --locked --release --test it -- --nocapture crash::
