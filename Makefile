# `make run` serves, `make test` checks; both set up what they need first, and cost nothing where that is done.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 4566

TERRAFORM := terraform -chdir=deploy/terraform
STAGE ?= dev
TARGET ?= 3.13-x86_64

.PHONY: run setup test lint types bench train package deploy clean

run: setup
	@exec $(BIN)/lookalike serve --port $(PORT)

setup: $(VENV)/ready
	@$(BIN)/lookalike models pull core

$(VENV)/ready: requirements.txt requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Lookalike needs Python 3.11, 3.12 or 3.13: install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) scripts/setup_venv.py

test: lint types setup
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/ready
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m benchmarks

train: setup  # one BLAS thread: sums in one order, and no threads that wait for each other
	OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 $(BIN)/python -m training

package: setup  # for Lambda, into dist/lambda: all targets, or `make package TARGETS=3.13-arm64`
	$(BIN)/python -m deploy package $(TARGETS)

deploy:  # what `make package` made, with your AWS credentials: see docs/deploy.md
	$(TERRAFORM) init -input=false
	$(TERRAFORM) workspace select -or-create $(STAGE)
	$(TERRAFORM) apply -var stage=$(STAGE) -var target=$(TARGET)

clean:
	rm -rf $(VENV) models/packs dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
