# Chat with Graph. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What an installation is made of: it is renewed when one of these changes.
INSTALLED := $(VENV)/.installed
SOURCES_OF_INSTALL := pyproject.toml constraints.txt setup.py $(wildcard graphrag/retrieval/*.cpp graphrag/retrieval/*.h)

export GRADIO_ANALYTICS_ENABLED := False
export HF_HUB_OFFLINE ?= 1

.DEFAULT_GOAL := help
.PHONY: help install chat test lint types unit slow clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED) ## make .venv and install everything into it

$(INSTALLED): $(SOURCES_OF_INSTALL)
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); sys.exit(0 if ok else "Python 3.11 to 3.13 is needed, this is %d.%d; run: make PYTHON=python3.11 ..." % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

chat: $(INSTALLED) ## open the web UI on the bundled default sample (HOST, PORT, GRAPH can be set)
	$(BIN)/graphrag chat --host $(or $(HOST),127.0.0.1) --port $(or $(PORT),7860) $(if $(GRAPH),--graph $(GRAPH))

test: $(INSTALLED) lint types unit ## install, lint, check types, run the tests

lint: $(INSTALLED) ## ruff: style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

unit: $(INSTALLED) ## the tests, but for the slow ones
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest

slow: $(INSTALLED) ## the slow proofs and measurements
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build *.egg-info
