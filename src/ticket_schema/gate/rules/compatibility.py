"""Group B: what breaks the service that still runs on the old schema, and what loses data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType as At
from pglast.enums import ConstrType, DropBehavior, ObjectType

from ticket_schema.gate.finding import Finding, Severity, Stage, declare
from ticket_schema.gate.parsing import modifiers, relation, type_name, written
from ticket_schema.gate.rules.step import Step, executed
from ticket_schema.gate.schema import Column, constrained, constraints_of, dropped_functions

_rule = partial(declare, stage=Stage.STATIC)


DROPPED = _rule(
    "object-dropped",
    "B1",
    "table, column or other object dropped while services may use it",
    "Old services fail at once, and what was in it is gone.",
)
RENAMED = _rule(
    "object-renamed",
    "B2",
    "table, column, type or value renamed while services may use the old name",
    "Old services look for the old name, new ones for the new one, and both run during a deploy.",
)
REQUIRED = _rule(
    "required-column",
    "B3",
    "NOT NULL column that old writers do not fill",
    "It fails on a table with rows, and every INSERT of an old service is refused.",
)
RESTRICTED = _rule(
    "write-restricted",
    "B4",
    "new rule that rows of old services may break",
    "It binds new rows from this moment on, NOT VALID or not.",
    severity=Severity.WARNING,
)
WEAKENED = _rule(
    "guarantee-dropped",
    "B5",
    "NOT NULL, default or constraint dropped",
    "Readers meet values that they were promised never to see.",
    severity=Severity.WARNING,
)
CASCADE = _rule(
    "cascade",
    "B6",
    "CASCADE in a drop or TRUNCATE",
    "It takes along what nobody lists, in each database something else.",
)
NARROWED = _rule(
    "type-narrowed",
    "B7",
    "type change to a narrower type",
    "Rows that do not fit make the upgrade fail, or lose what does not fit.",
)

_OF_SERVICES = {
    ObjectType.OBJECT_TABLE: "table",
    ObjectType.OBJECT_VIEW: "view",
    ObjectType.OBJECT_MATVIEW: "materialized view",
    ObjectType.OBJECT_FOREIGN_TABLE: "foreign table",
    ObjectType.OBJECT_SCHEMA: "schema",
    ObjectType.OBJECT_TYPE: "type",
    ObjectType.OBJECT_DOMAIN: "domain",
    ObjectType.OBJECT_FUNCTION: "function",
    ObjectType.OBJECT_PROCEDURE: "procedure",
    ObjectType.OBJECT_ROUTINE: "routine",
    ObjectType.OBJECT_AGGREGATE: "aggregate",
    ObjectType.OBJECT_SEQUENCE: "sequence",
    ObjectType.OBJECT_EXTENSION: "extension",
    ObjectType.OBJECT_COLUMN: "column",
    ObjectType.OBJECT_ATTRIBUTE: "attribute",
}

_CONTRACT = (
    "# contract, in a release after the one whose services no longer use it, in a revision that\n"
    '# says so at its top level:\nphase = "contract"\n'
)


def check(step: Step) -> Iterator[Finding]:
    """Yields what a command does to services on the old schema.

    Args:
        step: the command.
    """
    node = step.node
    if isinstance(node, ast.DropStmt):
        yield from _drop(step, node)
    elif isinstance(node, ast.TruncateStmt):
        yield from _truncate(step, node)
    elif isinstance(node, ast.RenameStmt | ast.AlterObjectSchemaStmt):
        yield from _rename(step, node)
    elif isinstance(node, ast.AlterEnumStmt) and node.oldVal:
        yield step.finding(
            RENAMED,
            f"Old services go on writing {node.oldVal!r}, which {relation(node.typeName)} then"
            " refuses.",
            "# expand: " + executed(f"ALTER TYPE {relation(node.typeName)} ADD VALUE '…'"),
        )
    elif isinstance(node, ast.AlterTableStmt) and step.is_in_use(relation(node.relation)):
        for command in node.cmds:
            yield from _alter(step, relation(node.relation), command)
    elif isinstance(node, ast.IndexStmt) and node.unique and step.phase != "contract":
        table = relation(node.relation)
        if step.is_in_use(table):
            yield _restricted(step, table, f"the unique index {node.idxname or ''}".rstrip())
    elif isinstance(node, ast.CreatePolicyStmt) and not node.permissive:
        table = relation(node.table)
        if step.is_in_use(table) and step.phase != "contract" and not _replaced(step, node):
            yield _restricted(step, table, f"the restrictive policy {node.policy_name}")


def _drop(step: Step, node: Any) -> Iterator[Finding]:
    kind = _OF_SERVICES.get(node.removeType)
    if node.behavior == DropBehavior.DROP_CASCADE:
        yield step.finding(
            CASCADE,
            "Whatever depends on it goes as well, without a word: views, foreign keys, columns,"
            " functions that somebody else made.",
            executed(step.parsed.text.strip().removesuffix("CASCADE").removesuffix("cascade")),
        )
    if kind is None or step.phase == "contract":
        return
    for one in node.objects:
        name = _name(one)
        if _is_new(step, kind, name) or _made_again(step, kind, name):
            continue
        yield step.finding(
            DROPPED,
            f"Every statement of an old service that names {kind} {name} fails from this moment on"
            + (", and its rows are gone." if kind in ("table", "materialized view") else "."),
            _CONTRACT + executed(step.parsed.text.strip()),
        )


def _name(node: Any) -> str:
    if isinstance(node, ast.ObjectWithArgs):
        return relation(node.objname)
    if isinstance(node, ast.TypeName):
        return relation(node.names)
    return relation(node)


def _is_new(step: Step, kind: str, name: str) -> bool:
    if kind == "table":
        known = step.schema.tables.get(name)
        return bool(known) and not step.is_in_use(name)
    if kind == "view":
        view = step.schema.views.get(name)
        return view is not None and step.is_new(view.made_in)
    if kind in ("function", "procedure", "routine") and name in step.schema.functions:
        return _functions_are_new(step, name)
    return any(name in _makes(one.node, kind) for one in step.before_in_revision())


def _functions_are_new(step: Step, name: str) -> bool:
    gone = [
        function
        for one in step.node.objects
        if _name(one) == name
        for function in dropped_functions(one, step.schema.functions[name])
    ]
    return bool(gone) and all(step.is_new(function.made_in) for function in gone)


def _made_again(step: Step, kind: str, name: str) -> bool:
    if kind in ("function", "procedure", "routine"):
        # Whether the other one serves the same callers is another rule's question.
        steps = [*step.before_in_revision(), *step.after_in_revision()]
        return any(name in _makes(one.node, kind) for one in steps)
    return any(name in _makes(one.node, kind) for one in step.after_in_revision())


def _makes(node: Any, kind: str) -> set[str]:
    """Returns the names of what a command makes."""
    # A view can stand in for a table that was renamed.
    makers: tuple[tuple[Any, tuple[str, ...], Callable[[], str]], ...] = (
        (ast.CreateStmt, ("table",), lambda: relation(node.relation)),
        (ast.ViewStmt, ("view", "table"), lambda: relation(node.view)),
        (ast.CreateTableAsStmt, ("table", "materialized view"), lambda: relation(node.into.rel)),
        (
            ast.CreateFunctionStmt,
            ("function", "procedure", "routine"),
            lambda: relation(node.funcname),
        ),
        (ast.CreateEnumStmt, ("type",), lambda: relation(node.typeName)),
        (ast.CompositeTypeStmt, ("type",), lambda: relation(node.typevar)),
        (ast.CreateSeqStmt, ("sequence",), lambda: relation(node.sequence)),
        (ast.CreateSchemaStmt, ("schema",), lambda: str(node.schemaname)),
    )
    return {name() for maker, kinds, name in makers if isinstance(node, maker) and kind in kinds}


def _truncate(step: Step, node: Any) -> Iterator[Finding]:
    if node.behavior == DropBehavior.DROP_CASCADE:
        yield step.finding(
            CASCADE,
            "Every table with a foreign key to it is emptied as well, and every table with one to"
            " those.",
            executed("TRUNCATE " + ", ".join(relation(one) for one in node.relations)),
        )
    for one in node.relations:
        if step.is_in_use(relation(one)) and step.phase != "contract":
            yield step.finding(
                DROPPED,
                f"All rows of {relation(one)} are gone, under ACCESS EXCLUSIVE.",
                _CONTRACT + executed(step.parsed.text.strip()),
            )


def _rename(step: Step, node: Any) -> Iterator[Finding]:
    moved = isinstance(node, ast.AlterObjectSchemaStmt)
    kind = _OF_SERVICES.get(node.objectType if moved else node.renameType)
    if kind is None:
        return
    if node.relation:
        name = relation(node.relation)
    else:
        name = _name(node.object) if node.object else str(node.subname)
    old = node.subname if kind in ("column", "attribute") else name
    table = kind in ("table", "column") and node.relation is not None
    if table and not step.is_in_use(name):
        return
    if kind == "column":
        known = step.schema.column(name, old)
        if known and step.is_new(known.made_in):
            return
    if _made_again(step, "view" if kind in ("table", "view") else kind, name):
        return
    new = f"schema {node.newschema}" if moved else node.newname
    happens = (
        f"Old services look for {kind} {old} and fail; new ones, started before the upgrade, look"
        f" for {new} and fail as well."
    )
    yield step.finding(RENAMED, happens, _instead_of_rename(kind, name, old, new))


def _instead_of_rename(kind: str, name: str, old: str, new: str) -> str:
    if kind == "table":
        return "\n".join(
            [
                "# in one transaction, so that the old name goes on working",
                executed(f"ALTER TABLE {name} RENAME TO {new}"),
                executed(
                    f"CREATE VIEW {name} WITH (security_invoker = true) AS SELECT … FROM {new}"
                ),
            ]
        )
    if kind == "column":
        return "\n".join(
            [
                "# expand, in this release",
                executed(f"ALTER TABLE {name} ADD COLUMN {new} …"),
                "# a trigger or the service writes both; fill the old rows in batches;",
                f"# contract, in a later release: drop {old}",
            ]
        )
    return f"# expand: make {kind} {new} beside {old}; contract: drop {old} in a later release"


def _alter(step: Step, table: str, command: Any) -> Iterator[Finding]:
    kind = command.subtype
    if kind == At.AT_DropColumn:
        yield from _drop_column(step, table, command)
    elif kind == At.AT_AddColumn:
        yield from _required(step, table, command.def_)
    elif kind in (At.AT_DropNotNull, At.AT_DropConstraint) or (
        kind == At.AT_ColumnDefault and command.def_ is None
    ):
        yield from _weakened(step, table, command)
    elif kind == At.AT_AlterColumnType:
        known = step.schema.column(table, command.name)
        new, numbers = type_name(command.def_.typeName), modifiers(command.def_.typeName)
        if known and not step.is_new(known.made_in) and is_narrower(known, new, numbers):
            yield step.finding(
                NARROWED,
                f"A value of {command.name} that does not fit {new} makes the upgrade fail on the"
                " first database that has one.",
                "# a CHECK first, NOT VALID and then validated, that says what fits:\n"
                + executed(
                    f"ALTER TABLE {table} ADD CONSTRAINT … CHECK ({command.name} …) NOT VALID"
                ),
            )
    if step.phase != "contract":
        yield from _restricting(step, table, command)


def _drop_column(step: Step, table: str, command: Any) -> Iterator[Finding]:
    if command.behavior == DropBehavior.DROP_CASCADE:
        yield step.finding(
            CASCADE,
            f"Whatever depends on {command.name} goes as well: views, indexes, foreign keys,"
            " policies.",
            executed(f"ALTER TABLE {table} DROP COLUMN {command.name}"),
        )
    known = step.schema.column(table, command.name)
    if step.phase == "contract" or (known and step.is_new(known.made_in)):
        return
    yield step.finding(
        DROPPED,
        f"Every statement of an old service that names {table}.{command.name}, each SELECT of an"
        " ORM included, fails from this moment on, and the values are gone.",
        _CONTRACT + executed(f"ALTER TABLE {table} DROP COLUMN {command.name}"),
    )


def _required(step: Step, table: str, node: Any) -> Iterator[Finding]:
    kinds = {one.contype for one in node.constraints or ()}
    filled = kinds & {
        ConstrType.CONSTR_DEFAULT,
        ConstrType.CONSTR_IDENTITY,
        ConstrType.CONSTR_GENERATED,
    }
    serial = "serial" in type_name(node.typeName)
    if not kinds & {ConstrType.CONSTR_NOTNULL, ConstrType.CONSTR_PRIMARY} or filled or serial:
        return
    kind = written(node.typeName)
    yield step.finding(
        REQUIRED,
        f"The upgrade fails as soon as {table} has a row, and every INSERT of an old service, which"
        f" does not know {node.colname}, is refused.",
        "\n".join(
            [
                "# expand, in this release",
                executed(f"ALTER TABLE {table} ADD COLUMN {node.colname} {kind}"),
                "# or, where one value is right for all rows:",
                executed(
                    f"ALTER TABLE {table} ADD COLUMN {node.colname} {kind} NOT NULL DEFAULT …"
                ),
            ]
        ),
    )


def _weakened(step: Step, table: str, command: Any) -> Iterator[Finding]:
    if step.phase == "contract":
        return
    kind, name = command.subtype, command.name
    table_known = step.schema.tables.get(table)
    column = step.schema.column(table, name)
    if kind == At.AT_DropNotNull:
        if column and not column.not_null:
            return
        happens = f"Services that read {table}.{name} meet a NULL that they do not expect."
    elif kind == At.AT_ColumnDefault:
        if column and not column.default:
            return
        if column and column.not_null:
            yield step.finding(
                REQUIRED,
                f"Every INSERT of an old service, which leaves {name} to its default, is refused.",
                "# contract, in a later release, when every service fills the column:\n"
                + executed(step.parsed.text.strip()),
            )
            return
        happens = f"Rows of services that leave {name} to its default have NULL from now on."
    else:
        known = table_known.constraints.get(name) if table_known else None
        if table_known and (
            known is None
            or step.is_new(known.made_in)
            or _proof_served(step, table, known.proves)
            or _added_again(step, table, name)
        ):
            return
        happens = f"From now on nothing keeps rows out of {table} that break {name}."
    yield step.finding(
        WEAKENED,
        happens,
        "# when that is meant, say so at the top level of the revision:\n"
        'phase = "contract"\n' + executed(step.parsed.text.strip()),
    )


def _proof_served(step: Step, table: str, proves: frozenset[str]) -> bool:
    # A CHECK that only proved NOT NULL has done its work once the column itself refuses NULL.
    columns = [step.schema.column(table, one) for one in proves]
    return bool(columns) and all(one is not None and one.not_null for one in columns)


def _added_again(step: Step, table: str, name: str) -> bool:
    same = [one for one in step.after_in_revision() if isinstance(one.node, ast.AlterTableStmt)]
    return any(
        command.subtype == At.AT_AddConstraint and command.def_.conname == name
        for one in [step, *same]
        if relation(one.node.relation) == table
        for command in one.node.cmds
    )


def _restricting(step: Step, table: str, command: Any) -> Iterator[Finding]:
    words = {
        ConstrType.CONSTR_CHECK: "the CHECK",
        ConstrType.CONSTR_FOREIGN: "the foreign key",
        ConstrType.CONSTR_UNIQUE: "the UNIQUE constraint",
        ConstrType.CONSTR_PRIMARY: "the primary key",
        ConstrType.CONSTR_EXCLUSION: "the exclusion constraint",
    }
    for constraint, column in constraints_of(command):
        word = words.get(constraint.contype)
        if word is None or constraint.indexname:
            continue  # an index that is there already restricts by itself
        columns = constrained(constraint) or ((column,) if column else ())
        known = [step.schema.column(table, one) for one in columns]
        if column or (known and all(one is not None and step.is_new(one.made_in) for one in known)):
            continue  # old services do not write a column that they do not know
        if _drops(step, table, constraint.conname):
            continue
        yield _restricted(step, table, f"{word} {constraint.conname or ''}".rstrip())
    if command.subtype == At.AT_SetNotNull:
        known_column = step.schema.column(table, command.name)
        proven = step.schema.proves_not_null(table, command.name)
        if not proven and not (known_column and known_column.not_null):
            yield _restricted(step, table, f"NOT NULL of {command.name}")
    elif command.subtype == At.AT_EnableRowSecurity:
        yield _restricted(step, table, "row level security")


def _drops(step: Step, table: str, name: str | None) -> bool:
    """Whether the constraint takes the place of one of its name that the revision dropped."""
    known = step.schema.tables.get(table)
    return bool(name) and any(
        command.subtype == At.AT_DropConstraint and command.name == name
        for one in [*step.before_in_revision(), step]
        if isinstance(one.node, ast.AlterTableStmt) and relation(one.node.relation) == table
        for command in one.node.cmds
        if known is None or not one.parsed.within
    )


def _replaced(step: Step, node: Any) -> bool:
    return any(
        isinstance(one.node, ast.DropStmt)
        and one.node.removeType == ObjectType.OBJECT_POLICY
        and any(relation(name).endswith(f".{node.policy_name}") for name in one.node.objects)
        for one in step.before_in_revision()
    )


def _restricted(step: Step, table: str, what: str) -> Finding:
    return step.finding(
        RESTRICTED,
        f"From this moment on {what} refuses rows of {table} that old services may still write.",
        "# when every running service keeps to it, say so at the top level of the revision:\n"
        'phase = "contract"',
    )


_RANKS = (
    ("int2", "int4", "int8", "numeric"),
    ("float4", "float8"),
    ("date", "timestamp", "timestamptz"),
    ("varchar", "text"),
    ("bpchar", "varchar", "text"),
)


def is_narrower(known: Column, new: str, numbers: tuple[int, ...]) -> bool:
    """Returns whether a type cannot hold all values of a column.

    Args:
        known: the column as it is.
        new: the new type.
        numbers: what stands behind it.
    """
    if known.type == new or {known.type, new} <= {"varchar", "text"}:
        if not numbers:
            return False
        return not known.modifiers or any(
            after < before for before, after in zip(known.modifiers, numbers, strict=False)
        )
    return any(
        known.type in rank and new in rank and rank.index(new) < rank.index(known.type)
        for rank in _RANKS
    )
