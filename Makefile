# `make run` and `make test` do all the set-up themselves; they need Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
# What this checkout needs to run, and what its tests and checks need on top.
RUNS := $(VENV)/.installed
TESTS := $(VENV)/.installed-dev
# A busy CI machine may break a time limit once; what fails twice fails, and what passed only then is listed.
RERUNS := $(if $(CI),--reruns 1 --reruns-delay 2 -rR)

.PHONY: run test test-all faults discord-faults fuzz openapi check audit lint security types migrations style lock clean

run: $(RUNS)
	$(PY) manage.py serve $(if $(filter-out 0 no false,$(DEMO)),--demo)

test: $(TESTS)
	$(PY) -m pytest -q -n auto --dist loadfile -m "not node and not browser and not nginx and not promtool and not systemd and not postgres and not redis and not workers and not faults" $(RERUNS) $(ARGS)

test-all: $(TESTS)
	$(PY) -m tests.everything $(RERUNS) $(ARGS)

# SCHEDULES on each database from SEED on; BACKEND=sqlite or postgres, SHOW=1, AT_ONCE=2; EXAMPLES of the model.
faults: $(TESTS)
	$(PY) -m tests.faults --schedules $(or $(SCHEDULES),10) --seed $(or $(SEED),1) --at-once $(or $(AT_ONCE),1) \
		--examples $(or $(EXAMPLES),0) $(if $(BACKEND),--backend $(BACKEND)) $(if $(SHOW),--show)

# What lies between the site and its Discord fails: SCHEDULES on each database from SEED on; BACKEND.
discord-faults: $(TESTS)
	$(PY) -m tests.bot.faults --schedules $(or $(SCHEDULES),10) --seed $(or $(SEED),1) $(if $(BACKEND),--backend $(BACKEND))

# The API against its own document, in three roles: EXAMPLES of each call, SEED; ROLE (member, moderator, admin) alone.
fuzz: $(TESTS)
	$(PY) -m tests.document --examples $(or $(EXAMPLES),100) --seed $(or $(SEED),1) $(if $(ROLE),--role $(ROLE))

# openapi.yaml and the calls in docs/API_DOCUMENTATION.md, from the code.
openapi: $(TESTS)
	DATA_DIR=$(VENV)/check-data $(PY) manage.py api_docs

check: lint security types migrations style

# Asks PyPI whether weaknesses of the locked packages are known; where it cannot be asked: NOT RUN, and no success.
audit: $(TESTS)
	$(PY) scripts/audit.py

lint: $(TESTS)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

security: $(TESTS)
	$(PY) -m bandit -q -c pyproject.toml -r manage.py hazesite accounts botconfig tickets monitoring \
		community notifications analytics bot scripts

types: $(TESTS)
	$(PY) -m mypy .

migrations: $(TESTS)
	DATA_DIR=$(VENV)/check-data $(PY) manage.py makemigrations --check --dry-run

style: $(TESTS)
	$(PY) -m pytest -q -p no:xdist tests/architecture

lock: $(TESTS)
	$(PY) -m pip install -q uv
	$(PY) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt
	$(PY) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf $(VENV) node_modules staticfiles

$(RUNS): requirements.txt
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'HazeBot needs Python 3.11 or newer; set PYTHON=python3.12, say.')"
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(TESTS): requirements-dev.txt $(RUNS)
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@
