"""Group C: what passes on an empty database and fails on real rows."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from pglast import ast, parse_sql
from pglast.enums import AlterTableType as At
from pglast.enums import ConstrType
from pglast.parser import ParseError

from ticket_schema.gate.finding import Finding, Severity, Stage, declare
from ticket_schema.gate.parsing import column as column_name
from ticket_schema.gate.parsing import enforced, relation, walk, written
from ticket_schema.gate.rules.step import Step, executed
from ticket_schema.gate.schema import breaking, constrained, constraints_of

_rule = partial(declare, stage=Stage.STATIC)

DUPLICATES = _rule(
    "may-fail-on-duplicates",
    "C1",
    "unique index or constraint over existing rows",
    "A duplicate in production ends the upgrade there, and nowhere else.",
    severity=Severity.WARNING,
)
VIOLATIONS = _rule(
    "may-fail-on-violations",
    "C2",
    "NOT NULL, CHECK or foreign key over existing rows",
    "A row in production that breaks it ends the upgrade there, and nowhere else.",
    severity=Severity.WARNING,
)
LATE = _rule(
    "cleanup-after-constraint",
    "C3",
    "rows mended after the constraint that refuses them",
    "Where such rows are, the upgrade ends at the constraint and never reaches what mends.",
)


def check(step: Step) -> Iterator[Finding]:
    """Yields what existing rows may make fail.

    Args:
        step: the command.
    """
    node = step.node
    if isinstance(node, ast.IndexStmt) and node.unique:
        columns = [one.name for one in node.indexParams if one.name]
        plain = len(columns) == len(node.indexParams)
        where = f" WHERE {written(node.whereClause)}" if node.whereClause else ""
        yield from _duplicates(step, relation(node.relation), columns if plain else [], where)
    elif isinstance(node, ast.AlterTableStmt) and step.is_in_use(relation(node.relation)):
        for command in node.cmds:
            yield from _alter(step, relation(node.relation), command)
    elif isinstance(node, ast.UpdateStmt | ast.DeleteStmt):
        yield from _late(step, node)


def _late(step: Step, node: Any) -> Iterator[Finding]:
    table = relation(node.relation)
    sources = node.fromClause if isinstance(node, ast.UpdateStmt) else node.usingClause
    # What mends rows looks for them by what is wrong with them, or takes all.
    sought = {
        name
        for part in walk([node.whereClause, sources, node.withClause])
        if (name := column_name(part))
    }
    if isinstance(node, ast.UpdateStmt):
        changed = {one.name for one in node.targetList}
        sought = changed if node.whereClause is None else sought & changed
    near = {step.revision.id, *step.revision.parents}
    for where, columns, by in step.earlier.required:
        if where == table and sought & columns and by.revision.id in near:
            yield step.finding(
                LATE,
                f"The rows of {table} are mended here, and revision {by.revision.id} requires it"
                " before: on a database with such rows the upgrade ends there and never gets here.",
                "# before it, in this order\n"
                + executed(step.parsed.text.strip())
                + "\n"
                + executed(by.parsed.text.strip()),
            )
            return


def _alter(step: Step, table: str, command: Any) -> Iterator[Finding]:
    for constraint, column in constraints_of(command):
        kind = constraint.contype
        columns = list(constrained(constraint)) or ([column] if column else [])
        if kind in (ConstrType.CONSTR_UNIQUE, ConstrType.CONSTR_PRIMARY):
            if not constraint.indexname and not column:
                yield from _duplicates(step, table, columns, "")
        elif (
            kind in (ConstrType.CONSTR_CHECK, ConstrType.CONSTR_FOREIGN)
            and not constraint.skip_validation
            and enforced(constraint)
            and not column
        ):
            name = constraint.conname or "the constraint"
            yield from _violations(step, table, name, columns, breaking(table, constraint))
    if command.subtype == At.AT_ValidateConstraint:
        known = step.schema.tables.get(table)
        made = known.constraints.get(command.name) if known else None
        columns = list(made.columns) if made else []
        query = made.broken_by if made else ""
        yield from _violations(step, table, command.name, columns, query)
    elif command.subtype == At.AT_SetNotNull:
        known_column = step.schema.column(table, command.name)
        proven = step.schema.proves_not_null(table, command.name)
        if not proven and not (known_column and known_column.not_null):
            yield from _violations(
                step,
                table,
                f"NOT NULL of {command.name}",
                [],
                f"SELECT * FROM {table} WHERE {command.name} IS NULL",
            )


def _duplicates(step: Step, table: str, columns: list[str], where: str) -> Iterator[Finding]:
    if not step.is_in_use(table) or _is_mended(step, table) or _only_nulls(step, table, columns):
        return
    if columns and _already_unique(step, table, set(columns)):
        return
    step.earlier.required.append((table, frozenset(columns), step))
    listed = ", ".join(columns) or "…"
    yield step.finding(
        DUPLICATES,
        f"On the first database where {table} holds a duplicate the upgrade fails, and a concurrent"
        " build leaves an invalid index behind.",
        "-- in an earlier revision, or at the start of this one: find and mend them\n"
        f"SELECT {listed}, count(*) FROM {table}{where} GROUP BY {listed} HAVING count(*) > 1;",
    )


def _violations(
    step: Step, table: str, name: str, columns: list[str], query: str
) -> Iterator[Finding]:
    if step.parsed.caught or _is_mended(step, table) or _only_nulls(step, table, columns):
        return
    step.earlier.required.append((table, frozenset(columns) or _named_in(query), step))
    yield step.finding(
        VIOLATIONS,
        f"On the first database where a row of {table} breaks {name} the upgrade fails.",
        "-- in an earlier revision, or at the start of this one: find and mend them\n"
        + (query or f"SELECT * FROM {table} WHERE NOT (…)")
        + ";",
    )


def _named_in(query: str) -> frozenset[str]:
    try:
        parts = walk([one.stmt for one in parse_sql(query)]) if query else ()
    except ParseError:
        return frozenset()  # it says … where a name is not known
    return frozenset(name for part in parts if (name := column_name(part)))


def _is_mended(step: Step, table: str) -> bool:
    revision = step.schema.mended.get(table)
    return revision is not None and revision in (step.revision.id, *step.revision.parents)


def _only_nulls(step: Step, table: str, columns: list[str]) -> bool:
    known = [step.schema.column(table, one) for one in columns]
    return any(
        one is not None and step.is_new(one.made_in) and not one.default and not one.not_null
        for one in known
    )


def _already_unique(step: Step, table: str, columns: set[str]) -> bool:
    known = step.schema.tables.get(table)
    keys = [
        set(one.columns)
        for one in (known.constraints.values() if known else ())
        if one.kind in ("pkey", "key") and one.columns
    ]
    keys += [
        set(one.columns)
        for one in step.schema.indexes.values()
        if one.table == table and one.unique and one.columns
    ]
    return any(key <= columns for key in keys)
