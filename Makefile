# The only commands a newcomer needs. Whatever they lack is made or installed on the way; nothing is asked.
#
#   make run     serve on PORT (8000), with a private PostGIS unless DATABASE_URL names one
#   make test    the tests, in two processes; ARGS are pytest's: make test ARGS="-k nearby"
#   make check   format, lint, types
#   make bench   the measurements; ARGS are the benchmark's
#   make bench-ranking
#                what visitors of simulated towns lose by our ranking and by others (docs/ranking-quality.md):
#                make bench-ranking ARGS="--towns 24 --seed 7 --json FILE"
#   make bench-hints
#                what people get from hints on simulated days: docs/hints.md
#   make held-out FILE=ratings.csv
#                how well each next rating of a file of yours is predicted: docs/held-out.md
#   make proof-hours FILES="A.osm.pbf B.csv"
#                compiled opening hours against opening_hours.js; it needs npm
#   make stop    stop the private PostGIS
#
# Written for GNU make 3.81, the one of macOS. Python's tools are run as modules, so that a checkout may be moved.

PYTHON := .venv/bin/python
SHELL := /bin/bash

.PHONY: run test check bench bench-ranking bench-hints held-out proof-hours stop broken

run: .venv/runtime
	@exec $(PYTHON) -m flask up

test: .venv/development
	@$(PYTHON) -m pytest -n 2 --dist loadfile $(ARGS)

check: .venv/development
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	@! grep -rnE --include='*.'{py,sql,md,toml,txt} --exclude-dir='.[a-z]*' 'TODO|FIXME|XXX' . \
	    || { echo 'make check: do it now or leave it out' >&2; exit 1; }

bench: .venv/development
	@$(PYTHON) -m bench $(ARGS)

bench-ranking: .venv/development
	@$(PYTHON) -m bench.ranking_quality $(ARGS)

bench-hints: .venv/development
	@$(PYTHON) -m bench.hints_quality $(ARGS)

held-out: .venv/development
	@$(PYTHON) -m bench.held_out $(FILE) $(ARGS)

proof-hours: .venv/development .node/node_modules/opening_hours
	@$(PYTHON) -m bench.hours_proof $(FILES)

# The reference implementation of OSM's opening_hours, for the proof and its slow test only.
.node/node_modules/opening_hours: bench/hours_proof/package-lock.json
	@command -v npm > /dev/null || { echo 'make proof-hours: npm is missing: install Node.js, version 14 or later'; exit 1; }
	@mkdir -p .node
	@cp bench/hours_proof/package*.json .node
	@npm ci --prefix .node --no-audit --no-fund --silent --fetch-retries=1 --fetch-timeout=30000
	@touch $@

stop: .venv/runtime
	@$(PYTHON) -m flask database stop

# These two files stand for a finished installation. They go before pip starts and come back when it has ended,
# so that after an interruption the next make begins again from an empty environment.
.venv/runtime: requirements.txt
	@$(new_environment)
	@rm -f .venv/runtime .venv/development
	@$(call pip_install,requirements.txt)
	@touch $@

.venv/development: requirements-dev.txt .venv/runtime
	@rm -f $@
	@$(call pip_install,requirements-dev.txt)
	@touch $@

# An environment whose Python has gone, as after an upgrade of the system, is made anew.
ifneq ($(shell $(PYTHON) -c 'print("works")' 2>/dev/null),works)
.venv/runtime: broken
endif

# A fresh machine downloads for a minute: one line shows which package it is at.
define pip_install
set -o pipefail; \
PYTHONUNBUFFERED=1 $(PYTHON) -m pip install --disable-pip-version-check --no-input --progress-bar off -r $(1) \
    | awk -v file=$(1) ' \
        function show(step) { printf "\rInstalling %s: %-40s", file, step; fflush() } \
        BEGIN { show("") } \
        /^Collecting/ { show(++packages " " $$2) } \
        /^Installing collected/ { show("unpacking " packages " packages") } \
        END { print "" }' >&2
endef

# Debian's python3 lacks ensurepip until python3-venv is installed; python3.12's is in python3.12-venv.
# Where there is no python3 at all, python3-venv brings it.
define new_environment
if [ -e .venv/runtime ] && $(PYTHON) -c ''; then exit 0; fi 2>/dev/null; \
for python in python3 python3.14 python3.13 python3.12 python3.11 none; do \
    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
done; \
if [ $$python = none ] && ! command -v python3 >/dev/null; then python=python3; fi; \
if [ $$python = none ]; then echo 'Python 3.11 or newer is missing: install it first' >&2; exit 1; fi; \
if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
    if [ $$(id -u) = 0 ]; then sudo=; elif [ -t 0 ]; then sudo=sudo; else sudo='sudo -n'; fi; \
    apt="$$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq"; \
    echo "Installing $$python-venv" >&2; \
    $$apt install -y $$python-venv >/dev/null 2>&1 \
        || { $$apt update && $$apt install -y $$python-venv; } >/dev/null 2>&1 \
        || { echo "Python's venv is missing: run \`sudo apt-get install $$python-venv\`" >&2; exit 1; }; \
fi; \
$$python -m venv --clear .venv
endef
