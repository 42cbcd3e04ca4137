PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -q -n auto --dist loadfile --no-loadscope-reorder

# Without bytecode, each program that a test starts compiles all of ours anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: check fix test drills demo up bench clean

check: .venv/.dev
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy

fix: .venv/.dev
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

test: .venv/.dev
	$(PYTEST) -m "not drill" $(ARGS)

drills: .venv/.dev
	$(PYTEST) -m drill $(ARGS)

demo: .venv/.run
	$(BIN)/python -m flows.cli demo

up: .venv/.run
	$(BIN)/python -m flows.cli up $(ARGS)

bench: .venv/.dev
	$(BIN)/python -m benchmarks $(ARGS)

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.run: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . && touch $@

.venv/.dev: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]" && touch $@ .venv/.run

clean:
	rm -rf .venv
