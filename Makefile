# Needs Python 3.10 or newer, make and the package registry; everything else goes into .venv on first use.
#   make demo     migrate a script, with the proof that it trains as before, on one process and on two
#   make test     the test suite
#   make check    format, lint, types, floors
#   make bench    the figures of the README, and what --verify costs a step; BENCH=--write-readme puts the first there
#   make docs     the example of the README, docs/rules.md, and the page of a verification
# Another interpreter: make test PYTHON=python3.13

PYTHON ?= python3
VENV ?= .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
# Written last: a set-up that was interrupted starts again, one that is complete is not looked at twice.
READY := $(VENV)/.ready

.PHONY: setup demo test check bench docs

setup: $(READY)

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 10) else "Python 3.10 or newer is needed: make PYTHON=python3.13")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -c 'import pathlib; pathlib.Path("$@").touch()'

demo: $(READY)
	@$(BIN)/python scripts/demo.py

test: $(READY)
	$(BIN)/python -m pytest -n 2

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python benchmarks/bench.py $(BENCH)
	$(BIN)/python benchmarks/growth.py
	@test ! -f benchmarks/runtime.py || $(BIN)/python benchmarks/runtime.py
	$(BIN)/python benchmarks/verify.py --largest 2000000

docs: $(READY)
	$(BIN)/python scripts/readme.py
	$(BIN)/python -m scripts.page
