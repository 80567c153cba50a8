"""The signed context: its forms are complete, current, and nothing else than what they must be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from support import signed
from support.databases import Database, database
from support.servers import Server
from support.session import Session
from ticket_schema import lint, steps
from ticket_schema.catalog import Catalog, read_catalog

from .test_functions import functions

# What a context says, and no login may say of itself; the other variables are not signed.
POWERS = ("app.current_tenant_id", "app.current_user_id", "app.current_user_role")
FORMS = steps.signed_forms("9999")
CHECK = re.compile(r"    IF v_context IS NULL\n.*?    END IF;\n\n", re.DOTALL)


@pytest.fixture(scope="module")
def hard(server: Server, template: Database) -> Iterator[Session]:
    with database(server, template.name) as made:
        signed.harden(made)
        with psycopg.connect(made.superuser_url) as connection:
            yield Session(connection)


def replaced() -> dict[str, str]:
    return {name: text for name, text in FORMS.items() if "CREATE OR REPLACE" in text}


def code(text: str) -> str:
    return text.split("$function$")[1]


def test_every_function_that_believes_a_variable_has_a_form(db: Session) -> None:
    believing = {
        f["proname"]
        for f in functions(db)
        if any(f"current_setting('{name}'" in f["prosrc"] for name in POWERS)
    }
    known = {**lint.allowed()["settings_readers"], **lint.allowed()["settings_writers"]}
    assert believing <= {signature.partition("(")[0] for signature in known}
    assert believing | {"context_is_signed"} == set(replaced())


def test_no_form_believes_a_variable() -> None:
    for name, text in replaced().items():
        body = code(text)
        if name == "set_tenant_context":  # compared below
            continue
        for variable in POWERS:
            assert variable not in body, name
        assert ("ticketing.signed_context()" in body) is (name != "context_is_signed"), name


def test_set_tenant_context_is_itself_behind_a_check() -> None:
    plain = code(steps.read_at("functions/set_tenant_context", "9999"))
    form = code(FORMS["set_tenant_context"])
    declared = "    v_context text[] := ticketing.signed_context();\n"
    (check,) = CHECK.findall(form)
    assert "'TK719'" in check
    assert form.index(check) < form.index("p_tenant_id is NULL")
    assert CHECK.sub("", form).replace(declared, "") == plain


def test_no_form_is_older_than_the_function() -> None:
    for name, stamps in steps.signed_stamps().items():
        newest = steps.stamps()[f"functions/{name}"][-1]
        assert newest <= stamps[-1], f"{name} was changed at {newest}: bring its form there too"


def test_nothing_that_runs_in_a_parallel_worker_needs_the_process(hard: Session) -> None:
    """A worker is another process than the one that the context is sealed for."""
    found: dict[str, dict[str, Any]] = {f["proname"]: f for f in functions(hard)}
    reaching = {"signed_context"}
    while True:
        calls = re.compile(rf"\bticketing\.(?:{'|'.join(reaching)})\(")
        more = {name for name, f in found.items() if calls.search(f["prosrc"])} - reaching
        if not more:
            break
        reaching |= more
    assert {"require_tenant", "search_tickets"} <= reaching
    assert [name for name in sorted(reaching) if found[name]["parallel"] == "s"] == []


def test_only_what_must_be_restricted_is(db: Session, hard: Session) -> None:
    before = {f["proname"]: f["parallel"] for f in functions(db)}
    after = {f["proname"]: f["parallel"] for f in functions(hard)}
    changed = {name for name in after if after[name] != before[name]}
    assert changed == set(FORMS) - {"context_is_signed", "set_tenant_context"}
    assert {after[name] for name in changed} == {"r"}


def test_the_hardening_changes_functions_and_nothing_else(catalog: Catalog, hard: Session) -> None:
    hardened = read_catalog(hard.connection)
    assert {k: v for k, v in hardened.items() if k != "function"} == {
        k: v for k, v in catalog.items() if k != "function"
    }
    for name, definition in hardened["function"].items():
        before = catalog["function"][name]
        assert definition["owner"] == before["owner"]
        assert definition.get("grants") == before.get("grants")
        assert (definition == before) is (name.partition("(")[0] not in FORMS), name
    assert hardened["function"].keys() == catalog["function"].keys()


def test_search_paths_stay_pinned_and_rights_the_callers(db: Session, hard: Session) -> None:
    before = {f["proname"]: f for f in functions(db)}
    for function in functions(hard):
        name = function["proname"]
        assert function["proconfig"] == before[name]["proconfig"], name
        assert function["prosecdef"] == before[name]["prosecdef"], name
        assert function["volatility"] == before[name]["volatility"], name
