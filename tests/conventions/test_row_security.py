"""Row level security stands on every table, in the form of the one template."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ticket_schema.catalog import Catalog
from ticket_schema.status import OPEN_TABLES

from .allowed import (
    CROSS_TENANT,
    DECIDED_WHEN_PLANNED,
    FLOOR_WITHOUT_WORKER,
    GLOBAL_TABLES,
    WITHOUT_ROW_SECURITY,
)

CANONICAL = "({column} = ( SELECT ticketing.current_tenant_id() AS current_tenant_id))"
OWNER_ONLY = "(CURRENT_USER = 'ticketing_owner'::name)"
OWNER_WHEN_PLANNED = "ticketing.runs_as_owner()"
HELPERS = {"current_tenant_id", "current_user_id", "acts_for_tenant"}
WITHOUT_TENANT_TEST = {
    *WITHOUT_ROW_SECURITY,
    "account_lockout_events",
    "outbox_cursors",
    "tenant_access_violations",
    "webhook_nonces",
}


def policies_of(catalog: Catalog, table: str) -> dict[str, Any]:
    return {
        name.partition(".")[2]: policy
        for name, policy in catalog["policy"].items()
        if name.startswith(f"{table}.")
    }


def tenant_test(table: str) -> str:
    return CANONICAL.format(column="id" if table == "tenants" else "tenant_id")


def granted(catalog: Catalog, table: str) -> set[tuple[str, str]]:
    """Returns (role, command) of every grant on a table or its columns."""
    sources = [catalog["table"][table]]
    sources += [c for name, c in catalog["column"].items() if name.startswith(f"{table}.")]
    pairs = set()
    for source in sources:
        for grant in source.get("grants") or []:
            role, _, command = grant.partition(": ")
            pairs.add((role, command))
    return pairs


def test_every_table_is_enabled_and_forced(catalog: Catalog) -> None:
    for name, table in catalog["table"].items():
        expected = name not in WITHOUT_ROW_SECURITY
        assert table["row_security"] is expected, name
        assert table["row_security_forced"] is expected, name
    assert set(WITHOUT_ROW_SECURITY) == OPEN_TABLES


def test_each_tenant_table_has_one_floor_of_the_template(catalog: Catalog) -> None:
    for table in catalog["table"].keys() - WITHOUT_TENANT_TEST:
        restrictive = {n: p for n, p in policies_of(catalog, table).items() if not p["permissive"]}
        assert list(restrictive) == [f"{table}_tenant_isolation"], table
        floor = restrictive[f"{table}_tenant_isolation"]
        assert floor["command"] == "ALL", table
        assert floor["using"] == floor["with_check"] == tenant_test(table), table
        readers = {role for role, command in granted(catalog, table) if command == "SELECT"}
        bound = readers - ({"ticketing_worker"} if table in FLOOR_WITHOUT_WORKER else set())
        assert set(floor["roles"]) == bound, table


def test_every_permissive_policy_repeats_the_tenant_test(catalog: Catalog) -> None:
    crossing = set()
    for name, policy in catalog["policy"].items():
        table, _, own = name.partition(".")
        if not policy["permissive"]:
            continue
        texts = [policy[part] for part in ("using", "with_check") if part in policy]
        if not any("current_tenant_id" in text for text in texts):
            crossing.add(own)
            continue
        for text in texts:
            canonical = tenant_test(table)
            assert text == canonical or text.startswith(f"({canonical} AND "), f"{name}: {text}"
            assert " OR " not in text, f"{name}: {text}"
    assert crossing == set(CROSS_TENANT)


def test_only_the_worker_and_the_owner_cross(catalog: Catalog) -> None:
    for name, policy in catalog["policy"].items():
        if name.partition(".")[2] in CROSS_TENANT:
            assert policy["roles"] in (["ticketing_worker"], ["ticketing_owner"]), name
            if policy["roles"] == ["ticketing_owner"]:
                # False for whoever is merely a member of the owner.
                own = name.partition(".")[2]
                only = OWNER_WHEN_PLANNED if own in DECIDED_WHEN_PLANNED else OWNER_ONLY
                for part in ("using", "with_check"):
                    text = policy.get(part, only)
                    assert text == only or text.startswith(f"({only} AND "), name
                    assert " OR " not in text, name


def test_policies_name_their_roles(catalog: Catalog) -> None:
    for name, policy in catalog["policy"].items():
        assert "PUBLIC" not in policy["roles"], name


def test_a_policy_has_both_clauses_where_both_count(catalog: Catalog) -> None:
    for name, policy in catalog["policy"].items():
        assert ("using" in policy) == (policy["command"] != "INSERT"), name
        assert ("with_check" in policy) == (policy["command"] in ("ALL", "INSERT", "UPDATE")), name


def test_each_grant_has_a_policy_and_each_policy_a_grant(catalog: Catalog) -> None:
    for table in catalog["table"].keys() - WITHOUT_ROW_SECURITY.keys():
        policies = [p for p in policies_of(catalog, table).values() if p["permissive"]]
        by_policy = {
            (role, command)
            for policy in policies
            for role in policy["roles"]
            for command in (
                ["SELECT", "INSERT", "UPDATE", "DELETE"]
                if policy["command"] == "ALL"
                else [policy["command"]]
            )
        }
        grants = granted(catalog, table)
        assert grants <= by_policy, f"{table}: granted, but no row"
        single = {
            (role, policy["command"])
            for policy in policies
            for role in policy["roles"]
            if policy["command"] != "ALL" and role != "ticketing_owner"
        }
        assert single <= grants, f"{table}: a policy for what nobody may do"


def test_policies_call_helpers_only_and_each_once_a_statement(catalog: Catalog) -> None:
    for name, policy in catalog["policy"].items():
        if name.partition(".")[2] in DECIDED_WHEN_PLANNED:
            continue
        for part in ("using", "with_check"):
            text = policy.get(part, "")
            calls = re.findall(r"(\w+)\(", text.replace("AND (", "AND ("))
            words = ("SELECT", "IN", "AND", "ANY", "now", "clock_timestamp")
            functions = {call for call in calls if call not in words}
            assert functions <= HELPERS, f"{name}: {functions}"
            assert "current_setting" not in text, name
            wrapped = len(re.findall(r"\( SELECT ticketing\.\w+\(\)", text))
            assert wrapped == len(re.findall(r"ticketing\.\w+\(\)", text)), name


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


def test_no_entry_of_the_allow_lists_is_stale(catalog: Catalog) -> None:
    names = {name.partition(".")[2] for name in catalog["policy"]}
    assert set(CROSS_TENANT) <= names
    assert set(DECIDED_WHEN_PLANNED) <= set(CROSS_TENANT)
    for table in FLOOR_WITHOUT_WORKER:
        assert table not in GLOBAL_TABLES.keys() - {"tenants"}
        workers = [n for n in CROSS_TENANT if n.startswith(f"{table}_worker_")]
        assert workers, f"{table} needs no exemption"
