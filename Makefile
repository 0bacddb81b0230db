# make run · test · lint · bench · translations · lock · peer
# Each makes .venv and installs what it needs if that is missing. PYTHON=python3.12 chooses another Python for a new .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# Empty: compiled code is kept, else each start would compile everything anew.
export PYTHONDONTWRITEBYTECODE :=

# What is installed is known by the contents of the lock files, so that a second start installs nothing.
digest = $(firstword $(shell cat $(1) pyproject.toml setup.py 2>/dev/null | cksum))
INSTALLED_RUN := $(VENV)/installed-run-$(call digest,requirements.lock)
INSTALLED_DEV := $(VENV)/installed-dev-$(call digest,requirements-dev.lock requirements-samples.lock)
# The server that nobody here wrote, against which the tests federate: the packages, and a Node to run them.
PEER := tests/interop
INSTALLED_PEER := $(PEER)/node_modules/installed-$(firstword $(shell cksum <$(PEER)/package.json))
NPM := npm --prefix $(PEER) --no-audit --no-fund --no-package-lock --no-update-notifier --loglevel error
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard webui/translations/*/LC_MESSAGES/*.po))

SENTENCES := --no-default-keywords --keyword _ --keyword ngettext:1,2 --no-location --omit-header --sort-output
OWN_PIP := env -u PIP_FIND_LINKS -u PIP_CONSTRAINT PIP_CONFIG_FILE=/dev/null
LOCKING := --quiet --no-config --generate-hashes --allow-unsafe --strip-extras --build-deps-for wheel --no-header \
  --no-annotate --no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: run test lint bench translations lock peer
.DELETE_ON_ERROR:

run: $(INSTALLED_RUN) $(CATALOGUES) instance.toml
	@exec $(BIN)/machi serve --config instance.toml

test: $(INSTALLED_DEV) $(CATALOGUES)
	@chromium=$${MACHI_TEST_CHROMIUM:-$$(command -v chromium || command -v chromium-browser || command -v google-chrome)}; \
	if [ -n "$$chromium" ]; then export MACHI_TEST_CHROMIUM="$$chromium"; else \
	  echo "Skipped: the tests in a browser. They need Chromium (Debian: apt-get install chromium)."; fi; \
	if [ -z "$$MACHI_TEST_POSTGRES" ]; then \
	  echo "Skipped: the tests on PostgreSQL. They need a server: MACHI_TEST_POSTGRES=postgresql://USER@HOST:PORT/postgres (Debian: apt-get install postgresql)."; fi; \
	if ! $(BIN)/python -m tests.interop.node; then \
	  echo "Skipped: the tests against Fedify. They need Node 22 and its packages: make peer (Debian: apt-get install npm)."; fi; \
	exec $(BIN)/python -m pytest -n 2 $(ARGS)

lint: $(INSTALLED_DEV) $(CATALOGUES)
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

peer: $(INSTALLED_PEER)

bench: $(INSTALLED_DEV) $(CATALOGUES)
	$(BIN)/python -m bench $(ARGS)

# Collects the sentences of the pages and errors into the catalogues (new ones await their translation), and compiles them.
translations: $(INSTALLED_DEV)
	$(BIN)/pybabel --quiet extract --mapping pyproject.toml $(SENTENCES) --output-file $(VENV)/messages.pot .
	for catalogue in webui/translations/*/LC_MESSAGES/messages.po; do \
	  $(BIN)/pybabel --quiet update --input-file $(VENV)/messages.pot --output-file $$catalogue \
	    --locale $$(basename $$(dirname $$(dirname $$catalogue))) --no-fuzzy-matching --ignore-obsolete --no-wrap || exit 1; done
	@$(MAKE) --no-print-directory $(CATALOGUES)

# Works out which versions satisfy pyproject.toml (ARGS=--upgrade: the newest), whatever this machine's own pip settings are.
lock:
	$(PYTHON) -m venv --clear $(VENV)-lock
	$(OWN_PIP) $(VENV)-lock/bin/pip install --quiet pip-tools
	$(OWN_PIP) $(VENV)-lock/bin/pip-compile $(LOCKING) $(ARGS) --output-file requirements.lock pyproject.toml
	$(OWN_PIP) $(VENV)-lock/bin/pip-compile $(LOCKING) $(ARGS) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	rm -r $(VENV)-lock

instance.toml: | $(INSTALLED_RUN)
	@$(BIN)/machi init --config $@ --domain localhost:8080 --name ためしのまち --trial

%.mo: %.po | $(BIN)/pip
	@if [ -x $(BIN)/pybabel ]; then $(BIN)/pybabel --quiet compile --input-file $< --output-file $@; fi

$(INSTALLED_RUN): | $(BIN)/pip
	@echo "Installing what running needs into $(VENV) (once) …"
	@$(BIN)/pip install --quiet --no-compile --require-hashes --requirement requirements.lock
	@$(BIN)/pip install --quiet --no-index --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/installed-run-* && touch $@

$(INSTALLED_DEV): | $(BIN)/pip
	@echo "Installing what developing needs into $(VENV) (once) …"
	@$(BIN)/pip install --quiet --no-compile --require-hashes --requirement requirements-dev.lock
	@$(BIN)/pip install --quiet --no-compile --require-hashes --no-deps --requirement requirements-samples.lock
	@$(BIN)/pip install --quiet --no-index --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/installed-dev-* && touch $@

$(INSTALLED_PEER):
	@command -v npm >/dev/null || { echo "The peer of tests/interop comes by npm (Debian: apt-get install npm)."; exit 1; }
	@echo "Installing the peer of tests/interop (once) …"
	@rm -rf $(PEER)/node_modules
	@$(NPM) install
	@$(NPM) install --no-save node@22
	@touch $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Machi needs Python 3.11 or newer; say which: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)
