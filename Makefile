# Two commands for a fresh Debian 12 with Python 3.11 or 3.12:
#   make run    set everything up, start the service on loopback, place a demonstration call
#   make test   set everything up, check and test everything
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# What the service needs of Debian: the SIP front, and a synthesiser for what has no recording.
SERVICE_PACKAGES := kamailio kamailio-tls-modules libespeak-ng1 netbase
# What the tests need besides: SIPp, Graphviz for drawings of the flows, a PostgreSQL server to start,
# espeak-ng to tell how a text is read, ip for machines of their own (network namespaces), and
# Chromium to use the pages of the console.
TEST_PACKAGES := sip-tester graphviz postgresql espeak-ng iproute2 chromium

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: run
run: setup ## Set up, start the service on loopback, place a demonstration call, stay up
	@ROCARS_IVR_NODE__LOG_LEVEL=$${ROCARS_IVR_NODE__LOG_LEVEL:-WARNING} exec $(BIN)/rocars-ivr serve --demo

.PHONY: test
test: setup-test lint ## Set up, check style and types, run all tests
	@$(MAKE) --no-print-directory --jobs=2 test-calls test-rest

# Calls take the time they take, and leave the machine to others meanwhile: two halves at once.
HALF_OF_CALLS := tests/calls/scripted $(patsubst %,tests/calls/test_%_calls.py,bundling console faulty)
.PHONY: test-calls test-rest
test-calls:
	$(BIN)/pytest $(HALF_OF_CALLS) | sed -u 's/^/calls | /'
test-rest:
	$(BIN)/pytest $(HALF_OF_CALLS:%=--ignore=%) | sed -u 's/^/rest  | /'

.PHONY: soak
soak: setup-test ## The long tests: whoever is killed, whatever is sent (about 6 minutes)
	$(BIN)/pytest --soak -s tests/chaos tests/hostile tests/telephony/test_tones.py

.PHONY: lint
lint: setup-test ## Style and types only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/rocars-ivr flows check

.PHONY: setup
setup: $(VENV)/.service ## Install what the service needs

.PHONY: setup-test
setup-test: $(VENV)/.test ## Install what the tests need

$(VENV)/.service: pyproject.toml Makefile
	$(call debian,$(SERVICE_PACKAGES))
	$(call python,.)
	@touch $@

$(VENV)/.test: pyproject.toml Makefile
	$(call debian,$(SERVICE_PACKAGES) $(TEST_PACKAGES))
	$(call python,.[dev])
	@touch $@ $(VENV)/.service

# Installs only what is missing. Debian would start its own Kamailio on port 5060; policy-rc.d
# (invoke-rc.d's own means) keeps it from that while ours is to run.
define debian
	@missing=""; for package in $(1) python3-venv; do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' \
			|| missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
		echo "Installing Debian packages:$$missing"; \
		own_policy=""; \
		if [ ! -e /usr/sbin/policy-rc.d ]; then \
			own_policy=yes; \
			printf '#!/bin/sh\nexit 101\n' | $(SUDO) tee /usr/sbin/policy-rc.d >/dev/null; \
			$(SUDO) chmod 755 /usr/sbin/policy-rc.d; \
		fi; \
		$(SUDO) apt-get update -qq; \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends $$missing >/dev/null || failed=yes; \
		[ -z "$$own_policy" ] || $(SUDO) rm -f /usr/sbin/policy-rc.d; \
		[ -z "$${failed:-}" ] || { echo "apt-get could not install:$$missing" >&2; exit 1; }; \
	fi
endef

define python
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' \
		|| { echo "Python 3.11 or 3.12 is needed (pjsua2 has no newer wheel); set PYTHON=..." >&2; exit 1; }
	@[ -x $(BIN)/python ] || "$(PYTHON)" -m venv $(VENV)
	@echo "Installing Python packages"
	@$(BIN)/pip install -q --disable-pip-version-check -e '$(1)'
endef

.PHONY: recordings
recordings: setup ## Make the prompt recordings that are missing or no longer fit their text
	$(BIN)/rocars-ivr prompts record

.PHONY: drawings
drawings: setup ## Draw the flows anew into docs/flows
	$(BIN)/rocars-ivr flows draw --out docs/flows

# Training needs PyTorch and OpenFst's tools; running the service needs neither.
TRAINING_PACKAGES := espeak-ng festival festvox-kdlpc16k flite libfst-tools libfst22-plugins-base \
	saytime
LANGUAGES := yue cmn en

.PHONY: models
models: setup ## Train the speech models anew: make models RECORDED=folder [LANGUAGES=yue]
	@[ -n "$(RECORDED)" ] || { echo "RECORDED=folder of recorded speech is needed" >&2; exit 1; }
	$(call debian,$(TRAINING_PACKAGES))
	$(call python,.[training])
	$(BIN)/python -m speech.training $(LANGUAGES) --recorded "$(RECORDED)" --out speech/models

.PHONY: screenshots
screenshots: setup-test ## Take the pictures of docs/console.md anew
	@mkdir -p docs/console
	$(BIN)/python -m tests.console.screenshots docs/console

.PHONY: configuration
configuration: setup ## Write docs/configuration.md anew from the settings themselves
	{ printf '# Settings\n\nPrinted by `rocars-ivr config reference`. A TOML file (`--config`,\n`ROCARS_IVR_CONFIG`, or `rocars-ivr.toml` in the working directory) or the environment;\nthe environment wins. `rocars-ivr config show` tells what is in effect and where it came from.\n\n'; \
		$(BIN)/rocars-ivr config reference; } > docs/configuration.md

.PHONY: clean
clean: ## Remove the virtual environment and everything the service wrote
	rm -rf $(VENV) var
