# make run plays a small sweep and the main comparison; make test runs the tests. Both set up .venv first, with pinned versions.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
CORE := .venv/core
CORE_TESTS := tests/test_door.py tests/economy/runs/test_model.py tests/economy/round/test_round.py tests/commands/test_cli.py

.PHONY: run serve setup test test-slow test-all core test-core lint docs site screenshots clean help

run: $(STAMP)
	$(BIN)/commonweal sweep free-riding-small --out results/free-riding-small $(FORCE)
	$(BIN)/commonweal sweep commons --vary settlement.kind=equal,data,credit --seeds 8 --out results/commons $(FORCE)

serve: $(STAMP)
	$(BIN)/commonweal serve $(SCENARIO)

help:
	@echo "make run        sweep over free-riding in small, then compare three settlement rules on the data commons;"
	@echo "                results go to results/commons and results/free-riding-small; FORCE=--force replaces"
	@echo "                what another command or version left there"
	@echo "make serve      the browser page at http://127.0.0.1:8765/; SCENARIO=leaky begins with another scenario"
	@echo "make test       all tests but the slow ones"
	@echo "make test-all   all tests"
	@echo "make test-core  some tests of what is installed without extras, with the newest Mesa that is allowed;"
	@echo "                CORE_PYTHON=python3.12 chooses the Python of it"
	@echo "make lint       ruff and mypy"
	@echo "make docs       write docs/scenario-reference.md from the schema, docs/commands.md from --help, the notebooks of the"
	@echo "                tutorials, the files and lengths in docs/architecture.md, the last lines of make run in README.md, and"
	@echo "                docs/atlas.md from all results of the field, played anew in two minutes"
	@echo "make site       build the documentation as a site in build/site, without a network; begin with index.html"
	@echo "make screenshots  take docs/images/page-* of the page in a real browser, in about two minutes"
	@echo "make clean      remove .venv and caches"
	@echo "PYTHON=python3.12 make run   choose the Python that .venv is made with"

setup: $(STAMP)

# --constraint rather than PIP_CONSTRAINT: what builds a package from source may need another version of its build tools.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("commonweal needs Python 3.11 or newer; choose one: make PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	@echo "installing pinned versions into .venv (some minutes the first time)"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@rm -rf .venv/typing && mkdir -p .venv/typing/commonweal
	@for part in commonweal/*.py commonweal/py.typed commonweal/testing agents economy scenarios figures commands; do ln -s "../../../$$part" .venv/typing/commonweal/ || exit 1; done
	@touch $(STAMP)

test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal

# Exit status 5 says that no test is marked slow.
test-slow: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal -m "slow and not alone" || [ $$? -eq 5 ]
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -m alone || [ $$? -eq 5 ]

test-all: test test-slow

CORE_PYTHON ?= $(PYTHON)

# Mesa alone is not pinned here: .venv has the oldest that is supported, or nearly.
core:
	[ -x $(CORE)/bin/python ] || $(CORE_PYTHON) -m venv $(CORE)
	grep -vi '^mesa==' constraints.txt > $(CORE)/constraints.txt
	$(CORE)/bin/python -m pip install --quiet --constraint $(CORE)/constraints.txt --editable . pytest hypothesis

test-core: core
	OMP_NUM_THREADS=1 $(CORE)/bin/python -m pytest -q $(CORE_TESTS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: $(STAMP)
	$(BIN)/commonweal describe --markdown > docs/scenario-reference.md
	$(BIN)/python docs/site/command_reference.py --write
	$(BIN)/python docs/site/notebooks.py --write
	$(BIN)/python docs/layout.py --write
	$(BIN)/python docs/make_run.py --write
	OMP_NUM_THREADS=1 $(BIN)/commonweal reproduce --all --markdown > docs/atlas.md

site: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -q -W --keep-going -j 2 docs build/site
	@echo "build/site/index.html; links to other sites are listed in build/site/external-links.txt"

screenshots: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/screenshots.py docs/images

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
