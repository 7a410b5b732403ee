# Second Thought. `make help` lists what there is.
# The distribution's Python is what production runs (docs/operations.md), and was built with profiles: a fifth faster.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
SERVE ?= 1
JOBS ?= 3  # one waits for a browser or a server while two compute
AT_ONCE = -n $(JOBS) --dist loadfile --no-loadscope-reorder
STARTING := browser crash deploy fuzz power trust  # folders of tests that start processes, each and every one
# The same on every engine, and long: what walks all routes for all roles, tears at files and wires, or asks deploy/.
ANY_ENGINE = attack fuzz power trust test_permissions.py test_request_logs.py deploy/test_nginx.py deploy/test_restart.py deploy/test_sizes.py deploy/test_units.py deploy/test_update.py
RANDOM ?=
SHUFFLED = $(if $(RANDOM),RANDOM_ORDER=$(if $(filter 1,$(RANDOM)),$$$$,$(RANDOM)))
STAMP := $(VENV)/.installed
unexport PYTHONDONTWRITEBYTECODE  # tests start hundreds of processes: each would compile everything anew

.DEFAULT_GOAL := help
.PHONY: help architecture screenshots env demo test quick proof test-postgres check run simulate bench crash fuzz power trust lock format browser compiler nginx migrate messages embed

help:  ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: $(STAMP)  ## create .venv from the hash-pinned lock file

$(STAMP): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=python3.12, for example."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

demo: env  ## run the main job once on SQLite, print the verdict, leave a site to click through (SERVE=0: end after it)
	@rm -rf var/demo
	@LOCAL_HTTP=1 SKIP_SECOND_FACTOR=1 DATA_DIRECTORY=var/demo $(BIN)/python manage.py demo --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve)

test: env browser compiler nginx  ## run every test but the proofs, in a real Chromium too: about eight minutes on two cores (RANDOM=1: in random order)
	@$(SHUFFLED) $(BIN)/python -m pytest $(AT_ONCE) -m "not proof" --durations=10

quick: JOBS := 2
quick: env  ## run rules, statistics and models: no pages, no browser, no processes, no network
	@$(SHUFFLED) $(BIN)/python -m pytest $(AT_ONCE) -m "not proof and not browser and not process and not slow" $(STARTING:%=--ignore=tests/%)

proof: env browser compiler nginx  ## run what proves endurance: kills, power cuts, planted faults, every page in every mode, more generated cases (SHORT=1: those under half a minute)
	@$(SHUFFLED) $(BIN)/python -m pytest $(AT_ONCE) -m "(proof or generated)$(if $(SHORT), and not minutes)" --hypothesis-profile=many --durations=10

test-postgres: env  ## run the tests of `make test` that use a database, but the long ones that ask no engine, on a PostgreSQL of its own
	@sh tests/postgres.sh
	@$(BIN)/python -m tests.postgres -- $(BIN)/python -m pytest $(AT_ONCE) -m "not proof and not browser" $(ANY_ENGINE:%=--ignore=tests/%) --durations=10

browser:
	@sh tests/browser/chromium.sh
	@sh tests/browser/firefox.sh

nginx:
	@sh tests/deploy/nginx.sh || true

compiler:
	@sh tests/power/compiler.sh

fuzz: env  ## 20,000 requests from the API's own description, broken HTTP, 100,000 forged receipts
	@$(BIN)/python -m tests.fuzz --cases 20000
	@$(BIN)/python -m tests.fuzz receipts

embed:  ## make the files that partners load from the readable ones in embed/ (needs npm; RELEASE=1: keep these versions for ever)
	@python3 embed/build.py $(if $(RELEASE),--release)

screenshots: env browser  ## take pictures of the main pages: var/pictures, and the three of the README
	@DJANGO_SETTINGS_MODULE=campaign.settings $(BIN)/python -m tests.screenshots

crash: env  ## kill processes 500 times under load, stop and freeze a database for 15 minutes, and compare with a ledger (an hour)
	@$(BIN)/python -m tests.crash kills --kills 500 --events 500000 --workers 2 --interval 2.6 --pace 450
	@sh tests/postgres.sh
	@$(BIN)/python -m tests.crash kills --engine postgresql --kills 120 --events 100000 --workers 2 --interval 2 --pace 450
	@$(BIN)/python -m tests.crash outage stopped --minutes 15
	@$(BIN)/python -m tests.crash outage frozen --minutes 15 --pace 100

power: env compiler  ## pull the plug thousands of times: what was acknowledged is still there
	@$(BIN)/python -m tests.power

trust: env browser  ## run every privacy promise against the real server, then plant every fault that must be found (10 minutes)
	@sh tests/postgres.sh
	@test ! -f tests/deploy/nginx.sh || sh tests/deploy/nginx.sh
	@$(BIN)/python -m tests.trust --faults

check: env  ## format, lint, types, import contracts, missing migrations, deployment settings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-cache
	DATA_DIRECTORY=var/check LOCAL_HTTP=1 $(BIN)/python manage.py makemigrations --check --dry-run
	DATA_DIRECTORY=var/check ALLOWED_HOSTS=example.org $(BIN)/python manage.py check --deploy --fail-level WARNING
	DATA_DIRECTORY=var/check $(BIN)/python manage.py describe_api --check

architecture: env  ## print rooms, arrows, circles, lines and imports by string of the three apps
	@$(BIN)/python -m tests.architecture

migrate: env
	@LOCAL_HTTP=1 $(BIN)/python manage.py migrate --verbosity 0
	@LOCAL_HTTP=1 $(BIN)/python manage.py migrate --database audience --verbosity 0
	@LOCAL_HTTP=1 $(BIN)/python manage.py load_library

run: migrate  ## run the site and its worker on this machine, on the data in var/
	@LOCAL_HTTP=1 $(BIN)/python manage.py worker & worker=$$!; trap "kill $$worker" EXIT INT TERM; LOCAL_HTTP=1 $(BIN)/python manage.py serve --welcome --port $(PORT)

simulate: env  ## show by simulation what the statistics promise: false calls, coverage, power
	@LOCAL_HTTP=1 $(BIN)/python manage.py simulate --write

bench: env  ## measure speed and size, as ratios in one run
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peers.txt
	@$(BIN)/python -m benchmarks

messages: env  ## gather marked words, compile the catalogues, list what is not translated yet
	@DATA_DIRECTORY=var/check LOCAL_HTTP=1 $(BIN)/python manage.py translations

format: env  ## format the code and mend what the linter can
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock:  ## compile the lock files from requirements/*.in
	@for name in base postgresql parquet dev peers; do uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet requirements/$$name.in -o requirements/$$name.txt; done
