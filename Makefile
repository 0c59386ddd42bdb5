# Every target works on a fresh machine with make and Python 3.11 or newer; POSIX make is enough.
# PORT, HOST and DATA_DIR come from the command line or the environment.
.POSIX:
.SUFFIXES:

PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin
ARGS =
# In an environment of its own: it brings dozens of packages along that nothing else here needs.
PIP_AUDIT = pip-audit>=2.10,<3
RUN_STAMP = $(VENV)/.installed
DEV_STAMP = $(VENV)/.installed-dev
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --upgrade --extra build --extra embedded --extra redis

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile
	@echo "  PORT, HOST, DATA_DIR and PYTHON can be set: make run PORT=8123 DATA_DIR=../data"

run: $(RUN_STAMP) ## Start everything: database, API, live feed and consumer, until Ctrl-C
	@PORT="$(PORT)" HOST="$(HOST)" DATA_DIR="$(DATA_DIR)" exec $(BIN)/kgl up $(ARGS)

test: $(DEV_STAMP) ## Run every test, on real servers
	@sh tests/servers/install.sh
	@$(BIN)/pytest $(ARGS)

# Compiled tests are kept, and what only the other tests use is not loaded: this runs after every change.
unit: $(DEV_STAMP) ## Run the unit tests: no servers, a few seconds
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest tests/unit --numprocesses auto --confcutdir=tests/unit \
		-p no:schemathesis -p no:anyio -p no:hypothesispytest $(ARGS)

lint: $(DEV_STAMP) ## Style, formatting, types, the rules of the architecture, and a search for secrets
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.secret_scan

check: lint test ## What CI runs: lint, then test

audit: $(DEV_STAMP) ## Ask the advisory database about every locked package (needs the network)
	@[ -x $(VENV)/audit/bin/pip-audit ] || { $(BIN)/python -m venv $(VENV)/audit && \
		$(VENV)/audit/bin/pip install --quiet '$(PIP_AUDIT)'; }
	@for lock in requirements.lock requirements-dev.lock; do \
		echo "$$lock"; $(VENV)/audit/bin/pip-audit --strict --disable-pip --require-hashes -r "$$lock" $(ARGS) || exit 1; done

fuzz: $(DEV_STAMP) ## Ask at least 5,000 things nobody would, as user and admin: ARGS='--cases 20000 --seed 1'
	@$(BIN)/python -m tests.fuzz $(ARGS)

bench: $(DEV_STAMP) ## Measure against the baselines, on this machine, in one run
	@$(BIN)/python -m benchmarks $(ARGS)

lock: $(DEV_STAMP) ## Choose the newest allowed versions of all dependencies again (needs uv)
	@command -v uv >/dev/null 2>&1 || { echo "make lock needs uv: https://docs.astral.sh/uv/" >&2; exit 1; }
	$(COMPILE) -o requirements.lock pyproject.toml
	$(COMPILE) --extra dev -o requirements-dev.lock pyproject.toml

clean: ## Remove the environment and all caches; data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The lock decides what is installed; it is installed again only when it has changed. The development lock
# holds everything of the other one, so it satisfies both.
$(RUN_STAMP): $(BIN)/pip requirements.lock pyproject.toml
	@[ -f $(DEV_STAMP) ] && lock=requirements-dev.lock || lock=requirements.lock; \
	sh deploy/install.sh $(VENV) "$$lock"
	@touch $@

$(DEV_STAMP): $(BIN)/pip requirements-dev.lock requirements.lock pyproject.toml
	@sh deploy/install.sh $(VENV) requirements-dev.lock
	@touch $(RUN_STAMP) $@

$(BIN)/pip:
	@sh deploy/venv.sh $(PYTHON) $(VENV)

.PHONY: help run test unit lint check audit fuzz bench lock clean
