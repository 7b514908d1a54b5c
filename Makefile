# sftpingest: everything a person runs while working on it. `make` alone says what there is.
# Needs Python 3.11 or newer, git and make; everything else comes from requirements.lock.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-builtin-rules
.DEFAULT_GOAL := help
.PHONY: help setup lock lint format docs test torture test-clients test-foreign test-oneroster test-clever test-spark fuzz demo bench \
	bench-vendor bench-sftp peers clean

BIN := .venv/bin
READY := .venv/.ready
# the first Python on PATH that is new enough; `make setup PYTHON=/path/to/python` takes another
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

help: ## say what there is
	@echo "make ..."
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16
	@echo 'Options go into ARGS: make demo ARGS=--once, make test ARGS="-k settings", make bench ARGS=--quick'

setup: $(READY) ## make the environment in .venv (instant where nothing changed)
	@:

# The stamp is newer than the lock and pyproject.toml, or the environment is brought up to date.
# What is not in the lock is not fetched: --require-hashes for the rest of the world, --no-deps for ourselves.
$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer was found; install one, or say where: make setup PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || { echo "make: new environment in .venv (under a minute)"; $(PYTHON) -m venv --clear .venv; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

COMPILE := build/uv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
	--no-annotate pyproject.toml
JUDGES := tests/doors/vendor/oneroster/requirements
READER := tests/doors/vendor/clever/requirements
SPARK := tests/doors/vendor/export/requirements
PEERS := benchmarks/peers/requirements
lock: ## renew the locks from pyproject.toml and tests/clients/requirements.in (ARGS=--upgrade: newest versions)
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer was found" >&2; exit 1; }
	@mkdir -p build
	$(PYTHON) -m venv --clear build/uv
	build/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(COMPILE) --group dev -o requirements.lock $(ARGS)
	$(COMPILE) --group build -c requirements.lock -o deploy/requirements.lock
	$(subst pyproject.toml,tests/clients/requirements.in,$(COMPILE)) -c requirements.lock -o tests/clients/requirements.lock
	$(subst pyproject.toml,$(JUDGES).in,$(COMPILE)) -c requirements.lock -o $(JUDGES).lock
	$(subst pyproject.toml,$(READER).in,$(COMPILE)) -o $(READER).lock
	$(subst pyproject.toml,$(SPARK).in,$(COMPILE)) -o $(SPARK).lock
	$(subst pyproject.toml,,$(COMPILE)) --group peers -o $(PEERS).lock
	@rm -rf build/uv
	@! grep -nE '://|--(extra-)?index|--find-links' requirements.lock deploy/requirements.lock tests/clients/requirements.lock \
		$(JUDGES).lock $(READER).lock $(SPARK).lock $(PEERS).lock \
		|| { echo "make: a lock names a registry" >&2; exit 1; }

lint: setup ## ruff, mypy (strict), import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: setup ## let ruff put the code in shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: setup ## write docs/reference/ anew from the code
	$(BIN)/python docs/reference/generate.py

# Everything a test makes lies in one folder of its own, which goes when the tests end. Not under build/: PostgreSQL
# started as another user must be able to reach it, and its socket's path must be short.
# Hundreds of processes start in a run: what they import is compiled once, also where the machine says not to keep that.
test: export PYTHONDONTWRITEBYTECODE :=
test: setup ## the whole suite, on SQLite and PostgreSQL
	@there=$$(mktemp -d "$${TMPDIR:-/tmp}/sftpingest.XXXXXX"); chmod 711 "$$there"; trap 'rm -rf "$$there"' EXIT; \
	TMPDIR="$$there" $(BIN)/python -m pytest --basetemp="$$there/t" -n 3 --dist worksteal $(ARGS)

torture: setup ## kill -9 and floods, many times as often as in `make test` (an hour)
	@SFTPINGEST_LONG=1 $(MAKE) --no-print-directory test \
		ARGS="tests/flow/test_a_hundred_uploads.py tests/flow/test_kill.py tests/doors/sftp/test_guard.py $(ARGS)"

# Installs what is missing first; a client that should be there and is not is a failure. Two at once: one a core.
test-clients: setup ## every SFTP client there is against our door (ARGS=--write: the table in docs/clients.md anew)
	@tests/clients/install
	@there=$$(mktemp -d "$${TMPDIR:-/tmp}/sftpingest.XXXXXX"); trap 'rm -rf "$$there"' EXIT; \
	TMPDIR="$$there" SFTPINGEST_CLIENTS=all $(BIN)/python -m pytest --basetemp="$$there/t" -n 2 tests/clients $(ARGS)

test-foreign: setup ## paramiko's and OpenSSH's own SFTP tests against our door (ARGS=--write: docs/foreign-suites.md anew)
	@$(BIN)/python -m tests.foreign $(ARGS)

# Neither judge is in .venv. The OpenAPI file of OneRoster is not ours to hand on: SFTPINGEST_ONEROSTER_OPENAPI=file.
EXAMPLES := 100
test-oneroster: setup ## the OneRoster door by the official OpenAPI file and a client of others (EXAMPLES=100 an operation)
	@test -x build/oneroster/bin/python || $(BIN)/python -m venv build/oneroster
	@build/oneroster/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(JUDGES).lock
	@$(BIN)/python -m tests.doors.vendor.oneroster --examples $(EXAMPLES) $(ARGS)

test-clever: setup ## the Clever-shaped API by a client of others
	@test -x build/clever/bin/python || $(BIN)/python -m venv build/clever
	@build/clever/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(READER).lock
	@$(BIN)/python -m tests.doors.vendor.clever $(ARGS)

# Not in CI: pyspark is 500 MB, and starting Spark takes longer than all other tests of these files.
test-spark: setup ## every kind as Parquet, opened in Spark (needs Java 17 or newer)
	@test -x build/spark/bin/python || $(BIN)/python -m venv build/spark
	@build/spark/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(SPARK).lock
	@$(BIN)/python -m tests.doors.vendor.export $(ARGS)

# atheris is not in .venv: build/fuzz has it, and sees what .venv has. A finding stops its target, and make.
FUZZ := proxy spot packets lane certificates
FOR := 600
LAWS := 1000
fuzz: setup ## bytes that nobody sends, guided by coverage, to what reads them (FOR=600: seconds in all; LAWS=1000)
	@test -x build/fuzz/bin/python || $(BIN)/python -m venv build/fuzz
	@build/fuzz/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/fuzz/requirements.lock
	@there=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	for one in $(FUZZ); do echo "make: $$one"; \
		PYTHONPATH="src:.:$$there" build/fuzz/bin/python tests/fuzz/fuzz_$$one.py -artifact_prefix=build/fuzz/$$one- \
			-max_total_time=$$(($(FOR) / $(words $(FUZZ)))) -print_final_stats=1 $(ARGS); done
	@SFTPINGEST_LAWS=$(LAWS) $(MAKE) --no-print-directory test \
		ARGS="tests/doors/sftp/test_model.py tests/doors/sftp/test_random_packets.py"

demo: setup ## see it work: server, upload with planted mistakes, report (ARGS=--once: stop by itself)
	@mkdir -p build/tmp
	@TMPDIR="$(CURDIR)/build/tmp" exec $(BIN)/sftpingest demo $(ARGS)

bench: setup ## seconds, rows a second and memory of every stage (ARGS=--quick: a tenth of the district)
	$(BIN)/python -m benchmarks run $(ARGS)

bench-vendor: setup ## what vendors wait for: pages, a whole read, a night's events (ARGS=--quick: a tenth of the district)
	$(BIN)/python -m benchmarks vendor $(ARGS)

# PostGraphile asks for a newer Node than Debian has: npm brings that too. A lock of npm would name a registry.
peers: setup ## install what `make bench-vendor` stands beside our pages: Datasette, and with npm PostGraphile
	@test -x build/peers/bin/python || $(BIN)/python -m venv build/peers
	@build/peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(PEERS).lock
	@command -v npm >/dev/null || { echo "make: no npm was found, so PostGraphile was left out; Debian has it in npm" >&2; exit 1; }
	@npm install --prefix build/peers --silent --no-audit --no-fund --no-package-lock node@22 postgraphile@5.1.5

bench-sftp: setup ## the SFTP door beside OpenSSH and ProFTPD, as root (ARGS=--quick: about a minute)
	$(BIN)/python -m benchmarks sftp $(ARGS)

clean: ## remove the environment and everything made here
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis benchmarks/.work
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
