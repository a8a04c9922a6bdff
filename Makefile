# A machine with Python 3.11 or later and make is enough: both targets do all their own set-up.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

# Tests of commands that are run on PostgreSQL too, beside all of tests/database and tests/crash.
ON_BOTH := $(addprefix tests/cli/test_, timeline.py workers.py durable_work.py)

.PHONY: demo test check lock clean

demo: $(VENV)/.user
	$(BIN)/billbridge demo $(ARGS)

# All tests on SQLite, then those that touch the database on PostgreSQL, which comes from a wheel.
test: $(VENV)/.test check
	$(BIN)/pytest -n 2 --dist worksteal $(ARGS)
	BILLBRIDGE_TEST_DATABASE=postgresql $(BIN)/pytest -n 2 --dist worksteal tests/database tests/crash $(ON_BOTH)

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The two sets are installed into one environment; the test set contains the users'.
$(VENV)/.user: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -e $(VENV)/.test || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.test: requirements-test.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# For maintainers: renew the lock files. They carry hashes and no address of an index.
lock:
	uv lock --quiet
	uv export --quiet --no-emit-project --no-header --no-dev --group build --no-group test -o requirements.lock
	uv export --quiet --no-emit-project --no-header --no-dev --group build --group test -o requirements-test.lock

clean:
	rm -rf $(VENV) demo-data .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: benchmark

# One file per claim; a file ends with an error when its claim does not hold here.
benchmark: $(VENV)/.user
	for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

.PHONY: soak

# Long trials with real processes, on SQLite and on PostgreSQL: about half an hour. What they print is kept.
soak: $(VENV)/.test
	for trial in kills days; do for database in sqlite postgresql; do \
	  $(BIN)/python benchmarks/soak/$$trial.py $$database > benchmarks/results/soak-$$trial-$$database.txt || exit 1; \
	done; done

.PHONY: pictures

# A picture of each screen on the demo's world; needs Chromium.
pictures: $(VENV)/.test
	$(BIN)/python docs/pictures/take.py
