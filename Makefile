# hikwatch: every task by name. `make help` lists them.

CARGO ?= cargo
PREFIX ?= /usr
SYSCONFDIR ?= /etc
DESTDIR ?=
DEMO_ARGS ?=
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
PROGRAM := $(TARGET_DIR)/release/hikwatch

# Network tools live in sbin, which is not on every user's PATH; some tools may be copies of ours.
export PATH := $(PATH):/usr/sbin:/sbin:$(abspath $(TARGET_DIR))/tools/usr/bin:$(abspath $(TARGET_DIR))/tools/usr/sbin

# Asked when a recipe needs it, so after the set-up: the second capture backend if it can be linked.
FEATURES = $(shell .ci/setup has-libpcap && echo --features libpcap)

.PHONY: help setup setup-build build demo test soak bench bench-peers lint fmt clean install

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: ## Install what building and every test need (Debian, as root); else say what is missing
	@.ci/setup test

setup-build:
	@.ci/setup build

build: setup-build ## Build the program for use: target/release/hikwatch
	@.ci/setup has-libpcap && echo "building with libpcap as a second backend" \
	  || echo "building without libpcap (not found): capture is by AF_PACKET, without filter expressions"
	HIKWATCH_REVISION="$$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)" \
	  $(CARGO) build --release --locked $(FEATURES)

demo: build ## Show a simulated household until interrupted; DEMO_ARGS="--duration 30s" ends it
	$(PROGRAM) demo $(DEMO_ARGS)

test: setup ## Run the whole test suite (live tests need root; they say so when skipped)
	$(CARGO) test --locked $(FEATURES)

soak: setup-build ## Judge 200 simulated devices over 72 hours; count series under a million names (some minutes)
	$(CARGO) test --locked --test cloud_truth -- --ignored --nocapture the_large_estate
	$(CARGO) test --locked --test exposition -- --ignored --nocapture a_million_names

bench: setup-build ## Measure speed; benches/README.md says how to read it
	$(CARGO) bench --locked $(FEATURES)

# Where the captures of bench-peers come from: a script that makes mixed.pcap and bulk.pcap in the folder OUT.
PEER_CAPTURES ?= $(TARGET_DIR)/perf-captures
PEER_SCRIPT ?= ../shared/perf/make_perf_pcaps.sh

bench-peers: build ## Compare CPU and memory with tcpdump, softflowd, nfpcapd, argus, p0f, ndpiReader, tshark (half an hour)
	@.ci/setup peers
	@test -f $(PEER_CAPTURES)/bulk.pcap || { test -x $(PEER_SCRIPT) || test -f $(PEER_SCRIPT) || \
	  { echo "make bench-peers: put mixed.pcap and bulk.pcap into $(PEER_CAPTURES), or name a script that makes them: PEER_SCRIPT=..."; exit 1; }; \
	  OUT=$(PEER_CAPTURES) bash $(PEER_SCRIPT); }
	python3 benches/peers.py --write $(PROGRAM) $(PEER_CAPTURES)

lint: ## Check form and lints, as CI does
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets $(FEATURES) -- -D warnings

fmt: ## Put all code into form
	$(CARGO) fmt

clean: ## Remove what was built
	$(CARGO) clean

install: ## Install program, unit, sample configuration, dashboards (after `make build`); PREFIX, DESTDIR
	@test -x $(PROGRAM) || { echo "make install: run 'make build' first"; exit 1; }
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/hikwatch
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/bin/hikwatch|$(PREFIX)/bin/hikwatch|' systemd/hikwatch.service \
	  > $(DESTDIR)$(PREFIX)/lib/systemd/system/hikwatch.service
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/hikwatch.service
	install -d -m 755 $(DESTDIR)$(SYSCONFDIR)/hikwatch/catalogue
	@if [ -e $(DESTDIR)$(SYSCONFDIR)/hikwatch/hikwatch.toml ]; then \
	  install -m 644 config/hikwatch.toml $(DESTDIR)$(SYSCONFDIR)/hikwatch/hikwatch.toml.sample; \
	  echo "kept $(SYSCONFDIR)/hikwatch/hikwatch.toml; the new sample is beside it"; \
	else \
	  install -m 644 config/hikwatch.toml $(DESTDIR)$(SYSCONFDIR)/hikwatch/hikwatch.toml; \
	fi
	install -d $(DESTDIR)$(PREFIX)/share/hikwatch/prometheus $(DESTDIR)$(PREFIX)/share/hikwatch/grafana
	install -m 644 config/prometheus/*.yml $(DESTDIR)$(PREFIX)/share/hikwatch/prometheus
	install -m 644 config/grafana/*.json $(DESTDIR)$(PREFIX)/share/hikwatch/grafana
