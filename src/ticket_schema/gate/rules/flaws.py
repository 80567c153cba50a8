"""The rules on the schema that the revisions come to: the queries in `gate/catalog`, and our lint.

In schema `ticketing` the lint of this package asks most of it more strictly, and knows what departs
from a rule on purpose; there it answers instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, partial
from importlib.resources import files

from ticket_schema import lint
from ticket_schema.gate.finding import RULES as REGISTRY
from ticket_schema.gate.finding import Finding, Rule, Severity, Stage, declare
from ticket_schema.gate.flaws import Flaw
from ticket_schema.gate.project import Place
from ticket_schema.gate.rehearsal import Rehearsal, Rehearsed
from ticket_schema.gate.rules import security
from ticket_schema.gate.rules.traces import place_of
from ticket_schema.lint import Offence

_rule = partial(declare, stage=Stage.CATALOG, severity=Severity.WARNING)
_error = partial(declare, stage=Stage.CATALOG)
_note = partial(declare, stage=Stage.CATALOG, severity=Severity.NOTE)

_OURS = "it is asked of schema ticketing, which the lint of this package knows"
_SCHEMA = "ticketing"

# Named as their query.
RULES = {
    rule.id: rule
    for rule in (
        _rule(
            "table-without-primary-key",
            "E1",
            "table without a primary key",
            "No row can be named, replicated or mended by itself.",
        ),
        _rule(
            "foreign-key-without-index",
            "E2",
            "foreign key that no index serves",
            "Each DELETE of a parent reads the whole child, under the lock of the parent's row.",
        ),
        _rule(
            "duplicate-index",
            "E3",
            "index that another makes superfluous",
            "Each write pays for both.",
        ),
        _note(
            "type-to-avoid",
            "E4",
            "type that is regretted later",
            "It is changed only by writing the whole table anew.",
        ),
        _note(
            "serial-column",
            "E5",
            "serial instead of an identity column",
            "Its sequence has rights and an owner of its own, which every grant must think of.",
        ),
        _note(
            "name-made-up",
            "E6",
            "constraint that the server named",
            "A downgrade, or a later revision, must guess the name.",
        ),
        _note(
            "foreign-key-without-action",
            "E7",
            "foreign key that says nothing of ON DELETE",
            "Nobody knows whether a parent with rows is to be kept, or was forgotten.",
        ),
        _rule(
            "check-depends-on-time",
            "E8",
            "CHECK that asks for the time, a setting or chance",
            "A row that was good is not good any more, so a dump of it cannot be loaded.",
        ),
        _note(
            "comment-missing",
            "E9",
            "table or column without a comment",
            "Others have one, and who reads the schema looks for it.",
        ),
        _note(
            "extension-in-public",
            "E10",
            "extension in schema public",
            "Its objects stand among those of the project, and who may make objects there can"
            " shadow them.",
        ),
        _error(
            "tenant-table-unguarded",
            "F1",
            "table without row level security that has the column by which others are guarded",
            "Every tenant sees the rows of every other in it.",
        ),
        _error(
            "policies-without-row-security",
            "F2",
            "policies of a table on which row level security is off",
            "They look like a guard, and everybody sees everything.",
        ),
        _rule(
            "row-security-without-policy",
            "F3",
            "row level security without a policy",
            "Whoever reads the table finds it empty, without an error.",
        ),
        _rule(
            "command-without-policy",
            "F3",
            "command that a role was granted and no policy covers",
            "It succeeds and does nothing, or fails on every row.",
        ),
        _rule(
            "owner-passes-policies",
            "F4",
            "policies that do not hold those who use the table",
            "The owner of a table sees every row, unless row level security is forced.",
        ),
        _rule(
            "policy-always-true",
            "F5",
            "policy that leaves nothing out",
            "Every row of every tenant is let through.",
        ),
        _error(
            "policy-check-weaker",
            "F5",
            "policy that does not ask whose row is written",
            "A row can be written for another tenant, or handed over to one.",
        ),
        _rule(
            "permissive-policies-ored",
            "F6",
            "permissive policy that is meant to bound others",
            "Permissive policies are joined by OR, so what one keeps back another shows.",
        ),
        _note(
            "setting-read-per-row",
            "F7",
            "policy that asks a setting for every row",
            "A sub-select asks once, and a scan of many rows is that much faster.",
        ),
        _rule(
            "setting-name-differs",
            "F8",
            "setting that others call differently",
            "What sets one leaves the other empty, so that half of the policies show nothing.",
        ),
        _error(
            "setting-cast-unguarded",
            "F9",
            "setting that is cast without NULLIF",
            "After the first transaction that set it it reads '', and the cast fails on every"
            " pooled connection.",
        ),
        _error(
            "definer-search-path",
            "F10",
            "SECURITY DEFINER with the search_path of the caller",
            "Whoever calls it chooses which tables and operators it means, with the rights of its"
            " owner.",
        ),
        _rule(
            "definer-for-public",
            "F10",
            "SECURITY DEFINER for everybody",
            "Every login of the database may use the rights of its owner.",
        ),
        _rule(
            "view-passes-policies",
            "F11",
            "view that passes row level security by",
            "It shows its readers what its owner may see.",
        ),
        _rule(
            "materialized-view-passes-policies",
            "F11",
            "materialized view of a table with row level security",
            "It holds the rows of every tenant, and no policy.",
        ),
        _error(
            "granted-to-public",
            "F14",
            "right that everybody has",
            "Every login of the cluster has it, those that are made next year as well.",
        ),
        _note(
            "unique-across-tenants",
            "F15",
            "unique key without the tenant's column",
            "The error of an INSERT tells what another tenant has.",
        ),
    )
}

_MENDS = {
    "table-without-primary-key": "ALTER TABLE {schema}.{name} ADD PRIMARY KEY (…);",
    "foreign-key-without-index": "CREATE INDEX CONCURRENTLY … ON {table} (…);",
    "duplicate-index": "DROP INDEX CONCURRENTLY {schema}.{name};",
    "type-to-avoid": "-- say so where the column is made; later it is a rewrite",
    "serial-column": "bigint GENERATED ALWAYS AS IDENTITY  -- in place of serial",
    "name-made-up": "# metadata = MetaData(naming_convention=…), or name= in the operation",
    "foreign-key-without-action": "REFERENCES … ON DELETE RESTRICT  -- or CASCADE, SET NULL",
    "check-depends-on-time": "-- compare with a column, or ask in a trigger",
    "comment-missing": "COMMENT ON {kind} {schema}.{name} IS '…';",
    "extension-in-public": "CREATE EXTENSION {name} SCHEMA extensions;",
    "row-security-without-policy": "CREATE POLICY … ON {schema}.{name} …;",
    "setting-read-per-row": "(SELECT current_setting('…', TRUE))",
    "setting-name-differs": "-- read one name everywhere, in one function",
    "materialized-view-passes-policies": "REVOKE ALL ON {schema}.{name} FROM …;",
    "unique-across-tenants": "-- begin the key with the tenant's column",
}

# What reading finds as well: told once.
READ_AS = {
    "definer-search-path": security.DEFINER.id,
    "granted-to-public": security.PUBLIC.id,
    "tenant-table-unguarded": security.OPENED.id,
    "policies-without-row-security": security.OPENED.id,
    "owner-passes-policies": security.OPENED.id,
}

# Each rule of the lint: the rule here that it answers, if it asks the same, and the row that it
# belongs to.
LINT: dict[str, tuple[str, str]] = {
    "crossing_policies": ("policy-always-true", "F5"),
    "custom_objects": ("", "F10"),
    "default_privileges": ("granted-to-public", "F14"),
    "definer_bodies": ("", "F10"),
    "definers": ("", "F10"),
    "definers_called": ("definer-for-public", "F10"),
    "definers_elsewhere": ("", "F10"),
    "event_triggers": ("", "F10"),
    "fixed_settings": ("", "F8"),
    "floor_roles": ("", "F6"),
    "foreign_code": ("", "F10"),
    "foreign_key_index": ("foreign-key-without-index", "E2"),
    "function_grants": ("definer-for-public", "F10"),
    "function_kinds": ("", "F10"),
    "function_settings": ("", "F10"),
    "grant_for_each_policy": ("", "F3"),
    "grantees": ("", "F14"),
    "grants": ("granted-to-public", "F14"),
    "helper_properties": ("", "F7"),
    "helper_settings": ("", "F8"),
    "inheritance": ("", "F1"),
    "key_updates": ("", "F15"),
    "memberships": ("", "F14"),
    "one_floor": ("permissive-policies-ored", "F6"),
    "orphans": ("", "D3"),
    "owner": ("", "F4"),
    "partition_grants": ("", "F14"),
    "policy_clauses": ("policy-check-weaker", "F5"),
    "policy_for_each_grant": ("command-without-policy", "F3"),
    "policy_helpers": ("setting-read-per-row", "F7"),
    "policy_roles": ("", "F14"),
    "policy_subqueries": ("", "F7"),
    "primary_key": ("table-without-primary-key", "E1"),
    "publications": ("", "F11"),
    "reference_actions": ("foreign-key-without-action", "E7"),
    "relation_kinds": ("", "F11"),
    "role_powers": ("", "F16"),
    "row_security": ("tenant-table-unguarded", "F1"),
    "rules": ("", "F11"),
    "schema_grants": ("granted-to-public", "F14"),
    "search_path": ("definer-search-path", "F10"),
    "service_logins": ("", "F4"),
    "setting_names": ("setting-name-differs", "F8"),
    "settings_readers": ("setting-cast-unguarded", "F9"),
    "settings_writers": ("", "F8"),
    "system_grants": ("", "F14"),
    "tenant_column": ("", "F1"),
    "tenant_in_foreign_keys": ("", "F13"),
    "tenant_in_policies": ("policy-check-weaker", "F5"),
    "tenant_leads_unique_keys": ("unique-across-tenants", "F15"),
    "tenant_reference": ("", "F1"),
    "triggers": ("", "D3"),
    "unbounded_policies": ("policy-always-true", "F5"),
    "validated": ("left-invalid", "D3"),
    "views": ("view-passes-policies", "F11"),
}
# Asked of schema ticketing by the lint as well, as a part of another of its rules.
ANSWERED_BY_LINT = {
    *(same for same, _ in LINT.values()),
    "materialized-view-passes-policies",
    "owner-passes-policies",
    "policies-without-row-security",
    "row-security-without-policy",
}

_MOST = 5
# What a statement about its table makes, which others may name as well.
_INSIDE = {"column", "constraint"}
_MAKES = (
    r"\b(?:CREATE|ALTER)\b[^(;]*?\bTABLE\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:ONLY\s+)?"
    r'(?:[\w"]+\.)?"?{table}"?(?!\w)'
)


@cache
def _head(name: str) -> str:
    """Returns the first sentence of a query of the lint."""
    text = files("ticket_schema.lint").joinpath(f"{name}.sql").read_text(encoding="utf-8")
    lines = [line.removeprefix("--").strip() for line in text.splitlines() if line[:2] == "--"]
    return re.split(r"(?<=\.) (?=[A-Z])|: ", " ".join(lines), maxsplit=1)[0].rstrip(".") + "."


OWN = {
    name: _error(
        f"lint-{name.replace('_', '-')}",
        row,
        f"lint rule {name} of ticket-schema is broken",
        _head(name),
        convention=_OURS,
    )
    for name, (same, row) in LINT.items()
    if not same and name not in lint.READING_ROWS
}


def check(found: Rehearsal, *, ours: bool = False) -> Iterator[Finding]:
    """Yields what the queries found that was not there before, a finding a statement and rule.

    Args:
        found: the rehearsal.
        ours: whether it is of the revisions of this package.
    """
    placed: dict[tuple[Rule, str, Severity, Place], list[Flaw]] = {}
    for flaw, one in _new(found):
        if ours and flaw.schema == _SCHEMA and flaw.query in ANSWERED_BY_LINT:
            continue
        rule = RULES[flaw.query]
        key = (
            rule,
            one.revision.id,
            flaw.severity or rule.severity,
            _place(one, flaw.name, flaw.kind),
        )
        placed.setdefault(key, []).append(flaw)
    for (rule, revision, weight, place), flaws in placed.items():
        yield Finding(
            rule=rule,
            happens=_said([f"{one.kind} {one.name} {one.detail}" for one in flaws]),
            mend="\n".join(dict.fromkeys(_mend(one) for one in flaws[:_MOST])),
            revision=revision,
            file=place.file,
            line=place.line,
            severity=weight,
        )
    for offence in found.offences:
        yield _offence(found, offence)


def _new(found: Rehearsal) -> Iterator[tuple[Flaw, Rehearsed]]:
    """Yields what is wrong at the end, with the revision since when it is."""
    run = [one for one in found.revisions if one.after is not None]
    if not run:
        return
    before = frozenset(found.flaws_before)
    after = [frozenset(one.flaws) for one in run]
    for flaw in run[-1].flaws:
        first = len(run) - 1
        while first > 0 and flaw in after[first - 1]:
            first -= 1
        if first == 0 and flaw in before:
            continue
        if flaw.query == "comment-missing" and not _brought(run[first], flaw):
            continue  # it is missed since another has one
        yield flaw, run[first]


def _brought(one: Rehearsed, flaw: Flaw) -> bool:
    return flaw.name not in one.before.get(flaw.schema, {}).get(flaw.kind, {})


def _place(one: Rehearsed, name: str, kind: str = "") -> Place:
    """Returns the last statement that names an object, or its table; else the module's begin."""
    if kind in _INSIDE:
        table, _, inner = name.partition(".")
        made = re.compile(_MAKES.format(table=re.escape(table)), re.IGNORECASE)
        own = re.compile(rf"(?<!\w){re.escape(inner)}(?!\w)")
        there = [trace for trace in one.up.traces if made.search(trace.statement)]
        named = [trace for trace in there if own.search(trace.statement)]
        for trace in reversed(named or there):
            place = place_of(one.revision, trace)
            if place is not None:
                return place
    words = [re.sub(r"\(.*", "", name).rpartition(".")[2], name.partition(".")[0].partition("(")[0]]
    for word in words:
        for trace in reversed(one.up.traces):
            if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", trace.statement):
                place = place_of(one.revision, trace)
                if place is not None:
                    return place
    return one.revision.place


def _mend(flaw: Flaw) -> str:
    if flaw.mend:
        return flaw.mend
    table = f"{flaw.schema}.{flaw.name.partition('.')[0]}"
    return _MENDS[flaw.query].format(
        schema=flaw.schema, name=flaw.name, kind=flaw.kind.upper(), table=table
    )


def _said(lines: Sequence[str]) -> str:
    more = f"; and {len(lines) - _MOST} more" if len(lines) > _MOST else ""
    text = "; ".join(lines[:_MOST])
    return f"{text[:1].upper()}{text[1:]}{more}."


def _offence(found: Rehearsal, offence: Offence) -> Finding:
    same, _ = LINT[offence.rule]
    rule = REGISTRY[same] if same else OWN[offence.rule]
    one = _touched(found, offence.name)
    place = _place(one, offence.name) if one else None
    return Finding(
        rule=rule,
        happens=_said([f"{offence.name}: {offence.detail} (lint rule {offence.rule})"]),
        mend=offence.remedy,
        revision=one.revision.id if one else None,
        file=place.file if place else None,
        line=place.line if place else None,
        severity=Severity.ERROR,
    )


def _touched(found: Rehearsal, name: str) -> Rehearsed | None:
    """Returns the last revision that changed an object of ours, or else its table."""
    plain = name.partition("(")[0]
    for wanted in (plain, plain.partition(".")[0]):
        for one in reversed(found.revisions):
            before, after = one.before.get(_SCHEMA, {}), (one.after or {}).get(_SCHEMA, {})
            for kind in before.keys() | after.keys():
                old, new = before.get(kind, {}), after.get(kind, {})
                if any(
                    old.get(key) != new.get(key)
                    for key in old.keys() | new.keys()
                    if key.partition("(")[0] == wanted
                ):
                    return one
    return None
