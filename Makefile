# Everything starts here; `make help` lists it. Needs make and any python3.
#
#   PYTHON=/path/to/python3.13   the interpreter to build on, where it is not found by itself
#   PLATFORM=local|arm64|x86_64  what `make build` builds for

.DEFAULT_GOAL := help
.PHONY: help prepare prepare-cloud run token program mail clock test quick units check types lint build synth \
	openapi bench explore simulate mutants attack audit lock format clean

# What a shell was set up for must not reach our own environments.
unexport PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE VIRTUAL_ENV

PLATFORM ?= local
ARCHITECTURE ?= arm64
STAGE ?= dev
# A shim may promise a python3 and fail.
ANY_PYTHON = $(shell for p in python3 /usr/bin/python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null && echo $$p && break; done)
python = .venv/bin/python
# The Node that the CDK needs comes before the machine's.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help: ## List what there is
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

prepare:
	@$(if $(ANY_PYTHON),$(ANY_PYTHON) tools/bootstrap.py,\
		echo "A python3, 3.8 or newer, is needed to begin." >&2; exit 1)

prepare-cloud:
	@$(if $(ANY_PYTHON),$(ANY_PYTHON) tools/bootstrap.py cloud,\
		echo "A python3, 3.8 or newer, is needed to begin." >&2; exit 1)

run: prepare-cloud ## Deploy on a local cloud, tell the story, stay up (ONCE=1: stop after; YEAR=0; PORT=)
	@exec $(python) -m local

token: prepare-cloud ## Print a fresh token (ROLE=manager|analyst|cashier|service|member; PROGRAM=)
	@exec $(python) -m local.token $(ROLE) $(PROGRAM)

program: prepare-cloud ## Open a program of your own on the local cloud (NAME=)
	@exec $(python) -m local.program $(NAME)

mail: prepare-cloud ## List the mails that the local cloud has sent (TO=)
	@exec $(python) -m local.mail

clock: prepare-cloud ## Move the local cloud's clock forward and hurry the sweeps (DAYS=; HOURS=; RESET=1)
	@exec $(python) -m local.move_clock

test: prepare prepare-cloud ## Check, build, and run every test
	@$(MAKE) --no-print-directory -j3 types lint build
	$(python) -m pytest -n 2 --dist loadgroup --ignore tests/e2e
	$(python) -m pytest -n 2 --dist loadfile tests/e2e

quick: prepare ## Lint, types and the unit tests that take less than seconds; builds nothing
	@$(MAKE) --no-print-directory -j3 types lint units

units:
	$(python) -m pytest -q -n 2 -m "not slow" tests/unit

check: prepare ## Lint, format, types, imports, drift of what is generated
	@$(MAKE) --no-print-directory -j2 types lint

# The two halves of a check, each on a processor of its own.
types:
	.venv/bin/mypy $(wildcard app.py bench functions infra local) layers/loyalty/python tests tools

lint:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-logo --no-cache
	$(python) -m tools.names --check
	$(python) -m tools --check

build: prepare ## Build the layers and functions (PLATFORM=local|arm64|x86_64)
	@$(python) -m tools.build $(PLATFORM:%=--platform %)
	@$(if $(filter-out local,$(PLATFORM)),$(python) -m tools.audit --if-answered)

attack: prepare-cloud build ## Attack a local cloud, and hold its books against their entries (MINUTES=, SEED=)
	$(python) -m pytest -q tests/integration/test_matrix.py
	@$(python) -m tests.attack $(MINUTES:%=--minutes %) $(SEED:%=--seed %)

audit: prepare ## Ask for known vulnerabilities of what is shipped; needs the network
	@$(python) -m tools.audit

synth: prepare ## Synthesize the stacks into cdk.out (ARCHITECTURE=arm64|x86_64, STAGE=)
	@$(python) -m tools.build --platform $(ARCHITECTURE)
	@CDK_CONTEXT_JSON='{"architecture": "$(ARCHITECTURE)", "stage": "$(STAGE)"}' $(python) app.py

openapi: prepare ## Generate all that is made from code: the OpenAPI document, schemas, pages of the docs
	$(python) -m tools

bench: prepare-cloud build ## Measure: a line of JSON for each figure
	@$(python) -m bench

explore: prepare build ## Look for examples that break a rule, many more than `make test` tries
	$(python) -m pytest -n 2 --dist loadgroup --hypothesis-profile explore tests/unit tests/integration

simulate: prepare ## Run many more simulated histories than `make test` does (SEEDS=, START=)
	$(python) -m tests.simulation $(SEEDS:%=--seeds %) $(START:%=--start %)

mutants: prepare ## Make one mistake at a time in the ledger, and see that the simulation finds it
	$(python) -m tests.simulation.mutants

lock: prepare ## Choose versions anew and write requirements/ (UPGRADE=1: the newest)
	@$(python) -m tools.lock $(if $(UPGRADE),--upgrade)

format: prepare ## Format and fix what can be fixed
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

clean: ## Remove what was built and the environments
	rm -rf .cache .hypothesis .local .venv build cdk.out
