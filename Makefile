# Two commands do everything on a fresh machine with Python 3.11+ and make: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: run test setup check release soak bench clean

run: setup
	@$(BIN)/unspoken run

test: setup
	$(BIN)/ruff check bot tests
	$(BIN)/ruff format --check bot tests
	$(BIN)/mypy
	$(BIN)/unspoken check
	$(BIN)/pytest -n 2 -m "not soak"

setup: $(STAMP)
	@$(BIN)/unspoken fit >/dev/null

# Installed again when the dependencies change; the constraints file pins what was tested.
$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $(STAMP)

check: setup
	$(BIN)/unspoken check

release: setup
	$(BIN)/unspoken check --release

soak: setup
	$(BIN)/pytest -n 2 -m soak

bench: setup
	$(BIN)/unspoken bench turn

clean:
	rm -rf $(VENV) data
