# make demo: everything installed, a synthetic bank, served on 127.0.0.1:8000
# make test: what tests need, then the whole suite on SQLite, and what uses a database (without the browser) on a throw-away PostgreSQL
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
HOME_DIR ?= var/demo
WORDS := $(patsubst %.po,%.mo,$(wildcard src/weihu/workplace/locale/*/LC_MESSAGES/django.po))
BROWSER := $(addprefix tests/workplace/,test_browser.py test_axe.py test_days.py)

.PHONY: demo test lint bench install clean

demo: install
	$(UV) run --no-sync weihu --home $(HOME_DIR) demo

# what lint and tests have installed besides stays
install: $(UV) node_modules/.package-lock.json $(WORDS)
	$(UV) sync --locked --no-dev --inexact

$(WORDS): %.mo: %.po | $(UV)
	$(UV) run --no-dev --group build pybabel --quiet compile -i $< -o $@

.tools/bin/uv:
	python3 tools/get_uv.py .tools/bin

node_modules/.package-lock.json: package-lock.json | $(UV)
	if command -v npm >/dev/null; then npm ci --no-audit --no-fund --loglevel=error; \
	else $(UV) run --no-dev --group node npm ci --no-audit --no-fund --loglevel=error; fi

test: install
	$(UV) sync --quiet --locked
	sh tools/test_needs.sh
	$(UV) run pytest -n 2 --dist loadgroup $(ARGS)
	sh tools/with_postgres.sh $(UV) run pytest tests/nightly tests/workplace $(BROWSER:%=--ignore %) -n 2 --dist loadgroup $(ARGS)

lint: install
	$(UV) sync --quiet --locked
	$(UV) run ruff check .
	$(UV) run ruff format --check .
	$(UV) run mypy
	$(UV) run lint-imports

bench: install
	$(UV) sync --quiet --locked
	$(UV) run python bench/nightly.py --customers 1000000

clean:
	rm -rf var .venv .tools node_modules
