# `make test` and `make demo` set up all they need: a virtual environment, the pinned packages, the project itself.

PYTHON ?= $(firstword $(foreach name,python3 python3.11 python3.12 python3.13 python3.14,$(shell $(name) -c "import sys; sys.version_info >= (3, 11) and print('$(name)')" 2>/dev/null)) python3)
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
NATIVE := CMakeLists.txt $(wildcard src/tracktools/engine/native/source/*)
DEMO ?= demo
DATA ?= $(or $(TRACKTOOLS_TEST_DATA),$(wildcard ../shared/data))

.PHONY: help mutants setup test test-slow torture check lint types layers format demo clean

help:
	@echo "make test    set up, run the fast tests"
	@echo "make check   format, lint, types, layers"
	@echo "make torture damaged files, kills, full disks (ten minutes)"
	@echo "make mutants wrong versions of single lines, each of which a test must notice (minutes)"
	@echo "make demo    set up, run the whole main job on E. coli into $(DEMO)/ (DATA=folder: measured sets and reads)"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt $(NATIVE)
	test -x $(BIN)/python || { $(PYTHON) -m venv $(VENV) && touch $(VENV)/.made_by_make; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1" -c constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable . --group test
	@# a second igv.js for the tests, without the Jupyter packages that it would bring
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps igv-notebook
	touch $@ # a changed C++ file compiles the native engine again, and no other

test: $(STAMP)
	bash tests/browser/setup.sh || echo "no browser here: its tests will be skipped, each saying so"
	$(BIN)/python -m pytest -ra -n auto --dist loadfile

test-slow: $(STAMP)
	$(BIN)/python -m pytest -ra -m slow -n auto --dist loadfile

TORTURE_SECONDS ?= 600

torture: $(STAMP) # damaged files, kills, full disks; see docs/reliability.md
	nice -n 10 $(BIN)/python tools/torture --seconds $(TORTURE_SECONDS)

check: lint types layers

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

mutants: $(STAMP)
	$(BIN)/python tools/mutants.py

types: $(STAMP)
	$(BIN)/mypy

layers: $(STAMP)
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

demo: $(STAMP)
	$(BIN)/tracktools demo -o $(DEMO) $(if $(DATA),--data $(DATA)) --force

clean: # what make made, and nothing else
	test ! -x $(BIN)/python || $(BIN)/python tools/clean.py $(DEMO)
	test ! -e $(VENV)/.made_by_make || rm -rf $(VENV)
