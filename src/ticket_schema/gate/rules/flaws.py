"""The rules on the schema that the revisions come to, as queries in `gate/catalog`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ticket_schema.gate.finding import Finding, Severity, Stage, declare
from ticket_schema.gate.rehearsal import Rehearsal, Rehearsed

_rule = partial(declare, stage=Stage.CATALOG, severity=Severity.WARNING)


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
        _rule(
            "type-to-avoid",
            "E4",
            "type that is regretted later",
            "It is changed only by writing the whole table anew.",
            severity=Severity.NOTE,
        ),
        _rule(
            "name-made-up",
            "E6",
            "constraint that the server named",
            "A downgrade, or a later revision, must guess the name.",
            severity=Severity.NOTE,
        ),
        _rule(
            "comment-missing",
            "E9",
            "table or column without a comment",
            "Others have one, and who reads the schema looks for it.",
            severity=Severity.NOTE,
        ),
    )
}

_MENDS = {
    "table-without-primary-key": "ALTER TABLE {name} ADD PRIMARY KEY (…);",
    "foreign-key-without-index": "CREATE INDEX CONCURRENTLY … ON {table} (…);",
    "duplicate-index": "DROP INDEX CONCURRENTLY {schema}.{name};",
    "type-to-avoid": "-- say so where the column is made; later it is a rewrite",
    "name-made-up": "# metadata = MetaData(naming_convention=…), or name= in the operation",
    "comment-missing": "COMMENT ON {kind} {schema}.{name} IS '…';",
}
_MOST = 5


def check(found: Rehearsal) -> Iterator[Finding]:
    """Yields what the queries found in objects that the revisions brought, a finding a revision.

    Args:
        found: the rehearsal.
    """
    for query, rows in found.flaws.items():
        by_revision: dict[str, tuple[Rehearsed, list[dict[str, str]]]] = {}
        for row in rows:
            one = _since(found, row["schema"], row["kind"], row["name"])
            if one is not None:
                by_revision.setdefault(one.revision.id, (one, []))[1].append(dict(row))
        for one, flawed in by_revision.values():
            first = flawed[0]
            lines = [f"{row['kind']} {row['name']} {row['detail']}" for row in flawed[:_MOST]]
            more = f"; and {len(flawed) - _MOST} more" if len(flawed) > _MOST else ""
            yield Finding(
                rule=RULES[query],
                happens="; ".join(lines)[:1].upper() + "; ".join(lines)[1:] + f"{more}.",
                mend=_MENDS[query].format(**first, table=first["name"].partition(".")[0]),
                revision=one.revision.id,
                file=one.revision.path,
            )


def _since(found: Rehearsal, schema: str, kind: str, name: str) -> Rehearsed | None:
    """Returns the last revision that brought an object; None when it stood there before."""
    for one in reversed(found.revisions):
        after = (one.after or {}).get(schema, {}).get(kind, {})
        if name in after and name not in one.before.get(schema, {}).get(kind, {}):
            return one
    return None
