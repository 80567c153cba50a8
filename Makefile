# Work on this checkout. `make` alone lists the targets.
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help install up down test lint fmt upgrade downgrade migrate-up migrate-down revision sql \
        status fingerprints isolation-proof seed-coverage gate freeze gate-score gate-rules \
        docs docs-check site soak bench check clean

##@ First steps

help: ## Show this list.
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: $(READY) ## Start an embedded PostgreSQL at head with the demo tenants; print how to connect.
	@$(BIN)/ticket-schema up --demo

down: $(READY) ## Stop it; the data stay.
	@$(BIN)/ticket-schema down

test: $(READY) ## Run the whole suite, two servers side by side. ARGS="-k scan" picks, JOBS=0 is one.
	@$(BIN)/pytest --numprocesses $(JOBS) --dist worksteal $(ARGS)

##@ A database, named by DATABASE_URL

migrate-up: $(READY) ## Bring it to head.
	@$(BIN)/ticket-schema upgrade

migrate-down: $(READY) ## Take it one revision back; refused while rows would be lost.
	@$(BIN)/ticket-schema downgrade -1

upgrade: $(READY) ## Bring it to REV, head by default.
	@$(BIN)/ticket-schema upgrade $(or $(REV),head)

downgrade: $(READY) ## Take it back to REV.
	@$(BIN)/ticket-schema downgrade $(REV)

status: $(READY) ## Look it over: revision, drift, roles, row level security.
	@$(BIN)/ticket-schema status

sql: $(READY) ## Print the whole chain, or SPAN=A:B, as a script for a DBA.
	@$(BIN)/ticket-schema sql $(SPAN)

##@ Work on the schema

install: $(READY) ## Make the virtual environment.

revision: $(READY) ## Make an empty revision: make revision REV=0019 NAME="what it does".
	@$(BIN)/alembic revision --rev-id "$(REV)" -m "$(NAME)"

fingerprints: $(READY) ## Write the fingerprints anew, after a change of sql/ or versions/.
	@$(BIN)/python -m ticket_schema.drift

isolation-proof: $(READY) ## Put each defect of isolation back, and write docs/isolation-proof.md anew.
	@PYTHONPATH=tests $(BIN)/python -m isolation.proof

seed-coverage: $(READY) ## Write docs/seed-coverage.md anew, from the catalog of a scratch database.
	@PYTHONPATH=tests $(BIN)/python -m seed.coverage

gate: $(READY) ## Look the revisions over for what is dangerous. ARGS="--since v0.1.0".
	@$(BIN)/ticket-schema gate $(ARGS)

freeze: $(READY) ## Write versions/CHECKSUMS, after a release or a new revision behind one.
	@$(BIN)/ticket-schema gate freeze $(ARGS)

gate-rules: $(READY) ## Write docs/gate-rules.md anew.
	@PYTHONPATH=tests $(BIN)/python tests/gate/rules_page.py

gate-score: $(READY) ## Write docs/gate-score.md anew; PYTHON= one with pytest-alembic fills that column.
	@PYTHONPATH=tests $(BIN)/python tests/gate/score.py $(PYTHON)

docs: $(READY) ## Write docs/schema anew, from the catalog of a scratch database.
	@$(BIN)/ticket-schema docs build $(ARGS)

docs-check: $(READY) ## Compare docs/schema with a scratch database, or ARGS="--url …" with a live one.
	@$(BIN)/ticket-schema docs check $(ARGS)

site: $(READY) ## Make the site of docs/ in site/; ARGS=--open shows it in the browser.
	@$(BIN)/ticket-schema docs site $(ARGS)

lint: $(READY) ## Check style and types: ruff, mypy, sqlfluff.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --disable-progress-bar sql \
		src/ticket_schema/lint src/ticket_schema/gate/catalog src/ticket_schema/docs/structure \
		src/ticket_schema/docs/live_queries

fmt: $(READY) ## Format the Python code.
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

soak: $(READY) ## Two minutes of random work and faults, then invariants. ARGS="--seconds 600 --seed 7".
	@PYTHONPATH=tests $(BIN)/python -m soak $(ARGS)

bench: $(READY) ## Run the benchmarks; each prints ratios within its own run.
	@for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

check: lint gate test ## What must pass before a commit.

clean: ## Remove the environment and the caches; the embedded server's data stay.
	@rm -rf $(VENV) build dist src/*.egg-info .mypy_cache .pytest_cache .ruff_cache

$(READY): pyproject.toml
	@test -d $(VENV) || python3 -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)
