# Tertulia. `make demo` to see it, `make test` to be sure of it, `make help` for the rest.

PORT ?= 8080
PYTHON ?= python3
BENCH ?=
CHAOS ?= --keep
# How many run the tests; those of one file stay together. More than the two cores of a small machine: some tests wait.
WORKERS ?= 3

NPM := npm --prefix client_js --loglevel=error

PIP_INSTALL := .venv/bin/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt
PACKAGED := pyproject.toml .ci/constraints.txt
# Directories too: theirs is the time of the last removal.
WEB_SOURCES := $(shell find client_js/app client_js/sdk -not -path '*/test*' -not -name '*.md' 2>/dev/null) \
	$(wildcard client_js/vite*.js)
FAST := not browser and not redis and not postgres and not slow

.DELETE_ON_ERROR:
.PHONY: help demo cluster web test check lint python-lint js-lint fmt bench bench-peers chaos wheel clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

demo: .venv/.runtime server/tertulia/webapp/.built ## a school with people in it, on http://127.0.0.1:$PORT (PORT=8080)
	@exec .venv/bin/tertulia demo --port $(PORT)

cluster: .venv/.cluster server/tertulia/webapp/.built ## the Procfile: two nodes, Redis, nginx in front on $PORT; installs Redis and nginx by apt if missing
	@.ci/system-packages cluster
	@PORT=$(PORT) exec .venv/bin/honcho start

web: server/tertulia/webapp/.built ## build the web app, if its sources changed

test: .venv/.dev client_js/node_modules/.installed server/tertulia/webapp/.built ## everything; installs Redis, PostgreSQL, nginx, Chromium by apt if missing
	@.ci/system-packages test
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint
	.venv/bin/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: .venv/.dev client_js/node_modules/.installed lint ## the fast gate: no browser, Redis, PostgreSQL, nothing slow
	.venv/bin/pytest -q -m "$(FAST)"

lint: python-lint js-lint ## everything but pytest

python-lint: .venv/.dev
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	.venv/bin/lint-imports

js-lint: client_js/node_modules/.installed
	$(NPM) run --silent types
	$(NPM) run --silent test
	$(NPM) run --silent size

fmt: .venv/.dev ## format the Python sources and fix what can be fixed
	.venv/bin/ruff check --fix-only
	.venv/bin/ruff format

bench: .venv/.dev ## the load tests; BENCH='--help' for their options
	.venv/bin/python -m load_tests.bench $(BENCH)

chaos: .venv/.dev ## servers die under a crowd that checks everything, 25 minutes at most; CHAOS='--help' for options
	@.ci/system-packages test
	.venv/bin/python -m load_tests.chaos $(CHAOS)

bench-peers: .venv/.dev load_tests/peers/node_modules/.installed ## against nchan, nats-server, socket.io … in the same run; installs what is missing by apt and npm
	@.ci/system-packages peers
	.venv/bin/python -m load_tests.bench_peers $(BENCH)

wheel: .venv/.runtime server/tertulia/webapp/.built ## dist/tertulia-….whl, web app included
	@mkdir -p dist
	.venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	@ls dist/*.whl

clean: ## remove what was built and installed here (never data)
	rm -rf .venv client_js/node_modules load_tests/peers/node_modules server/tertulia/webapp dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# --- the environments; each stamp is as old as its last installation ------------------------------

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Tertulia needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=…"; exit 1; }
	@PYTHON=$(PYTHON) .ci/system-packages venv
	$(PYTHON) -m venv .venv

.venv/.runtime: $(PACKAGED) | .venv/bin/pip
	$(PIP_INSTALL) -e .
	@touch $@

.venv/.cluster: $(PACKAGED) | .venv/bin/pip
	$(PIP_INSTALL) -e '.[cluster,postgres]'
	@touch $@ .venv/.runtime

.venv/.dev: $(PACKAGED) | .venv/bin/pip
	$(PIP_INSTALL) -e '.[test,dev,postgres]'
	@touch $@ .venv/.runtime

client_js/node_modules/.installed: client_js/package.json client_js/package-lock.json client_js/.npmrc
	@command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a == 20 && +b >= 19) ? 0 : 1)' || \
		{ echo "Building the web app needs npm and Node 20.19 or newer; here is: $$(node --version 2>/dev/null || echo none)"; exit 1; }
	$(NPM) ci --no-progress
	@touch $@

server/tertulia/webapp/.built: client_js/node_modules/.installed $(WEB_SOURCES)
	$(NPM) run --silent build
	@touch $@

load_tests/peers/node_modules/.installed: load_tests/peers/package.json load_tests/peers/package-lock.json load_tests/peers/.npmrc
	@.ci/system-packages peers
	npm --prefix load_tests/peers --loglevel=error ci --no-progress
	@touch $@
