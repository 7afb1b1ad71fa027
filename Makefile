# Short names for exact commands; what they do is in development/*.py.
PYTHON ?= python3
STACK := $(PYTHON) -m development.stack
LTM := 2.4.44
NEWEST := 3.2.7
# An upgrade from here to the LTM release has no migration.
CODE_ONLY := 2.4.43
PYTEST := python -m pytest --durations=15
INSIDE := $(PYTEST) tests/integration tests/system
BENCH := python -m benchmarks
BENCHMARKS := preflight verify fingerprints rollback isolation pages migrations growth rehearsal
BRIEF := preflight fingerprints pages growth
PAIR := $(MAKE) --no-print-directory --jobs=2 --output-sync=line

# A test marked `once` says the same on every line, one marked `lines` the same of every database.
# The lines share the tests marked `once`, so that they take the same time.
QUICK := not slow and not upgrades
LTM_SHARE := not newest
NEWEST_SHARE := not once or newest
ONE_LINE := not once and not upgrades
ONE_SERVER := not once and not lines and not upgrades and not slow
WITH_APPS := apps and not upgrades
PURE := common facts catalog migration_graph upgrade deployment rollback runbook checks snapshot report

# make test K=expression LINE=version: those tests alone, on that line alone.
LINE ?=
K ?=
# pytest ends with 5 if K selects nothing; make test has several parts, and K need not match in each.
SELECT = $(if $(K),-k "$(K)" $(if $(PARTS),|| [ $$? -eq 5 ]))

.PHONY: help demo demo-up demo-down test test-all test-fast test-target test-ltm test-3x test-rest test-slow \
  test-upgrade test-apps test-browser test-dist test-mysql test-line test-upgrades test-rollback \
  test-faults-one-by-one test-kills test-coverage test-muted-checks up databases lint prose docs site screenshots dist bench bench-short bench-volume bench-record durations clean \
  new-check watch test-one-worker test-other-servers

help:  ## show this
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

demo:  ## a faulty Nautobot 2.4, and Preflight's verdict on its upgrade
	$(PYTHON) -m development.demo

demo-up:  ## the same, and leave its web UI running
	$(PYTHON) -m development.demo --keep

demo-down:  ## stop it
	$(PYTHON) -m development.demo --down

ifeq ($(LINE),)
test: PARTS := several
test: test-fast test-target  ## the pure layers, then what each Nautobot line needs; K=expression LINE=version
	$(PAIR) PARTS=$(PARTS) test-ltm test-3x
else
test: test-line
endif

test-all: test test-rest  ## everything that CI runs

test-fast:  ## the pure layers: no Nautobot, no servers, seconds
	$(STACK) tool fast -- python -m pytest -q -n 2 -m 'not slow' --ignore=tests/unit/target tests/unit tests/architecture $(SELECT)

test-target:  ## resolving and building a target: a local index, uv, processes
	$(STACK) tool fast -- python -m pytest -q -n 2 tests/unit/target $(SELECT)

test-coverage:  ## the pure layers: at least 95 % covered
	$(STACK) tool fast -- python -m pytest -q -n 2 tests/unit $(PURE:%=--cov=nautobot_upgrade_jobs/%) --cov-report=term:skip-covered --cov-fail-under=95

test-muted-checks:  ## each check disabled in turn: a test must fail each time, nightly
	$(STACK) tool fast -- python -m pytest -q -n 2 -m slow tests/architecture

test-ltm:  ## inside the LTM release
	$(STACK) up $(LTM)
	$(STACK) exec $(LTM) -- $(INSIDE) -m '$(QUICK) and ($(LTM_SHARE))' $(SELECT)

test-3x:  ## inside the newest release
	$(STACK) up $(NEWEST)
	$(STACK) exec $(NEWEST) -- $(INSIDE) -m '$(QUICK) and ($(NEWEST_SHARE))' $(SELECT)

test-line:  ## one Nautobot whole: make test-line LINE=3.0.11 DATABASE=mysql
	$(STACK) up $(LTM) $(if $(DATABASE),--database $(DATABASE))
	$(STACK) up $(LINE) $(if $(DATABASE),--database $(DATABASE))
	$(STACK) exec $(LINE) $(if $(DATABASE),--database $(DATABASE)) -- $(INSIDE) tests/upgrade -m '$(ONE_LINE)' $(SELECT)

test-rest: up
	$(PAIR) test-one-worker test-other-servers

# One after another: some stop the worker that others use, or compare all rows of its database.
test-one-worker:
	$(MAKE) test-slow
	$(MAKE) test-dist
	$(MAKE) test-browser

test-other-servers:
	$(MAKE) test-mysql
	$(MAKE) test-apps
	$(MAKE) test-upgrade
	$(MAKE) test-coverage

test-slow: up  ## what takes minutes: trial boots, Jobs that build the target, broken tables
	$(STACK) exec $(LTM) -- $(INSIDE) -m 'slow'
	$(STACK) exec $(NEWEST) -- $(INSIDE) -m 'slow and not once'

test-upgrade: up  ## a real upgrade: predicted, killed, finished, compared
	$(STACK) exec $(NEWEST) -- $(PYTEST) tests/upgrade -m 'not upgrades'

test-apps: up  ## the same with common Apps
	$(STACK) exec $(LTM) --data apps -- $(PYTEST) tests/system/test_resolution.py tests/integration/test_verify.py -m '$(WITH_APPS)'
	$(STACK) exec $(NEWEST) --data apps -- $(INSIDE) -m '$(WITH_APPS)'

up:
	for version in $(LTM) $(NEWEST); do \
	  $(STACK) up $$version && $(STACK) up $$version --data apps || exit 1; \
	done

databases:  ## renew the dumps in development/databases after a change of the sample data
	$(STACK) databases

test-browser: up  ## the pages in a real Chromium (Debian or Ubuntu, root for the first time)
	$(STACK) tool browser -- python -m pytest tests/browser

test-dist: up  ## the wheel with a clean Nautobot, and every command in the documentation
	$(STACK) tool dist -- python -m pytest tests/dist

test-mysql:  ## the same on MySQL (Debian or Ubuntu, root for the first time)
	$(STACK) up $(LTM) --database mysql
	$(STACK) exec $(LTM) --database mysql -- $(INSIDE) -m '$(ONE_SERVER)'

test-faults-one-by-one:  ## each fault of Verify Migrations alone, nightly
	$(STACK) up $(LTM)
	FAULTS_ONE_BY_ONE=1 $(STACK) exec $(LTM) -- $(PYTEST) tests/integration/test_verify.py

test-upgrades:  ## many real upgrades, an hour
	$(STACK) up $(LTM)
	for version in 3.0.11 3.1.8 $(NEWEST); do \
	  $(STACK) up $$version && $(STACK) exec $$version -- $(PYTEST) tests/upgrade/test_predictions.py -m upgrades -k healthy || exit 1; \
	done
	$(PYTHON) -m benchmarks.predictions
	$(STACK) exec $(NEWEST) -- $(PYTEST) tests/upgrade/test_predictions.py -m upgrades -k 'not healthy'
	$(STACK) exec $(NEWEST) -- $(PYTEST) tests/upgrade/test_rehearsed_faults.py -m upgrades
	$(STACK) exec $(NEWEST) -- $(PYTEST) tests/upgrade/test_reversed_schema.py
	$(STACK) exec $(LTM) -- $(PYTEST) tests/upgrade/test_from_1x.py
	$(STACK) up $(LTM) --database mysql
	$(STACK) exec $(LTM) --database mysql -- $(PYTEST) tests/upgrade/test_from_1x.py
	$(STACK) exec $(LTM) -- $(PYTEST) tests/upgrade/test_deployments.py tests/upgrade/test_cluster_faults.py
	$(STACK) up $(CODE_ONLY) && $(STACK) exec $(CODE_ONLY) -- $(PYTEST) tests/upgrade/test_deployments.py
	$(STACK) up $(LTM) --data apps
	$(STACK) exec $(LTM) --data apps -- $(PYTEST) tests/upgrade/test_upgrade_plan.py
	$(STACK) up $(NEWEST) --data apps
	$(STACK) exec $(NEWEST) --data apps -- $(PYTEST) tests/upgrade -m '$(WITH_APPS)'

test-rollback:  ## there and back by the planner's own script, two hours
	$(STACK) up $(LTM)
	$(STACK) exec $(LTM) -- $(PYTEST) tests/upgrade/test_rollback_script.py tests/upgrade/test_round_trips.py
	for version in 3.0.11 3.1.8 $(NEWEST); do \
	  $(STACK) up $$version && $(STACK) exec $$version -- $(PYTEST) tests/upgrade/test_round_trips.py || exit 1; \
	done
	$(STACK) up $(LTM) --data apps
	$(STACK) exec $(LTM) --data apps -- $(PYTEST) tests/upgrade/test_round_trips.py
	$(STACK) up $(LTM) --database mysql
	$(STACK) exec $(LTM) --database mysql -- $(PYTEST) tests/upgrade/test_round_trips.py

test-kills:  ## 200 runs that are killed at a random moment, an hour: KILLS=20 for fewer
	$(STACK) up $(LTM)
	$(STACK) exec $(LTM) -- $(PYTEST) tests/endurance

lint:  ## style, types, import contracts, spelling, banned words
	$(STACK) tool lint,fast -- ruff check .
	$(STACK) tool lint,fast -- ruff format --check .
	$(STACK) tool lint,fast -- mypy
	$(STACK) tool lint,fast -- lint-imports
	$(STACK) tool lint,fast -- typos
	$(PYTHON) -m development.prose

new-check:  ## start a check: make new-check TOPIC=storage NAME=low_media_space CROSSES=3.1
	@$(STACK) tool lint,fast -- python -m development.scaffold '$(TOPIC)' '$(NAME)' $(CROSSES)

watch:  ## run the unit tests at each change of a file
	$(STACK) tool watch,fast -- ptw . --now -q -n 2 tests/unit

docs:  ## write the pages that are made from the code
	$(STACK) tool fast -- python -m development.checks_page
	$(STACK) tool fast -- python -m development.catalog_page

site: docs  ## the documentation as pages, for the "?" inside Nautobot
	$(STACK) tool dist -- python -m development.dist site

screenshots:  ## the pictures in the documentation, of the demo (Debian or Ubuntu, root for the first time)
	$(STACK) up 2.4.44 --data demo
	$(STACK) tool browser -- python -m development.screenshots

dist: docs  ## wheel and sdist
	$(STACK) tool dist -- python -m development.dist

bench:  ## measure against Nautobot's commands, counting and pip; fails if a ratio is over its limit
	$(MAKE) --keep-going bench-installed bench-target bench-apps bench-mysql

bench-short:  ## the figures that vary most with the code, with less data, in five minutes
	$(MAKE) --keep-going BENCH='python -m benchmarks --short' BENCHMARKS='$(BRIEF)' bench-installed bench-target

bench-installed:
	$(STACK) up $(LTM)
	$(STACK) up $(NEWEST)
	$(STACK) exec $(NEWEST) -- $(BENCH) $(BENCHMARKS)

bench-target:
	$(STACK) up $(LTM)
	$(STACK) exec $(LTM) -- $(BENCH) target

bench-apps:
	$(STACK) up $(LTM) --data apps
	$(STACK) exec $(LTM) --data apps -- $(BENCH) target

bench-mysql:
	$(STACK) up $(LTM) --database mysql
	$(STACK) exec $(LTM) --database mysql -- $(BENCH) fingerprints

bench-volume:  ## rehearse and upgrade databases of three sizes, 20 minutes
	$(STACK) up $(LTM)
	$(STACK) up $(NEWEST)
	$(STACK) exec $(NEWEST) -- python -m benchmarks.volume

bench-record:  ## add the newest figures to benchmarks/history.json, and plot them for the documentation
	$(STACK) tool plot -- python -m benchmarks.history

durations:  ## measure the CPU time of each migration, for the catalog
	$(STACK) up $(LTM)
	$(STACK) up $(NEWEST)
	$(STACK) exec $(NEWEST) -- python -m benchmarks.durations

clean:  ## stop and remove everything but the cache
	$(STACK) down
	rm -rf .stack
