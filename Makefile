# Everything that you type, for readers and authors alike. `make` alone lists it.
# GNU make 3.81 is enough (macOS has that one). On Windows, type it in Git Bash.

ifeq ($(OS),Windows_NT)
PYTHON ?= python
BIN := .venv/Scripts
else
PYTHON ?= python3
BIN := .venv/bin
endif
PORT ?= 8000
JOBS ?= 2

PY := $(BIN)/python
INSTALLED := .venv/installed
# All pages each time: else a page with a warning fails one build and is taken as done by the next.
BUILD := $(BIN)/jupyter-book build . --all -W -n --keep-going -q

# Where several programs share the cores, threads that wait for work must not keep one busy.
notebooks test: export OMP_WAIT_POLICY := passive

# Compiled kernels that were cached before the source changed must not pass a test.
KERNELS := _build/kernels

.PHONY: help book serve lab notebooks test lint bench lock clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

book: $(INSTALLED) ## build the website
	@$(BUILD) >/dev/null
	@echo "The book is built: open _build/html/index.html in a browser, or type  make serve"

serve: $(INSTALLED) ## build the website and serve it on this machine
	@$(BUILD) >/dev/null
	@$(PY) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

lab: $(INSTALLED) ## open the chapters in JupyterLab
	@$(PY) -m jupyterlab

notebooks: $(INSTALLED) ## run every notebook again and store its outputs
	@$(PY) -m bookkit.execute book

test: lint ## prove everything: style, types, package, website, every cell of every notebook
	@$(PY) -c "import shutil; shutil.rmtree('$(KERNELS)', ignore_errors=True)"
	@NUMBA_CACHE_DIR="$(CURDIR)/$(KERNELS)" $(PY) -m pytest tests src/convpool book \
		-n $(JOBS) --dist=loadfile --doctest-modules \
		--nbval --nbval-sanitize-with=tests/nbval_sanitize.cfg

lint: $(INSTALLED) ## check style and types
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --quiet --check .
	@$(PY) -m mypy

bench: $(INSTALLED) ## measure the speed, beside PyTorch where .venv has it
	@$(PY) -m benchmarks

lock: ## work out requirements.lock anew (needs uv)
	@uv pip compile pyproject.toml --extra dev --universal --no-emit-index-url --generate-hashes \
		--python-version 3.11 --fork-strategy fewest --quiet -o requirements.lock \
		--custom-compile-command "make lock"

clean: ## remove the website and every cache, keep .venv
	@$(PY) -c "import shutil; [shutil.rmtree(d, ignore_errors=True) for d in \
		('_build', '.pytest_cache', '.hypothesis', '.mypy_cache', '.ruff_cache')]"

# Installs once, and again when the lock or the project's own metadata changes.
$(INSTALLED): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || \
		{ echo "There is no $(PYTHON) here: install Python 3.11 or newer"; exit 1; }
	@$(PYTHON) -c "import sys; sys.version_info >= (3, 11) or sys.exit( \
		'Python 3.11 or newer is needed, and $(PYTHON) is %d.%d: ' % sys.version_info[:2] \
		+ 'name another one, as in  make book PYTHON=python3.12')"
	@echo "Installing into .venv: about a gigabyte, once, a few minutes"
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(PY) -c "open('$(INSTALLED)', 'w').close()"
