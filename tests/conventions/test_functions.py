"""What functions promise about themselves, and who may call them."""

from __future__ import annotations

import re
from typing import Any

from support.session import Session
from ticket_schema.catalog import Catalog

from .allowed import INTERNAL, STABLE

FUNCTIONS = """
SELECT
    p.proname,
    p.provolatile::text AS volatility,
    p.proparallel::text AS parallel,
    p.prosecdef,
    p.proconfig,
    p.prosrc,
    p.prorettype = 'trigger'::regtype AS is_trigger
FROM pg_proc AS p
WHERE p.pronamespace = 'ticketing'::regnamespace
"""


def functions(db: Session) -> list[dict[str, Any]]:
    found = db.all(FUNCTIONS)
    assert found
    return found


def test_functions_that_read_are_listed_and_all_others_are_volatile(db: Session) -> None:
    quiet = {f["proname"] for f in functions(db) if f["volatility"] != "v"}
    assert quiet == set(STABLE)


def test_trigger_and_internal_functions_are_called_by_nobody(db: Session, catalog: Catalog) -> None:
    for function in functions(db):
        name = function["proname"]
        (definition,) = [
            d for signature, d in catalog["function"].items() if signature.startswith(f"{name}(")
        ]
        internal = function["is_trigger"] or name in INTERNAL
        assert bool(definition.get("grants")) is not internal, name


def test_no_function_selects_every_column_of_a_table(db: Session) -> None:
    for function in functions(db):
        bare = re.findall(r"SELECT\s+\*", function["prosrc"])
        assert not bare, function["proname"]


def test_bodies_name_the_schema_of_every_table(db: Session, catalog: Catalog) -> None:
    tables = [*catalog["table"], *catalog["view"]]
    pattern = re.compile(rf"(?:FROM|JOIN|UPDATE|INTO)\s+({'|'.join(tables)})\b(?!\.)")
    for function in functions(db):
        assert not pattern.findall(function["prosrc"]), function["proname"]
