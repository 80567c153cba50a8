"""Who owns, who may call, who may write: nothing is open by accident."""

from __future__ import annotations

import re
from typing import Any

from support.session import Session
from ticket_schema.catalog import Catalog

from .allowed import (
    DEFINERS_CALLED,
    FURTHER_SETTINGS,
    INTERNAL,
    READS_SETTINGS,
    SECURITY_DEFINER,
    SETS_SETTINGS,
    STABLE,
)

VARIABLES = {
    "app.current_tenant_id",
    "app.current_user_id",
    "app.current_user_role",
    "app.actor_type",
    "app.status_change_reason",
    "app.status_change_source",
}
OWNER = "ticketing_owner"
FUNCTIONS = """
SELECT
    p.proname,
    p.prosecdef,
    p.provolatile::text AS volatility,
    p.proparallel::text AS parallel,
    p.proconfig,
    p.prosrc,
    p.prorettype = 'trigger'::regtype AS is_trigger,
    pg_get_userbyid(p.proowner) AS owner
FROM pg_proc AS p
WHERE p.pronamespace = 'ticketing'::regnamespace
"""


def functions(db: Session) -> list[dict[str, Any]]:
    found = db.all(FUNCTIONS)
    assert found
    return found


def test_everything_belongs_to_the_owner(db: Session, catalog: Catalog) -> None:
    for kind in ("schema", "table", "view", "sequence", "index", "function"):
        for name, definition in catalog[kind].items():
            assert definition["owner"] == OWNER, f"{kind} {name}"


def test_nothing_is_granted_to_the_public(catalog: Catalog) -> None:
    for kind, names in catalog.items():
        for name, definition in names.items():
            grants = definition.get("grants") or []
            assert not [g for g in grants if g.startswith("PUBLIC")], f"{kind} {name}"
            assert not [g for g in grants if "GRANT OPTION" in g], f"{kind} {name}"


def test_new_functions_are_not_the_publics_either(catalog: Catalog) -> None:
    grants = catalog["default privileges"]["database functions"]["grants"]
    assert grants == ["ticketing_owner: EXECUTE"]


def test_tables_grant_reading_and_writing_rows_only(catalog: Catalog) -> None:
    allowed = {"SELECT", "INSERT", "UPDATE", "DELETE"}
    for kind in ("table", "view", "column", "sequence"):
        for name, definition in catalog[kind].items():
            for grant in definition.get("grants") or []:
                assert grant.partition(": ")[2] in allowed, f"{kind} {name}: {grant}"


def test_update_is_granted_column_by_column_and_never_on_keys(catalog: Catalog) -> None:
    for name, table in catalog["table"].items():
        for grant in table.get("grants") or []:
            assert not grant.endswith(": UPDATE"), f"{name}: {grant}"
    for name, column in catalog["column"].items():
        if name.split(".")[1] in ("tenant_id", "id", "created_at", "updated_at"):
            grants = column.get("grants") or []
            assert not [grant for grant in grants if grant.endswith(": UPDATE")], name


def test_readers_only_read(catalog: Catalog) -> None:
    for kind, names in catalog.items():
        for name, definition in names.items():
            for grant in definition.get("grants") or []:
                role, _, right = grant.partition(": ")
                if role == "ticketing_readonly":
                    assert right in ("SELECT", "EXECUTE", "USAGE"), f"{kind} {name}"


def test_views_run_as_their_reader(catalog: Catalog) -> None:
    for name, view in catalog["view"].items():
        assert view["options"] == ["security_invoker=true"], name
    assert "materialized view" not in catalog


def test_search_paths_are_pinned(db: Session) -> None:
    for function in functions(db):
        expected = [
            "search_path=pg_catalog, pg_temp",
            *FURTHER_SETTINGS.get(function["proname"], []),
        ]
        assert function["proconfig"] == expected, function["proname"]


def test_functions_that_run_as_the_owner_are_listed(db: Session) -> None:
    definers = {f["proname"] for f in functions(db) if f["prosecdef"]}
    assert definers == set(SECURITY_DEFINER)


def test_a_function_that_runs_as_the_owner_names_the_tenant_of_its_row(db: Session) -> None:
    for function in functions(db):
        if function["prosecdef"] and function["is_trigger"]:
            assert re.search(r"(NEW|v_move|v_buyer|v_change|n)\.tenant_id", function["prosrc"]), (
                function["proname"]
            )


def test_a_definer_that_is_called_says_what_keeps_it_inside_the_tenant(db: Session) -> None:
    called = {f["proname"] for f in functions(db) if f["prosecdef"] and not f["is_trigger"]}
    assert called == set(DEFINERS_CALLED)


def test_only_helpers_read_session_variables(db: Session) -> None:
    readers = {f["proname"] for f in functions(db) if "'app." in f["prosrc"]}
    assert readers == set(READS_SETTINGS) | set(SETS_SETTINGS)


def test_only_known_session_variables_are_used(db: Session) -> None:
    used = {
        name
        for function in functions(db)
        for name in re.findall(r"'(app\.\w+)'", function["prosrc"])
    }
    assert used == VARIABLES


def test_helpers_of_policies_are_stable_and_parallel_safe(db: Session) -> None:
    for function in functions(db):
        if function["proname"] in READS_SETTINGS:
            assert function["volatility"] == "s", function["proname"]
            assert function["parallel"] == "s", function["proname"]
            assert not re.search(r"^\s*EXCEPTION\b", function["prosrc"], re.MULTILINE)


def test_functions_that_read_are_listed_and_all_others_are_volatile(db: Session) -> None:
    quiet = {f["proname"] for f in functions(db) if f["volatility"] != "v"}
    assert quiet == set(STABLE) | set(READS_SETTINGS)


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


def test_roles_have_no_power_of_their_own(catalog: Catalog) -> None:
    for name, role in catalog["role"].items():
        powers = {power for power, held in role.items() if held and power != "member_of"}
        assert powers == set(), f"{name}: {powers}"
        assert not role["member_of"], name
