# Four verbs that CI calls too: install, fix, check, test. `make demo` builds the starter set.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/installed

.PHONY: install demo fix check test soak bench schemas lock clean

install: $(STAMP)

# Locked versions go in as constraints: as requirements they would bring CUDA packages for every platform.
$(STAMP): pyproject.toml constraints.txt
	@echo "Installing the locked packages into $(VENV) (about 2 GB; a minute or more) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -q -c constraints.txt "pip>=25.1"
	$(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt -e . --group dev
	@touch $@

demo: install
	$(BIN)/rolescape build examples/starter/set.yaml --out starter.workspace

fix: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: install
	$(BIN)/pytest -m "not soak"

soak: install
	$(BIN)/pytest -m soak

bench: install
	$(BIN)/python benchmarks/write_shards.py
	$(BIN)/python -m benchmarks.model_calls

schemas: install
	$(BIN)/rolescape schemas --out schemas

# Needs uv. torch stays at a release whose CPU and GPU builds both go with the pinned torchvision.
lock:
	printf 'torch==2.13.0\n' > $(VENV)/torch.txt
	uv pip compile --universal --python-version 3.11 pyproject.toml --group dev --all-extras --no-header --no-annotate --no-emit-find-links --no-emit-index-url -c $(VENV)/torch.txt -o constraints.txt

clean:
	rm -rf $(VENV) build dist *.workspace
