# All commands; `make help` lists them. Needs make and any python3.
#
#   PYTHON=/path/to/python3.13   the interpreter to use, if it is not found by itself
#   PLATFORM=local|arm64|x86_64  what `make build` builds for

.DEFAULT_GOAL := help
.PHONY: help prepare prepare-cloud run token program mail clock test tests quick units check types lint build synth \
	preflight verify redrive rekey withdraw count-orders restore carry openapi bench explore simulate mutants attack audit lock format clean

# Settings of the shell must not reach our own environments.
unexport PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE VIRTUAL_ENV

PLATFORM ?= local
ARCHITECTURE ?= arm64
STAGE ?= dev
# A shim may offer a python3 that does not run.
ANY_PYTHON = $(shell for p in python3 /usr/bin/python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null && echo $$p && break; done)
python = .venv/bin/python
# The CDK must find the environment's Node before the machine's.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

prepare:
	@$(if $(ANY_PYTHON),$(ANY_PYTHON) tools/bootstrap.py,\
		echo "A python3, 3.8 or newer, is needed to begin." >&2; exit 1)

prepare-cloud:
	@$(if $(ANY_PYTHON),$(ANY_PYTHON) tools/bootstrap.py cloud,\
		echo "A python3, 3.8 or newer, is needed to begin." >&2; exit 1)

run: prepare-cloud ## Deploy on a local cloud, play the story, stay up (ONCE=1: stop after it; YEAR=0; PORT=)
	@exec $(python) -m local

token: prepare-cloud ## Print a fresh token (ROLE=manager|analyst|cashier|service|member; PROGRAM=)
	@exec $(python) -m local.token $(ROLE) $(PROGRAM)

program: prepare-cloud ## Open your own program on the local cloud (NAME=)
	@exec $(python) -m local.program $(NAME)

mail: prepare-cloud ## List the mails that the local cloud has sent (TO=)
	@exec $(python) -m local.mail

clock: prepare-cloud ## Move the local cloud's clock forward and hurry the sweeps (DAYS=; HOURS=; RESET=1)
	@exec $(python) -m local.move_clock

test: prepare prepare-cloud ## Check, build, and run every test
	@$(MAKE) --no-print-directory -j2 lint build
# Reading all types takes one processor a minute or two, in which the tests need not wait.
	@$(MAKE) --no-print-directory -j2 types tests

# Two processors have time for more workers, where tests wait for a service that says nothing, or for
# the local cloud. Each worker of the second kind deploys one.
tests:
	$(python) -m pytest -n 4 --dist loadgroup --ignore tests/e2e
	$(python) -m pytest -n 3 --dist loadfile tests/e2e

quick: prepare ## Lint, types and all but the slow unit tests; builds nothing
	@$(MAKE) --no-print-directory -j3 types lint units

units:
	$(python) -m pytest -q -n 2 -m "not slow" tests/unit

check: prepare ## Lint, format, types, imports, names, drift of generated files
	@$(MAKE) --no-print-directory -j2 types lint

# The two halves of a check run side by side.
types:
	.venv/bin/mypy $(wildcard app.py bench functions infra local operate) layers/loyalty/python tests tools

lint:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-logo --no-cache
	$(python) -m tools.names
	$(python) -m tools.scripts
	$(python) -m tools --check

build: prepare ## Build the layers and functions (PLATFORM=local|arm64|x86_64)
	@$(python) -m tools.build $(PLATFORM:%=--platform %)
	@$(if $(filter-out local,$(PLATFORM)),$(python) -m tools.audit --if-answered)

attack: prepare-cloud build ## Attack a local cloud, then compare its books with their entries (MINUTES=, SEED=)
	$(python) -m pytest -q tests/integration/across_functions/test_matrix.py
	@$(python) -m tests.attack $(MINUTES:%=--minutes %) $(SEED:%=--seed %)

audit: prepare ## Look up known vulnerabilities of the shipped packages; needs the network
	@$(python) -m tools.audit

synth: prepare ## Synthesize the stacks into cdk.out (ARCHITECTURE=arm64|x86_64, STAGE=)
	@$(python) -m tools.build --platform $(ARCHITECTURE)
	@CDK_CONTEXT_JSON='{"architecture": "$(ARCHITECTURE)", "stage": "$(STAGE)"}' $(python) app.py

preflight: prepare ## Check the account before a deployment (STAGE=)
	@$(python) -m operate.preflight --stage $(STAGE)

verify: prepare ## Play a short story against a deployed stage (STAGE=, API_URL=)
	@$(python) -m operate.verify --stage $(STAGE) $(API_URL:%=--api-url %)

redrive: prepare ## Hand failed batches of the stream to their functions again (STAGE=)
	@$(python) -m operate.redrive --stage $(STAGE)

count-orders: prepare ## Count the orders of members from before orders were counted (STAGE=)
	@$(python) -m operate.count_orders --stage $(STAGE)

rekey: prepare ## Put every member's identities under the current key (STAGE=)
	@$(python) -m operate.rekey --stage $(STAGE)

withdraw: prepare ## Take away somebody's roles in every program, and that of an operator (STAGE=, WHO=e-mail)
	@$(python) -m operate.withdraw --stage $(STAGE) --who $(WHO)

restore: prepare ## Restore the table to a moment, ready to be adopted (STAGE=, TIME=2026-11-21T20:00:00Z)
	@$(python) -m operate.restore --stage $(STAGE) --time $(TIME)

carry: prepare ## Take deliveries since a moment along into a restored table (STAGE=, FROM=<old table>, TIME=)
	@$(python) -m operate.carry --stage $(STAGE) --from $(FROM) --time $(TIME)

openapi: prepare ## Write all generated files: the OpenAPI document, schemas, pages of the docs
	$(python) -m tools

bench: prepare-cloud build ## Measure; prints a line of JSON for each figure
	@$(python) -m bench

explore: prepare build ## Try many more examples of every rule than `make test` does
	$(python) -m pytest -n 2 --dist loadgroup --hypothesis-profile explore tests/unit tests/integration

simulate: prepare ## Simulate many more histories than `make test` does (SEEDS=, START=)
	$(python) -m tests.simulation $(SEEDS:%=--seeds %) $(START:%=--start %)

mutants: prepare ## Make one mistake at a time in the ledger; the simulation must find each
	$(python) -m tests.simulation.mutants

lock: prepare ## Resolve versions and write requirements/ (UPGRADE=1: the newest)
	@$(python) -m tools.lock $(if $(UPGRADE),--upgrade)

format: prepare ## Format and fix what can be fixed
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	$(python) -m tools.scripts --fix

clean: ## Remove everything that was built, and the environments
	rm -rf .cache .hypothesis .local .venv build cdk.out
