# Two commands: `make run` tries the product, `make test` checks it. Both set up all they need in .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The CPU build of torch where pip finds one under this version; TORCH_INDEX=<address> chooses where to look.
TORCH ?= torch==2.13.0
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet
PACKAGES := triage kb models api

.PHONY: setup run test test-fast lint format types imports bench compare pictures clean

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	@echo "setting up $(VENV): torch first (200 MB as a CPU build, several GB as a CUDA build), then the rest"
	@$(PYTHON) -m venv $(VENV)
	@echo "  installing $(TORCH) ..."
	@$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$(TORCH)"
	@echo "  installing triage and the tools to check it ..."
	@$(PIP) --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/python -W ignore -m compileall -q $(VENV)/lib/python3*/site-packages/jieba || true
	@touch $@
	@echo "set up"

run: setup
	@$(BIN)/triage demo
	@TRIAGE_DEMO=true TRIAGE_PLAIN_HTTP=true $(BIN)/triage serve

test: setup
	$(BIN)/python -m pytest --cov --cov-report=term

test-fast: setup
	$(BIN)/python -m pytest -m "not real"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup
	$(BIN)/mypy

imports: setup
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m benchmarks.latency
	$(BIN)/python -m benchmarks.startup

compare: setup
	$(BIN)/python -m benchmarks.search_comparison

clean:
	rm -rf $(VENV) var dist build .pytest_cache .mypy_cache .ruff_cache .coverage*

pictures: setup
	$(BIN)/python -m docs.pictures
