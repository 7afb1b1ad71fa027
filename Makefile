# Short names for exact commands; what they do is in development/*.py.
PYTHON ?= python3
STACK := $(PYTHON) -m development.stack
PYTEST := python -m pytest --durations=10
LIVE := $(PYTEST) tests/integration tests/system tests/upgrade --ignore=tests/system/browser --ignore=tests/system/dist

# What says the same everywhere is run on one line, what says the same of every database not on MySQL.
EVERYTHING := -m 'not upgrades'
BOTH_LINES := -m 'not once and not upgrades'
BOTH_SERVERS := -m 'not once and not lines and not upgrades'
WITH_APPS := -m 'apps and not upgrades'

.PHONY: help demo demo-up demo-down test test-fast test-live test-newer test-older test-apps \
  test-browser test-dist test-mysql test-one test-upgrades test-ways-back up lint docs site screenshots dist bench clean

help:  ## show this
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo:  ## a faulty Nautobot 2.4, and Preflight's verdict on its upgrade
	$(PYTHON) -m development.demo

demo-up:  ## the same, and leave its web UI running
	$(PYTHON) -m development.demo --keep

demo-down:  ## stop it
	$(PYTHON) -m development.demo --down

test: test-fast test-live  ## the pure layers, and inside real Nautobots of both lines

test-fast:  ## the pure layers: no Nautobot, no servers, seconds
	$(STACK) tool fast -- python -m pytest -n 2 tests/unit tests/architecture

test-live: test-newer test-older test-apps  ## inside real Nautobots of both lines

test-newer: up
	$(STACK) exec 3.2.7 -- $(LIVE) $(BOTH_LINES)

test-older: up
	$(STACK) exec 2.4.44 -- $(LIVE) $(EVERYTHING)

test-apps: up
	$(STACK) exec 2.4.44 --data apps -- $(PYTEST) tests/system/test_resolution.py tests/integration/test_verify.py $(WITH_APPS)
	$(STACK) exec 3.2.7 --data apps -- $(LIVE) $(WITH_APPS)

up:
	for version in 2.4.44 3.2.7; do \
	  $(STACK) up $$version && $(STACK) up $$version --data apps || exit 1; \
	done

test-browser: up  ## the pages in a real Chromium (Debian or Ubuntu, root for the first time)
	$(STACK) tool browser -- python -m pytest tests/system/browser

test-dist: up  ## the wheel beside a clean Nautobot, and every command in the documentation
	$(STACK) tool dist -- python -m pytest tests/system/dist

test-mysql:  ## the same on MySQL (Debian or Ubuntu, root for the first time)
	$(STACK) up 2.4.44 --database mysql
	$(STACK) exec 2.4.44 --database mysql -- $(LIVE) $(BOTH_SERVERS)

test-one:  ## one Nautobot: make test-one VERSION=3.0.11 DATABASE=mysql
	$(STACK) up 2.4.44 --database $(DATABASE)
	$(STACK) up $(VERSION) --database $(DATABASE)
	$(STACK) exec $(VERSION) --database $(DATABASE) -- $(LIVE) $(BOTH_LINES)

test-upgrades:  ## many real upgrades, an hour
	$(STACK) up 2.4.44
	for version in 3.0.11 3.1.8 3.2.7; do \
	  $(STACK) up $$version && $(STACK) exec $$version -- $(PYTEST) tests/upgrade/test_predictions.py -m upgrades -k healthy || exit 1; \
	done
	$(STACK) exec 3.2.7 -- $(PYTEST) tests/upgrade/test_predictions.py -m upgrades -k 'not healthy'
	$(STACK) exec 3.2.7 -- $(PYTEST) tests/upgrade/test_reversed_schema.py
	$(STACK) up 2.4.44 --data apps
	$(STACK) exec 2.4.44 --data apps -- $(PYTEST) tests/upgrade/test_upgrade_plan.py

test-ways-back:  ## there and back by the planner's own script, two hours
	$(STACK) up 2.4.44
	$(STACK) exec 2.4.44 -- $(PYTEST) tests/upgrade/test_rollback_script.py tests/upgrade/test_round_trips.py
	for version in 3.0.11 3.1.8 3.2.7; do \
	  $(STACK) up $$version && $(STACK) exec $$version -- $(PYTEST) tests/upgrade/test_round_trips.py || exit 1; \
	done
	$(STACK) up 2.4.44 --data apps
	$(STACK) exec 2.4.44 --data apps -- $(PYTEST) tests/upgrade/test_round_trips.py
	$(STACK) up 2.4.44 --database mysql
	$(STACK) exec 2.4.44 --database mysql -- $(PYTEST) tests/upgrade/test_round_trips.py

lint:  ## style and types
	$(STACK) tool lint,fast -- ruff check .
	$(STACK) tool lint,fast -- ruff format --check .
	$(STACK) tool lint,fast -- mypy

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

bench:  ## beside the commands of Nautobot, counting, and pip
	$(STACK) up 3.2.7
	$(STACK) exec 3.2.7 -- python -m benchmarks.preflight
	$(STACK) exec 3.2.7 -- python -m benchmarks.verify
	$(STACK) exec 3.2.7 -- python -m benchmarks.fingerprints
	$(STACK) exec 3.2.7 -- python -m benchmarks.migrations
	$(STACK) exec 3.2.7 -- python -m benchmarks.rollback
	$(STACK) exec 3.2.7 -- env NAUTOBOT_METRICS_ENABLED=True python -m benchmarks.pages
	$(STACK) up 2.4.44 --data apps
	$(STACK) exec 2.4.44 --data apps -- python -m benchmarks.target

clean:  ## stop and remove everything but the cache
	$(STACK) down
	rm -rf .stack
