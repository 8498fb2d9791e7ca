# Two commands for a fresh Debian 12 with Python 3.11 or 3.12:
#   make run    set everything up, start the service on loopback, place a demonstration call
#   make test   set everything up, check and test everything
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/pip install -q --disable-pip-version-check
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# What the service needs of Debian: the SIP front, and a synthesiser for what has no recording.
SERVICE_PACKAGES := kamailio kamailio-tls-modules libespeak-ng1 netbase
# What compiles the frame path; only while the service is being installed.
COMPILER_PACKAGES := gcc libc6-dev python3-dev
COMPILED := $(wildcard ivr/telephony/sound/frame_path/c/*)
# What the tests need besides: SIPp, Graphviz for drawings of the flows, a PostgreSQL server to start,
# espeak-ng to tell how a text is read, ip for machines of their own (network namespaces), and
# Chromium to use the pages of the console.
TEST_PACKAGES := sip-tester graphviz postgresql espeak-ng iproute2 chromium

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: run
run: setup ## Set up, start the service on loopback, place a demonstration call, stay up
	@# Ports that are taken are left to those who have them, and no node shares a data folder.
	@ROCARS_IVR_NODE__LOG_LEVEL=$${ROCARS_IVR_NODE__LOG_LEVEL:-WARNING} exec $(BIN)/rocars-ivr serve --demo --free-ports

.PHONY: test
test: setup-test ## Set up, check style and types, run all tests
	@$(MAKE) --no-print-directory --jobs=2 lint lanes

# Calls, those that must keep real time, and the rest, side by side: see tests/support/lanes.py.
.PHONY: lanes
lanes: setup-test
	$(BIN)/python -m tests.support.lanes

.PHONY: quick
quick: setup-test ## Style, types and the tests without socket or process, in about a minute
	@$(MAKE) --no-print-directory --jobs=2 lint unit

.PHONY: unit
unit: setup-test
	$(BIN)/python -m tests.support.lanes --unit

.PHONY: soak
soak: setup-test ## The long tests: whoever is killed, whatever is sent, whatever the machine does
	$(BIN)/pytest --soak -s tests/chaos tests/hostile tests/telephony/test_no_voice_is_a_key.py \
		tests/calls/test_retold_calls.py

# Where the pictures of the story go.
STORY ?= var/story
.PHONY: story
story: setup-test ## One story through every channel, with a real call; pictures of each step
	@$(BIN)/python -m tests.story "$(STORY)"

# Softphones of Debian's packages, which `make test` does without: it tries them where they are there.
INTEROP_PACKAGES := baresip-core linphone-cli
.PHONY: interop
interop: setup-test ## Install real softphones, and have them and a carrier's edge call
	$(call debian,$(INTEROP_PACKAGES))
	$(BIN)/pytest -s tests/interop

.PHONY: lint
lint: setup-test ## Style, types, imports, flows, templates and links only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/rocars-ivr flows check
	$(BIN)/djlint --check --lint --quiet ground ivr rocars
	$(BIN)/pytest -q tests/project/test_links.py

.PHONY: setup
setup: $(VENV)/.service ## Install what the service needs

.PHONY: setup-test
setup-test: $(VENV)/.test ## Install what the tests need

$(VENV)/.service: pyproject.toml requirements/service.txt Makefile $(COMPILED)
	$(call debian,$(SERVICE_PACKAGES) $(COMPILER_PACKAGES))
	$(call python,service)
	@touch $@

$(VENV)/.test: pyproject.toml requirements/dev.txt Makefile $(COMPILED)
	$(call debian,$(SERVICE_PACKAGES) $(COMPILER_PACKAGES) $(TEST_PACKAGES))
	$(call python,dev)
	@touch $@ $(VENV)/.service

PROGRESS := .ci/with_progress.sh

# Installs only what is missing. Debian would start its own Kamailio on port 5060; policy-rc.d
# (invoke-rc.d's own means) keeps it from that while ours is to run.
define debian
	@missing=""; for package in $(1) python3-venv; do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' \
			|| missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
		echo "Debian packages to be installed:$$missing"; \
		[ -z "$(SUDO)" ] || sudo -v; \
		own_policy=""; \
		if [ ! -e /usr/sbin/policy-rc.d ]; then \
			own_policy=yes; \
			printf '#!/bin/sh\nexit 101\n' | $(SUDO) tee /usr/sbin/policy-rc.d >/dev/null; \
			$(SUDO) chmod 755 /usr/sbin/policy-rc.d; \
		fi; \
		$(PROGRESS) "Step 1 of 4: lists of Debian packages" \
			$(SUDO) apt-get update -o APT::Status-Fd=1 || failed=yes; \
		[ -n "$${failed:-}" ] || $(PROGRESS) "Step 2 of 4: Debian packages" \
			$(SUDO) env DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -o APT::Status-Fd=1 --no-install-recommends $$missing || failed=yes; \
		[ -z "$$own_policy" ] || $(SUDO) rm -f /usr/sbin/policy-rc.d; \
		[ -z "$${failed:-}" ] || { echo "apt-get could not install:$$missing" >&2; exit 1; }; \
	else \
		echo "Steps 1 and 2 of 4: all Debian packages are there"; \
	fi
endef

# Installs what the lock file requirements/$(1).txt says, and nothing that is not in it. Then the
# project itself, built with the setuptools of the lock.
define python
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' \
		|| { echo "Python 3.11 or 3.12 is needed (pjsua2 has no newer wheel); set PYTHON=..." >&2; exit 1; }
	@[ -x $(BIN)/python ] \
		|| $(PROGRESS) "Step 3 of 4: a Python environment in $(VENV)" "$(PYTHON)" -m venv $(VENV)
	@PROGRESS_DONE='$(VENV)/lib/python*/site-packages/*.dist-info' \
		$(PROGRESS) "Step 4 of 4: Python packages" \
		$(BIN)/pip install --disable-pip-version-check --progress-bar off \
		--require-hashes -r requirements/$(1).txt
	@PYTHONWARNINGS=ignore $(PIP_INSTALL) --no-deps --no-build-isolation -e .
endef

# Two lock files, one resolution: every package has the same version in both. Only this needs uv,
# which writes one file for Python 3.11 and 3.12; pip-tools resolves for the Python it runs on.
# Packages for training are not locked: see docs/decisions/03-own-speech-models.md.
LOCK := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --group build --custom-compile-command 'make raise-locks' pyproject.toml
.PHONY: raise-locks
raise-locks: setup ## Raise all versions of requirements/*.txt as far as pyproject.toml allows
	$(PIP_INSTALL) 'uv>=0.8'
	$(LOCK) -o requirements/service.txt >/dev/null
	$(LOCK) --extra dev -c requirements/service.txt -o requirements/dev.txt >/dev/null

.PHONY: recordings
recordings: setup ## Make the prompt recordings that are missing or no longer fit their text
	$(BIN)/rocars-ivr prompts record

# Where the model of English and Putonghua lies: outside the repository, fetched once, 98 MB.
VOICES ?= var/voices
.PHONY: voices
voices: setup ## Install and fetch the voices that recordings are made with, SHA-256 checked
	$(PIP_INSTALL) --no-build-isolation -e '.[voices]'
	$(BIN)/python -m speech.voices.fetch --out "$(VOICES)"

.PHONY: drawings
drawings: setup ## Draw the flows anew into docs/flows
	$(BIN)/rocars-ivr flows draw --out docs/flows

# Training needs PyTorch and OpenFst's tools; running the service needs neither.
TRAINING_PACKAGES := espeak-ng festival festvox-kdlpc16k flite libfst-tools libfst22-plugins-base \
	saytime
# Of the models to be made; all where none is named.
LANGUAGES := yue cmn en

# Everything on the way lies in WORK, outside the repository, and is made once: interrupted, the same
# command goes on where it stopped. docs/speech-models.md says where KOKORO and ENCODER come from.
WORK ?= var/training
TRAINING := $(BIN)/python -m speech.training
.PHONY: models
models: setup ## Train the speech models anew: make models RECORDED=folder KOKORO=folder ENCODER=folder
	@[ -n "$(RECORDED)" ] || { echo "RECORDED=folder of recorded speech is needed" >&2; exit 1; }
	@[ -n "$(KOKORO)" ] || { echo "KOKORO=folder of its voices is needed" >&2; exit 1; }
	@[ -n "$(ENCODER)" ] || { echo "ENCODER=folder of Whisper base is needed" >&2; exit 1; }
	$(call debian,$(TRAINING_PACKAGES))
	$(call python,service)
	$(PIP_INSTALL) --no-build-isolation -e '.[training]'
	$(TRAINING).people_speech $(LANGUAGES) --recorded "$(RECORDED)" --out "$(WORK)/clean"
	$(TRAINING).kokoro_speech $(LANGUAGES) --kokoro "$(KOKORO)" --out "$(WORK)/clean"
	$(TRAINING).synthetic_speech $(LANGUAGES) --out "$(WORK)/clean"
	$(TRAINING).telephoned $(LANGUAGES) --clean "$(WORK)/clean" --recorded "$(RECORDED)" \
		--out "$(WORK)/features"
	[ -f "$(WORK)/taught.npz" ] || $(TRAINING).teacher --encoder "$(ENCODER)" \
		--recorded "$(RECORDED)" --clean "$(WORK)/clean" --out "$(WORK)/taught.npz"
	$(TRAINING) $(LANGUAGES) --features "$(WORK)/features" --taught "$(WORK)/taught.npz" \
		--keep "$(WORK)/state" --out speech/models --processes "$$(nproc)" $(START)

.PHONY: schema
schema: setup ## Write the schema of scenario files anew into docs
	$(BIN)/rocars-ivr calls schema > docs/scenario.schema.json

.PHONY: generated
generated: configuration drawings schema recordings ## Write anew all files that come from others

# Chinese on the pages would be empty boxes on a machine without such a font.
PICTURE_PACKAGES := fonts-noto-cjk
.PHONY: screenshots
screenshots: setup-test ## Take the pictures of the docs anew
	$(call debian,$(PICTURE_PACKAGES))
	@mkdir -p docs/console docs/browser-telephone
	$(BIN)/python -m tests.console.screenshots docs/console
	$(BIN)/python -m tests.rocars.portal.screenshots docs/channels
	$(BIN)/python -m tests.rocars.counter.screenshots docs/channels
	$(BIN)/python -m tests.handset.screenshots docs/browser-telephone

.PHONY: configuration
configuration: setup ## Write docs/configuration.md anew from the settings themselves
	{ printf '# Settings\n\nPrinted by `rocars-ivr config reference`. A TOML file (`--config`,\n`ROCARS_IVR_CONFIG`, or `rocars-ivr.toml` in the working directory) or the environment;\nthe environment wins. `rocars-ivr config show` tells what is in effect and where it came from.\n\n'; \
		$(BIN)/rocars-ivr config reference; } > docs/configuration.md

.PHONY: clean
clean: ## Remove the virtual environment and everything the service wrote
	rm -rf $(VENV) var
