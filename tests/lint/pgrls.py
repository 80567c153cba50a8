"""pgrls, a linter and prover of row level security that is not ours, and what it finds.

The prover takes the policies of a table together, whomever they are for. So it is asked once for
each group of services, about the policies that are for that group.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import psycopg
from click.testing import CliRunner
from pgrls.cli import main
from pgrls.introspect import introspect
from pgrls.model import Schema
from pgrls.verify import DEFAULT_AUTH_FUNCTIONS, TableVerdict, build_verification

from ticket_schema import lint
from ticket_schema.preflight import GROUPS

CONFIG = Path(__file__).with_name("pgrls.toml")
EXPLAINED = Path(__file__).with_name("explained.toml")
SCHEMA = "ticketing"
HELPERS = {
    f"{SCHEMA}.{name}" for name in ("current_tenant_id", "current_user_id", "acts_for_tenant")
}
Mode = Literal["anon", "cross-tenant", "write", "escalation", "reachability"]
BY_POLICIES: tuple[Mode, ...] = ("anon", "cross-tenant", "write")
PAST_POLICIES: tuple[Mode, ...] = ("escalation", "reachability")


def findings(conninfo: str) -> list[str]:
    """Returns what pgrls finds and nothing explains: its lint, then its proofs, sorted.

    Args:
        conninfo: connection string of a superuser; the database is only read.
    """
    return sorted({line for place, line in _all(conninfo) if not _explained(*place)})


def unused(conninfo: str) -> list[str]:
    """Returns the explanations that explain nothing, as "rule: name".

    Args:
        conninfo: connection string of a superuser, to a sound database at head.
    """
    seen = {place for place, _ in _all(conninfo)}
    skipped = set(_explanations()["not_asked"])
    rules = {rule for rule, _ in seen}
    stale = [
        f"{rule}: {name}"
        for rule, names in _explanations().items()
        if rule not in ("same_as", "not_asked")
        for name in names
        if (rule, name) not in seen
    ]
    stale += [f"same_as: {rule}" for rule in _explanations()["same_as"] if rule not in rules]
    asked = {found["rule_id"] for found in _lint(conninfo, sorted(skipped))}
    return stale + [f"not_asked: {rule}" for rule in sorted(skipped - asked)]


@cache
def _explanations() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))
    return loaded


def _explained(rule: str, name: str) -> bool:
    explanations = _explanations()
    if name in explanations.get(rule, {}):
        return True
    ours = explanations["same_as"].get(rule)
    if ours is None:
        return False
    return name in {listed.partition("(")[0] for listed in lint.allowed()[ours]}


def _all(conninfo: str) -> Iterator[tuple[tuple[str, str], str]]:
    """Yields rule and object of each finding, and the line that says it."""
    for found in _lint(conninfo, None):
        name = found["location"].removeprefix(f"{SCHEMA}.")
        yield (found["rule_id"], name), f"{found['rule_id']} {name}: {found['title']}"
    try:
        with psycopg.connect(conninfo) as connection:
            schema = introspect(connection, schemas=[SCHEMA])
        if not schema.tables:
            yield ("pgrls", "verify"), "pgrls verify finds no table"
        for group in GROUPS:
            for mode in BY_POLICIES:
                yield from _proofs(_for(schema, group), group, mode)
        for mode in PAST_POLICIES:
            yield from _ways_past(schema, mode)
    except (psycopg.Error, ArithmeticError, LookupError, TypeError, ValueError) as error:
        # A schema that it cannot read is not proven.
        yield ("pgrls", "verify"), f"pgrls verify fails: {error!r}"


def _lint(conninfo: str, rules: list[str] | None) -> list[dict[str, Any]]:
    chosen = (
        [f"--exclude-rule={rule}" for rule in _explanations()["not_asked"]]
        if rules is None
        else [f"--rule={rule}" for rule in rules]
    )
    arguments = ["lint", "--config", str(CONFIG), "--database-url", conninfo, "--format=json"]
    done = CliRunner().invoke(main, [*arguments, "--min-severity=warning", *chosen])
    if done.exit_code not in (0, 1) or not done.stdout:
        return [{"rule_id": "pgrls", "location": "lint", "title": f"fails: {done.output}"}]
    violations: list[dict[str, Any]] = json.loads(done.stdout)["violations"]
    return violations


def _for(schema: Schema, group: str) -> Schema:
    """Returns the schema with the policies that a group is subject to and no others."""
    return replace(
        schema,
        tables=tuple(
            replace(
                table,
                policies=tuple(p for p in table.policies if {group, "PUBLIC"} & set(p.roles)),
            )
            for table in schema.tables
        ),
    )


def _proofs(schema: Schema, group: str, mode: Mode) -> Iterator[tuple[tuple[str, str], str]]:
    """Yields what is not proven of the policies that one group is subject to."""
    for column, tables in (("tenant_id", _tables(schema, False)), ("id", _tables(schema, True))):
        for table in _verdicts(tables, [group], mode, column):
            name = table.qualified_name.removeprefix(f"{SCHEMA}.")
            open_ones = [proof for proof in table.proofs if proof.verdict != "isolated"]
            for place, verdict, why in [
                *((f"{name}.{proof.policy}", proof.verdict, proof.reason) for proof in open_ones),
                *([] if open_ones else [(name, table.verdict, table.note)]),
            ]:
                yield (verdict, place), f"verify {mode} {group} {place}: {verdict}, {why}"


def _ways_past(schema: Schema, mode: Mode) -> Iterator[tuple[tuple[str, str], str]]:
    """Yields the functions and views through which a group may get past the policies."""
    for way in _verdicts(schema, GROUPS, mode, "tenant_id"):
        name = way.qualified_name.removeprefix(f"{SCHEMA}.")
        why = way.proofs[0].reason if way.proofs else way.note
        yield (mode, name), f"verify {mode} {name}: {way.verdict}, {why}"


def _verdicts(schema: Schema, groups: Sequence[str], mode: Mode, column: str) -> list[TableVerdict]:
    verification = build_verification(
        schema,
        auth_functions={*DEFAULT_AUTH_FUNCTIONS, *HELPERS},
        mode=mode,
        anon_roles={*groups, "PUBLIC"},
        identity_columns=frozenset({column}),
    )
    return [table for table in verification.tables if table.verdict != "isolated"]


def _tables(schema: Schema, tenants: bool) -> Schema:
    """Returns the schema with the table of tenants alone, or without it: there id is the tenant."""
    kept = tuple(table for table in schema.tables if (table.name == "tenants") is tenants)
    return replace(schema, tables=kept)
