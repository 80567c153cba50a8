"""Every object is named by the rules of docs/style.md."""

from __future__ import annotations

import re

import pytest

from support.session import Session
from ticket_schema.catalog import Catalog

from .allowed import OTHER_NAMES, SHORT_NAMES

PREFIXES = {"PRIMARY KEY": "pk_", "UNIQUE": "uq_", "FOREIGN KEY": "fk_", "CHECK": "chk_"}


def test_names_fit_and_are_plain(catalog: Catalog) -> None:
    for kind, names in catalog.items():
        for name in names:
            last = name.split("(")[0].split(".")[-1]
            if kind == "default privileges":
                continue
            assert re.fullmatch(r"[a-z][a-z0-9_]*", last), f"{kind} {name}"
            assert len(last.encode()) <= 63, f"{kind} {name}"


def test_constraints_say_their_type_and_table(catalog: Catalog) -> None:
    for name, constraint in catalog["constraint"].items():
        table, _, own = name.partition(".")
        if table == "alembic_version":
            continue
        kind = next(kind for kind in PREFIXES if constraint["definition"].startswith(kind))
        if own in OTHER_NAMES:
            continue
        stem = table
        if kind in ("UNIQUE", "CHECK") and not own.startswith(f"{PREFIXES[kind]}{table}"):
            stem = SHORT_NAMES.get(table, table)
        assert own.startswith(f"{PREFIXES[kind]}{stem}"), name
        if kind == "PRIMARY KEY":
            assert own == f"pk_{table}", name
        if kind == "FOREIGN KEY":
            columns = re.match(r"FOREIGN KEY \((.*?)\)", constraint["definition"])
            assert columns is not None
            last_column = columns[1].split(", ")[-1].strip('"')
            assert own == f"fk_{table}_{last_column}", name


def test_indexes_say_their_type_and_table(catalog: Catalog) -> None:
    constraints = {name.partition(".")[2] for name in catalog["constraint"]}
    for name, index in catalog["index"].items():
        if name in constraints or name in OTHER_NAMES:
            continue
        unique = index["definition"].startswith("CREATE UNIQUE")
        stem = SHORT_NAMES.get(index["table"], index["table"])
        assert name.startswith(f"{'uq' if unique else 'idx'}_{stem}_"), name


def test_no_other_name_is_stale(catalog: Catalog) -> None:
    names = {*catalog["index"], *(name.partition(".")[2] for name in catalog["constraint"])}
    assert names >= OTHER_NAMES


def test_triggers_and_policies_say_their_table(catalog: Catalog) -> None:
    for name in catalog["trigger"]:
        table, _, own = name.partition(".")
        assert own.startswith(f"trg_{table}_"), name
    for name in catalog["policy"]:
        table, _, own = name.partition(".")
        assert own.startswith(f"{table}_"), name


def test_parameters_begin_with_p_and_locals_with_v_or_c(db: Session) -> None:
    for function in db.all(
        # Columns of a returned table stand among the names as well.
        "SELECT proname, proargnames[:pronargs] AS parameters, prosrc FROM pg_proc"
        " WHERE pronamespace = 'ticketing'::regnamespace"
    ):
        for parameter in function["parameters"] or []:
            assert parameter.startswith("p_"), f"{function['proname']}: {parameter}"
        declared = re.search(r"\bDECLARE\b(.*?)\bBEGIN\b", function["prosrc"], re.DOTALL)
        if declared:
            for line in declared[1].splitlines():
                local = re.match(r"    (\w+) +(?:CONSTANT +)?[\w.]", line)
                if local:
                    assert local[1].startswith(("v_", "c_")), f"{function['proname']}: {local[1]}"


@pytest.mark.parametrize(
    "name",
    [
        "tickets_view_own",
        "tickets_update_own",
        "tickets_venue_owner_view",
        "tickets_admin_all",
        "tickets_tenant_isolation",
    ],
)
def test_the_named_ticket_policies_exist(name: str, catalog: Catalog) -> None:
    assert f"tickets.{name}" in catalog["policy"]
