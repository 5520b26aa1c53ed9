# One file for every errand: `make` alone explains. Targets ask reality whether there is work; only the lock files and
# what is installed from them are dated by files, because a hash is the one thing a timestamp cannot lie about.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CACHE := .canbao
KAFKA := $(CACHE)/kafka/libs
CHECKED := services shared tools verify simulator bench tests
PRESENT = $(wildcard $(CHECKED))
# Tests that share a dear fixture go to one worker, where it is built once (tests/harness/scheduling.py). Workers wait a
# third of their time, for processes and for brokers: three keep two processors busy.
PYTEST := $(BIN)/python -m pytest --numprocesses 3
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

##@ Use
help:  ## Explain the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' Makefile
	@printf '\nPYTHON=python3.12 chooses the interpreter, ARGS="--once --residents 2000" passes arguments on.\n'

up: $(VENV)/run.installed  ## Start everything on http://127.0.0.1:8000 and play a season (Ctrl-C stops it)
	@exec $(BIN)/canbao up $(ARGS)

##@ Work
test: $(VENV)/test.installed  ## Install what the tests need and run all but the slow faults
	@sh deploy/system-packages
	@$(MAKE) --no-print-directory kafka lint
	@exec $(PYTEST) -m 'not slow_fault and not miniature and not another_season and not every_fraud' $(ARGS)

check: $(VENV)/test.installed  ## Before a commit: lint and all tests but journeys, browser, Kafka, faults and others that take long
	@sh deploy/system-packages
	@$(MAKE) --no-print-directory lint
	@exec $(PYTEST) -m 'not long and not slow_fault' $(ARGS)

test-faults: $(VENV)/test.installed $(KAFKA)/.complete  ## Kill, stop and starve every process at every point of its way
	@exec $(BIN)/python -m pytest tests/faults tests/upgrade $(ARGS)

test-seasons: $(VENV)/test.installed $(KAFKA)/.complete  ## Play the season of every place, and one with every role apart on Kafka
	@exec $(PYTEST) -m another_season tests/journeys $(ARGS)

frauds: $(VENV)/test.installed  ## Forge every column of every proof view in a played season: verify must find it
	@exec $(BIN)/python -m pytest -s -m every_fraud tests/verify/test_catalogue.py tests/verify/test_inventions.py $(ARGS)

soak: $(VENV)/test.installed $(KAFKA)/.complete  ## Ten minutes of callbacks while random processes are killed
	@exec $(BIN)/python -m tests.faults.soak $(ARGS)

mutants: $(VENV)/test.installed $(KAFKA)/.complete  ## Take out one guard at a time in a copy: named tests must turn red
	@exec $(BIN)/python -m tests.mutants $(ARGS)

test-schemathesis: $(VENV)/test.installed  ## Ask every route two hundred invented requests instead of a few
	@CANBAO_TEST_EXAMPLES=200 $(PYTEST) tests/endpoints/test_schemathesis.py $(ARGS)

lint: $(VENV)/test.installed  ## Check style, types and who imports whom
	$(BIN)/ruff check $(PRESENT)
	$(BIN)/ruff format --check --quiet $(PRESENT)
	$(BIN)/mypy $(PRESENT)
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/test.installed  ## Measure everything beside its references, more than an hour (ARGS="--quick", ARGS="p1 p2")
	@sh deploy/system-packages
	@$(MAKE) --no-print-directory kafka
	@$(BIN)/python -m pytest -m miniature tests/bench
	@exec $(BIN)/python -m bench $(ARGS)

kafka: $(KAFKA)/.complete  ## Fetch the Apache Kafka broker that the tests start

lock: $(VENV)/test.installed  ## Write requirements/*.txt again from requirements/*.in
	$(call compile,run,)
	$(call compile,test,--constraints requirements/run.txt)

clean:  ## Remove the environment and every cache, but no data
	rm -rf $(VENV) $(CACHE)/kafka build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find $(PRESENT) -name __pycache__ -prune -exec rm -rf {} +

# --- how -------------------------------------------------------------------------------------------------------------

# The header names this target instead of the command line, which would name folders of the machine it ran on.
define compile
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(UPGRADE) $(2) \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	    requirements/$(1).in --output-file requirements/$(1).txt
	@! grep -nE '://|^-|^--|$(CURDIR)' requirements/$(1).txt || { echo 'requirements/$(1).txt names a place: refused'; exit 1; }
endef

# pip is the last thing that venv makes: an environment that was interrupted before it is made again.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo '需要 Python 3.11 以上 / Python 3.11 or newer is needed: make PYTHON=/path/to/python3'; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' \
	    || { echo '缺少 venv / venv is missing: apt-get install python3-venv'; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

# "compat" is a plain path entry: a package made tomorrow is importable without installing again.
$(VENV)/run.installed: requirements/run.txt pyproject.toml | $(BIN)/pip
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-build-isolation --no-deps --config-settings editable_mode=compat --editable .
	@touch $@

$(VENV)/test.installed: requirements/test.txt $(VENV)/run.installed
	$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

$(KAFKA)/.complete: deploy/kafka/pom.xml
	@sh deploy/system-packages
	rm -rf $(KAFKA)
	mvn --batch-mode --quiet --file deploy/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/$(KAFKA)
	@touch $@

.PHONY: help up test check test-faults test-seasons frauds test-schemathesis soak mutants bench lint kafka lock clean
