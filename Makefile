# Two commands: `make demo` runs the whole path, `make test` all tests. Each sets up .venv when needed.
PYTHON ?= python3
DATA ?=
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
PYTHON := python
else
BIN := .venv/bin
endif
READY := .venv/ready

.PHONY: demo lab test check notebooks bench clean

demo: $(READY)
	$(BIN)/logdojo demo $(if $(DATA),--data $(DATA))

lab: $(READY)
	$(BIN)/jupyter lab --notebook-dir=labs

test: $(READY)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check src tests solutions/checks
	$(BIN)/mypy
	$(BIN)/lint-imports

notebooks: $(READY)
	$(BIN)/logdojo course build

bench: $(READY)
	$(BIN)/python -m tests.bench

clean:
	rm -rf .venv runs

$(READY): pyproject.toml .ci/constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e ".[dev,fast,search,sigma]"
	$(BIN)/python -c "open('$(READY)', 'w').close()"
