# make demo: everything installed, a synthetic bank, served on 127.0.0.1:8000
# make test: what tests need, then the whole suite on SQLite, and what says something of the database (without the browser) on a throw-away PostgreSQL;
# COVERAGE=1 measures the coverage too, branches included, of the whole suite on SQLite (what only PostgreSQL runs counts as
# not covered), and holds it against its floors: about a third slower
# make test-spark: what computes by Spark, which make test leaves out, and says so
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
HOME_DIR ?= var/demo
NODE := $(shell command -v npm 2>/dev/null)
NPM_QUIET := --no-audit --no-fund --loglevel=error
PAGES = $(shell find src/weihu/workplace/templates -name '*.html')
WORDS := $(patsubst %.po,%.mo,$(wildcard src/weihu/workplace/locale/*/LC_MESSAGES/django.po))
PARALLEL := -n 2 --dist loadgroup
# what rules compile to is worked out once, on SQLite, where it is measured too
COMPILED := .cache/compiled

# commands begin as new processes again and again: none should have to compile its modules anew
unexport PYTHONDONTWRITEBYTECODE

SAMPLE ?= 150
SEED ?= 1
SHARE ?= 1

.PHONY: demo test covered test-spark lint audit mutants attack bench install clean

demo: install
	$(UV) run --no-sync weihu --home $(HOME_DIR) demo

# what lint and tests have installed besides stays
install: $(UV) node_modules/.package-lock.json $(WORDS)
	$(UV) sync --locked --no-dev --inexact

$(WORDS): %.mo: %.po | $(UV)
	$(UV) run --no-dev --group build pybabel --quiet compile -i $< -o $@

.tools/bin/uv:
	python3 tools/get_uv.py .tools/bin

# what pages are made of; the linters and what the browser tests need come on top for those who change the code
node_modules/.package-lock.json: package-lock.json | $(UV)
	$(if $(NODE),,$(UV) run --no-dev --group node )npm ci $(NPM_QUIET) --omit=dev

node_modules/.dev: package-lock.json node_modules/.package-lock.json
	$(if $(NODE),,$(UV) run --no-dev --group node )npm ci $(NPM_QUIET)
	touch $@

test: install node_modules/.dev
	$(UV) sync --quiet --locked
	sh tools/test_needs.sh
	rm -rf $(COMPILED)
	$(if $(COVERAGE),$(UV) run coverage erase)
	WEIHU_COMPILED=$(abspath $(COMPILED)) $(UV) run $(if $(COVERAGE),coverage run -m )pytest $(PARALLEL) $(ARGS)
	WEIHU_COMPILED=$(abspath $(COMPILED)) sh tools/with_postgres.sh $(UV) run pytest $(PARALLEL) -m "not browser and not sqlite" tests/nightly tests/workplace $(ARGS)
	$(if $(COVERAGE),$(MAKE) --no-print-directory covered)

covered:
	$(UV) run coverage combine --quiet
	$(UV) run coverage json --quiet --fail-under 0
	$(UV) run coverage report
	$(UV) run python tools/coverage_floor.py .cache/coverage/coverage.json

# what only Spark runs, with Spark (half a gigabyte), and the coverage of its engine, which `make test` does not measure;
# further nights only with WEIHU_SPARK_NIGHTS=1 (of one book), all (of every book) or czech (of a real ledger's year), a
# cluster with WEIHU_SPARK_CLUSTER=1
# a small night is over before Java's second compiler and its collector's threads have paid for themselves
test-spark: export JAVA_TOOL_OPTIONS := -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
test-spark: install
	$(UV) sync --quiet --locked --group spark
	$(UV) run --group spark coverage erase
	$(UV) run --group spark coverage run -m pytest -m spark tests/engine tests/nightly $(ARGS)
	$(UV) run --group spark coverage combine --quiet
	$(UV) run --group spark coverage report --include '*/engine/spark/*' --omit '*/migrations/*' --fail-under 85

lint: install node_modules/.dev
	$(UV) sync --quiet --locked
	$(UV) run ruff check .
	$(UV) run ruff format --check .
	$(UV) run mypy
	$(UV) run lint-imports
	$(UV) run sh tools/check_django.sh
	$(UV) run djade --target-version 5.2 --check $(PAGES)
	$(UV) run djhtml --tabwidth 2 --check $(PAGES)
	$(UV) run djlint --lint --quiet src/weihu/workplace/templates
	$(if $(NODE),,$(UV) run --group node )npx --no-install biome ci --error-on-warnings

# known vulnerabilities of the locked dependencies, as far as a registry tells them
audit: install
	python3 tools/audit.py $(UV)

# rules changed one place at a time: how many of SAMPLE changes, drawn by SEED from all rules or from MODULES, a test notices
mutants: install
	$(UV) run --quiet --isolated --locked --group mutants python tools/mutants.py $(MODULES) --sample $(SAMPLE) --seed $(SEED)

# the tests that attack, with many cases (SHARE of them: all take hours); the last lines say how much was tried
attack: install
	$(UV) sync --quiet --locked
	WEIHU_ATTACK=$(SHARE) $(UV) run pytest $(PARALLEL) -m attack tests $(ARGS)

# ratios to references of the same run, against the last ones kept in bench/README.md
bench: install
	$(UV) sync --quiet --locked
	$(UV) run python bench/small.py

clean:
	rm -rf var .venv .tools node_modules
