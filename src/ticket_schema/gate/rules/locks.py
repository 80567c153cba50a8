"""Group A: locks that stop the service, scans and rewrites under them."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType as At
from pglast.enums import ConstrType, ObjectType

from ticket_schema.gate.finding import Finding, Severity, Stage, declare
from ticket_schema.gate.parsing import (
    enforced,
    modifiers,
    relation,
    stored,
    type_name,
    walk,
    written,
)
from ticket_schema.gate.rules.step import Step, apart, autocommit, executed
from ticket_schema.gate.schema import Column, constrained, constraints_of

_rule = partial(declare, stage=Stage.STATIC)


INDEX = _rule(
    "index-not-concurrent",
    "A1",
    "index built without CONCURRENTLY on a table in use",
    "CREATE INDEX holds a SHARE lock for the whole build, and every write waits for it.",
)
INDEX_GONE = _rule(
    "index-dropped-not-concurrent",
    "A2",
    "index dropped or rebuilt without CONCURRENTLY",
    "DROP INDEX and REINDEX lock the table against reads as well as writes.",
)
IN_TRANSACTION = _rule(
    "concurrently-in-transaction",
    "A3",
    "CONCURRENTLY inside a transaction",
    "PostgreSQL refuses it, so the upgrade fails.",
)
CONSTRAINT = _rule(
    "constraint-not-online",
    "A4",
    "CHECK or foreign key added validated to a table in use",
    "Every old row is read under a lock that stops writers, and for a CHECK readers too.",
)
VALIDATED = _rule(
    "validate-in-same-transaction",
    "A5",
    "constraint added and validated in one transaction",
    "The strong lock of the ADD is kept while the VALIDATE reads the table, so nothing is gained.",
)
NOT_NULL = _rule(
    "set-not-null-scans",
    "A6",
    "SET NOT NULL without a validated CHECK on the column",
    "The whole table is read under ACCESS EXCLUSIVE.",
)
TYPE = _rule(
    "type-change-rewrites",
    "A7",
    "type change that rewrites the table",
    "Table and indexes are written anew under ACCESS EXCLUSIVE.",
)
COLUMN = _rule(
    "column-default-rewrites",
    "A8",
    "new column whose value must be written into every row",
    "Table and indexes are written anew under ACCESS EXCLUSIVE.",
)
UNIQUE = _rule(
    "unique-not-using-index",
    "A9",
    "UNIQUE or PRIMARY KEY that builds its index under a lock",
    "The index is built, or the table read, under ACCESS EXCLUSIVE.",
)
EXCLUSION = _rule(
    "exclusion-constraint",
    "A10",
    "exclusion constraint on a table in use",
    "Its index is built under ACCESS EXCLUSIVE, and PostgreSQL has no online way.",
)
REWRITE = _rule(
    "rewriting-command",
    "A16",
    "VACUUM FULL, CLUSTER, SET TABLESPACE, SET LOGGED",
    "The table is copied under ACCESS EXCLUSIVE, and needs its size once more on the disk.",
)
LOCKED = _rule(
    "table-locked",
    "A16",
    "LOCK TABLE that stops readers or writers",
    "Everybody waits until the transaction ends.",
)

REFRESHED = _rule(
    "matview-refreshed-in-place",
    "A17",
    "materialized view refreshed without CONCURRENTLY",
    "REFRESH holds ACCESS EXCLUSIVE until its query is done, and every reader waits.",
    severity=Severity.WARNING,
)
FILLED = _rule(
    "matview-created-with-data",
    "A17",
    "materialized view filled in the transaction that makes it",
    "Its query runs as long as the tables are large, with every lock of the transaction in hand.",
    severity=Severity.WARNING,
)
ATTACHED = _rule(
    "partition-attach-scans",
    "A18",
    "table attached as a partition without a CHECK that proves its bounds",
    "Every row of it is read under ACCESS EXCLUSIVE.",
    severity=Severity.WARNING,
)
DETACHED = _rule(
    "partition-detach-locks",
    "A18",
    "partition detached without CONCURRENTLY",
    "Nobody reads or writes the whole partitioned table meanwhile.",
    severity=Severity.WARNING,
)
BORN_ATTACHED = _rule(
    "partition-created-in-place",
    "A18",
    "partition created inside a partitioned table in use",
    "CREATE TABLE … PARTITION OF takes ACCESS EXCLUSIVE on the whole partitioned table.",
    severity=Severity.WARNING,
)
HOOKED = _rule(
    "trigger-or-policy-locks",
    "A20",
    "trigger or policy made or dropped on a table in use",
    "The lock is short, but it waits behind every open transaction, and all others behind it.",
    severity=Severity.NOTE,
)

_SERIAL = {
    "smallserial": "smallint",
    "serial2": "smallint",
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
}
_EXCLUSIVE = 7

# Functions that give one value for the whole statement or are pure; everything else may be volatile
# and is taken to be so (the server's own test is contain_volatile_functions).
_STABLE = frozenset(
    (
        "abs",
        "array_fill",
        "coalesce",
        "concat",
        "current_setting",
        "date_part",
        "date_trunc",
        "decode",
        "encode",
        "json_build_array",
        "json_build_object",
        "jsonb_build_array",
        "jsonb_build_object",
        "length",
        "lower",
        "make_date",
        "make_interval",
        "make_time",
        "make_timestamp",
        "make_timestamptz",
        "md5",
        "now",
        "pg_current_xact_id",
        "repeat",
        "replace",
        "round",
        "statement_timestamp",
        "string_to_array",
        "timezone",
        "to_char",
        "to_date",
        "to_json",
        "to_jsonb",
        "to_timestamp",
        "transaction_timestamp",
        "txid_current",
        "upper",
    )
)


def check(step: Step) -> Iterator[Finding]:
    """Yields what a command does to others while it runs.

    Args:
        step: the command.
    """
    node = step.node
    if isinstance(node, ast.IndexStmt):
        yield from _index(step, node)
    elif isinstance(node, ast.DropStmt):
        yield from _drop(step, node)
    elif isinstance(node, ast.ReindexStmt):
        yield from _reindex(step, node)
    elif isinstance(node, ast.AlterTableStmt) and step.is_in_use(relation(node.relation)):
        for command in node.cmds:
            yield from _alter(step, relation(node.relation), command)
    elif isinstance(node, ast.VacuumStmt | ast.ClusterStmt | ast.LockStmt):
        yield from _whole(step, node)
    elif isinstance(node, ast.RefreshMatViewStmt):
        yield from _refresh(step, node)
    elif isinstance(node, ast.CreateTableAsStmt):
        yield from _filled_at_once(step, node)
    elif isinstance(node, ast.CreateStmt) and node.partbound:
        yield from _born_attached(step, node)
    elif isinstance(node, ast.CreateTrigStmt | ast.CreatePolicyStmt | ast.AlterPolicyStmt):
        yield from _hooked(step, node)


def _index(step: Step, node: Any) -> Iterator[Finding]:
    table = relation(node.relation)
    if node.concurrent and step.in_transaction:
        yield step.finding(
            IN_TRANSACTION,
            "The upgrade fails: CREATE INDEX CONCURRENTLY cannot run inside a transaction block.",
            autocommit(*_rebuilding(node)),
        )
    elif not node.concurrent and step.is_in_use(table):
        yield step.finding(
            INDEX,
            f"Every INSERT, UPDATE and DELETE on {table} waits until the index is built; on a large"
            " table that is minutes.",
            autocommit(*_rebuilding(node)),
        )


def _rebuilding(node: Any) -> list[str]:
    online = copy.deepcopy(node)
    online.concurrent, online.if_not_exists = True, False
    text = written(online)
    if not node.idxname:
        return [text]
    schema = f"{node.relation.schemaname}." if node.relation.schemaname else ""
    return [f"DROP INDEX CONCURRENTLY IF EXISTS {schema}{node.idxname}", text]


def _drop(step: Step, node: Any) -> Iterator[Finding]:
    if node.removeType in _HOOKS:
        for one in node.objects:
            table, _, name = relation(one).rpartition(".")
            yield from _hook(step, "DROP", node.removeType, name, table)
    if node.removeType != ObjectType.OBJECT_INDEX:
        return
    online = copy.deepcopy(node)
    online.concurrent, online.missing_ok = True, True
    names = [relation(one) for one in node.objects]
    if node.concurrent and step.in_transaction:
        yield step.finding(
            IN_TRANSACTION,
            "The upgrade fails: DROP INDEX CONCURRENTLY cannot run inside a transaction block.",
            autocommit(written(online)),
        )
    elif not node.concurrent:
        for name in names:
            known = step.schema.indexes.get(name)
            if known and (step.is_new(known.made_in) or not step.is_in_use(known.table)):
                continue
            yield step.finding(
                INDEX_GONE,
                f"Nobody reads or writes the table of {name} until the drop has got its lock, and"
                " whoever comes after it in the queue waits as well.",
                autocommit(written(online)),
            )


def _reindex(step: Step, node: Any) -> Iterator[Finding]:
    concurrently = any(one.defname == "concurrently" for one in node.params or ())
    what = relation(node.relation) if node.relation else (node.name or "the system")
    text = step.parsed.text.strip()
    if concurrently and step.in_transaction:
        yield step.finding(
            IN_TRANSACTION,
            "The upgrade fails: REINDEX CONCURRENTLY cannot run inside a transaction block.",
            autocommit(text),
        )
    elif not concurrently and step.is_in_use(what):
        words = text.split()
        yield step.finding(
            INDEX_GONE,
            f"Writes to the table of {what} wait until the rebuild ends, and so do the reads that"
            " would use the index.",
            autocommit(" ".join([*words[:2], "CONCURRENTLY", *words[2:]])),
        )


def _alter(step: Step, table: str, command: Any) -> Iterator[Finding]:
    kind = command.subtype
    for constraint, column in constraints_of(command):
        yield from _constraint(step, table, constraint, column)
    if kind == At.AT_AddColumn:
        yield from _column(step, table, command.def_)
    elif kind == At.AT_ValidateConstraint:
        yield from _validate(step, table, command.name)
    elif kind == At.AT_SetNotNull:
        yield from _set_not_null(step, table, command.name)
    elif kind == At.AT_AlterColumnType:
        yield from _type(step, table, command)
    elif kind in (At.AT_SetTableSpace, At.AT_SetLogged, At.AT_SetUnLogged, At.AT_SetAccessMethod):
        yield step.finding(
            REWRITE,
            f"{table} is copied under ACCESS EXCLUSIVE: nobody reads or writes it until all of it"
            " is on the disk a second time.",
            "-- in a maintenance window, or with pg_repack, which copies beside the running table",
        )
    elif kind == At.AT_DetachPartition:
        yield from _detach(step, table, command.def_)
    elif kind == At.AT_AttachPartition:
        yield from _attach(step, command.def_)


def _detach(step: Step, table: str, node: Any) -> Iterator[Finding]:
    part = relation(node.name)
    if node.concurrent and step.in_transaction:
        yield step.finding(
            IN_TRANSACTION,
            "The upgrade fails: DETACH PARTITION CONCURRENTLY cannot run inside a transaction.",
            autocommit(step.parsed.text),
        )
    elif not node.concurrent and step.is_in_use(part):
        yield step.finding(
            DETACHED,
            f"Nobody reads or writes {table}, with all its partitions, until {part} is detached"
            " and the transaction ends.",
            autocommit(f"ALTER TABLE {table} DETACH PARTITION {part} CONCURRENTLY"),
        )


def _attach(step: Step, node: Any) -> Iterator[Finding]:
    part = relation(node.name)
    known = step.schema.tables.get(part)
    proven = known is not None and any(
        one.kind == "check" and one.validated for one in known.constraints.values()
    )
    if not step.is_in_use(part) or proven:
        return
    short = part.rpartition(".")[2]
    yield step.finding(
        ATTACHED,
        f"Nobody reads or writes {part} while every row of it is tested against the bounds of the"
        f" partition, under ACCESS EXCLUSIVE.",
        apart(
            [f"ALTER TABLE {part} ADD CONSTRAINT {short}_bounds CHECK (…) NOT VALID"],
            [f"ALTER TABLE {part} VALIDATE CONSTRAINT {short}_bounds"],
        )
        + "\n# the one after that: the CHECK spares the scan\n"
        + executed(step.parsed.text.strip()),
    )


def _born_attached(step: Step, node: Any) -> Iterator[Finding]:
    made = relation(node.relation)
    for parent in map(relation, node.inhRelations):
        if step.is_in_use(parent):
            bound = written(node.partbound)
            yield step.finding(
                BORN_ATTACHED,
                f"Nobody reads or writes {parent}, with all its partitions, until the transaction"
                f" that makes {made} ends.",
                "\n".join(
                    [
                        executed(f"CREATE TABLE {made} (LIKE {parent} INCLUDING ALL)"),
                        executed(f"ALTER TABLE {parent} ATTACH PARTITION {made} {bound}"),
                    ]
                ),
            )


def _refresh(step: Step, node: Any) -> Iterator[Finding]:
    name = relation(node.relation)
    if node.concurrent or node.skipData or not step.is_in_use(name):
        return
    yield step.finding(
        REFRESHED,
        f"Everybody who reads {name} waits until its query is done, under ACCESS EXCLUSIVE.",
        "# it needs a unique index over plain columns\n"
        + executed(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {name}"),
    )


def _filled_at_once(step: Step, node: Any) -> Iterator[Finding]:
    if node.objtype != ObjectType.OBJECT_MATVIEW or node.into.skipData:
        return
    name = relation(node.into.rel)
    read = [
        one
        for part in walk(node.query)
        if isinstance(part, ast.RangeVar) and step.is_in_use(one := relation(part))
    ]
    if read and step.in_transaction:
        yield step.finding(
            FILLED,
            f"The transaction lasts until {', '.join(dict.fromkeys(read))} is read for {name}, and"
            " with it every lock that it has.",
            executed(re.sub(r"(?i)\s+WITH\s+DATA$", "", step.parsed.text.strip()) + " WITH NO DATA")
            + "\n"
            + autocommit(f"REFRESH MATERIALIZED VIEW {name}"),
        )


_HOOKS = {ObjectType.OBJECT_TRIGGER: "trigger", ObjectType.OBJECT_POLICY: "policy"}


def _hooked(step: Step, node: Any) -> Iterator[Finding]:
    trigger = isinstance(node, ast.CreateTrigStmt)
    table = relation(node.relation if trigger else node.table)
    kind = ObjectType.OBJECT_TRIGGER if trigger else ObjectType.OBJECT_POLICY
    name = node.trigname if trigger else node.policy_name
    word = "ALTER" if isinstance(node, ast.AlterPolicyStmt) else "CREATE"
    yield from _hook(step, word, kind, name, table)


def _hooked_table(node: Any) -> str | None:
    if isinstance(node, ast.CreateTrigStmt):
        return relation(node.relation)
    if isinstance(node, ast.CreatePolicyStmt | ast.AlterPolicyStmt):
        return relation(node.table)
    if isinstance(node, ast.DropStmt) and node.removeType in _HOOKS:
        return relation(node.objects[0]).rpartition(".")[0]
    return None


def _hook(step: Step, word: str, kind: Any, name: str, table: str) -> Iterator[Finding]:
    if not step.is_in_use(table) or any(
        _hooked_table(one.node) == table for one in step.before_in_revision()
    ):
        return  # the lock is there already
    # https://www.postgresql.org/docs/current/explicit-locking.html
    made = word == "CREATE" and kind == ObjectType.OBJECT_TRIGGER
    lock = "SHARE ROW EXCLUSIVE" if made else "ACCESS EXCLUSIVE"
    yield step.finding(
        HOOKED,
        f"{word} of the {_HOOKS[kind]} {name} takes {lock} on {table} until the transaction ends.",
        "# with a lock_timeout, as the last statement of its transaction",
    )


def _constraint(step: Step, table: str, node: Any, column: str | None) -> Iterator[Finding]:
    kind = node.contype
    name = node.conname or "…"
    if kind in (ConstrType.CONSTR_CHECK, ConstrType.CONSTR_FOREIGN):
        if node.skip_validation or not enforced(node):
            return
        if column and kind == ConstrType.CONSTR_FOREIGN and not _has_default(step.node, column):
            return  # all values of the new column are NULL, so the server leaves the scan out
        yield step.finding(CONSTRAINT, _scanned(table, node), _two_steps(table, node, column))
    elif kind == ConstrType.CONSTR_NOTNULL and column is None:
        if not node.skip_validation:
            yield from _set_not_null(step, table, constrained(node)[0])
    elif kind == ConstrType.CONSTR_EXCLUSION:
        yield step.finding(
            EXCLUSION,
            f"{table} is locked against reads and writes while the index of {name} is built.",
            "-- make a new table with the constraint, copy the rows in batches, swap the two; or"
            " take a maintenance window",
        )
    elif kind in (ConstrType.CONSTR_UNIQUE, ConstrType.CONSTR_PRIMARY):
        yield from _unique(step, table, node, column)


def _scanned(table: str, node: Any) -> str:
    if node.contype == ConstrType.CONSTR_CHECK:
        return (
            f"Nobody reads or writes {table} while every row of it is tested, under ACCESS"
            " EXCLUSIVE."
        )
    return (
        f"Nobody writes {table} or {relation(node.pktable)} while every row of {table} is looked up"
        " in the other, under SHARE ROW EXCLUSIVE on both."
    )


def _two_steps(table: str, node: Any, column: str | None) -> str:
    later = copy.deepcopy(node)
    later.skip_validation, later.initially_valid = True, False
    later.conname = node.conname or f"{table.rpartition('.')[2]}_{column or 'rule'}_check"
    if column and node.contype == ConstrType.CONSTR_FOREIGN:
        later.fk_attrs = (ast.String(sval=column),)
    add = f"ALTER TABLE {table} ADD {written(later)}"
    if "NOT VALID" not in add:
        add += " NOT VALID"
    validate = f"ALTER TABLE {table} VALIDATE CONSTRAINT {later.conname}"
    return apart([add], [validate])


def _has_default(node: Any, column: str) -> bool:
    for command in node.cmds:
        if command.subtype == At.AT_AddColumn and command.def_.colname == column:
            return any(
                one.contype == ConstrType.CONSTR_DEFAULT for one in command.def_.constraints or ()
            )
    return False


def _unique(step: Step, table: str, node: Any, column: str | None) -> Iterator[Finding]:
    word = "PRIMARY KEY" if node.contype == ConstrType.CONSTR_PRIMARY else "UNIQUE"
    short = table.rpartition(".")[2]
    ending = "pkey" if word == "PRIMARY KEY" else "key"
    name = node.conname or f"{short}_{ending}"
    if node.indexname:
        index = step.schema.indexes.get(_beside(table, node.indexname))
        nullable = [
            one
            for one in (index.columns if index and word == "PRIMARY KEY" else ())
            if (known := step.schema.column(table, one))
            and not known.not_null
            and not step.schema.proves_not_null(table, one)
        ]
        if nullable:
            yield step.finding(
                UNIQUE,
                f"{', '.join(nullable)} may hold NULL, so all of {table} is read under ACCESS"
                " EXCLUSIVE to make sure that none does.",
                apart(
                    [_proving(table, one) for one in nullable],
                    [
                        *(_validating(table, one) for one in nullable),
                        step.parsed.text.strip(),
                    ],
                ),
            )
        return
    columns = ", ".join(constrained(node) or ((column,) if column else ()))
    schema = f"{table.rpartition('.')[0]}." if "." in table else ""
    yield step.finding(
        UNIQUE,
        f"Nobody reads or writes {table} while the index of {name} is built, under ACCESS"
        " EXCLUSIVE.",
        autocommit(
            f"DROP INDEX CONCURRENTLY IF EXISTS {schema}{name}",
            f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns})",
        )
        + "\n"
        + executed(f"ALTER TABLE {table} ADD CONSTRAINT {name} {word} USING INDEX {name}"),
    )


def _validate(step: Step, table: str, name: str) -> Iterator[Finding]:
    for earlier in step.before_in_transaction():
        if not isinstance(earlier.node, ast.AlterTableStmt):
            continue
        if relation(earlier.node.relation) != table:
            continue
        for command in earlier.node.cmds:
            if command.subtype == At.AT_AddConstraint and command.def_.conname == name:
                per_revision = earlier.revision.id == step.revision.id
                where = "" if per_revision else f" of revision {earlier.revision.id}"
                yield step.finding(
                    VALIDATED,
                    f"The lock that the ADD CONSTRAINT{where} took on {table} is held while all"
                    f" rows are read: as bad as without NOT VALID.",
                    apart([earlier.parsed.text], [step.parsed.text])
                    if per_revision
                    else "# env.py, in both calls\n"
                    "context.configure(..., transaction_per_migration=True)",
                )
                return


def _set_not_null(step: Step, table: str, name: str) -> Iterator[Finding]:
    known = step.schema.column(table, name)
    if known and known.not_null:
        return
    if step.schema.proves_not_null(table, name):
        return
    yield step.finding(
        NOT_NULL,
        f"Nobody reads or writes {table} while every row is searched for a NULL in {name}, under"
        " ACCESS EXCLUSIVE.",
        apart(
            [_proving(table, name)],
            [
                _validating(table, name),
                f"ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL",
                f"ALTER TABLE {table} DROP CONSTRAINT {_proof(table, name)}",
            ],
        ),
    )


def _proof(table: str, column: str) -> str:
    return f"{table.rpartition('.')[2]}_{column}_present"[:63]


def _proving(table: str, column: str) -> str:
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {_proof(table, column)}"
        f" CHECK ({column} IS NOT NULL) NOT VALID"
    )


def _validating(table: str, column: str) -> str:
    return f"ALTER TABLE {table} VALIDATE CONSTRAINT {_proof(table, column)}"


def _type(step: Step, table: str, command: Any) -> Iterator[Finding]:
    new, numbers = type_name(command.def_.typeName), modifiers(command.def_.typeName)
    known = step.schema.column(table, command.name)
    if known and is_free(known, new, numbers) and command.def_.raw_default is None:
        return
    shown = _shown(new, numbers)
    old = f" from {_shown(known.type, known.modifiers)}" if known else ""
    unknown = "" if known else " No revision says what type it is now; when it is a shorter one of"
    unknown += "" if known else " the same kind, nothing is rewritten."
    yield step.finding(
        TYPE,
        f"{table} and its indexes are written anew under ACCESS EXCLUSIVE to turn {command.name}"
        f"{old} into {shown}; nobody reads or writes it meanwhile.{unknown}",
        "# expand, in this release\n"
        + executed(f"ALTER TABLE {table} ADD COLUMN {command.name}_new {shown}")
        + "\n# a trigger or the service writes both; fill the old rows in batches;\n"
        "# contract, in a later release: let the service read the new one, then drop the old",
    )


def _shown(kind: str, numbers: tuple[int, ...]) -> str:
    return f"{kind}({', '.join(map(str, numbers))})" if numbers else kind


# Changes that only the catalog sees: the stored bytes stay as they are (the server's
# ATColumnChangeRequiresRewrite and the support functions of the length coercions).
_WIDER = {
    ("varchar", "text"),
    ("varchar", "varchar"),
    ("text", "varchar"),
    ("numeric", "numeric"),
    ("varbit", "varbit"),
    ("timestamp", "timestamp"),
    ("timestamptz", "timestamptz"),
    ("time", "time"),
    ("timetz", "timetz"),
    ("interval", "interval"),
    ("cidr", "inet"),
}


def is_free(known: Column, new: str, numbers: tuple[int, ...]) -> bool:
    """Returns whether a change of type leaves the rows as they are.

    Args:
        known: the column.
        new: the new type.
        numbers: what stands behind it.
    """
    if known.type == new and known.modifiers == numbers:
        return True
    if (known.type, new) not in _WIDER:
        return False
    if not numbers:
        return True  # without a limit
    if known.type != new or not known.modifiers:
        return False
    if new == "numeric":
        before, after = (*known.modifiers, 0)[:2], (*numbers, 0)[:2]
        return after[0] >= before[0] and after[1] == before[1]
    return numbers[0] >= known.modifiers[0]


def _column(step: Step, table: str, node: Any) -> Iterator[Finding]:
    reason = mend = ""
    name = type_name(node.typeName)
    if name in _SERIAL:
        reason = f"{name} calls nextval() for every old row"
        mend = _filled(table, node.colname, _SERIAL[name], "nextval('…')")
    for one in node.constraints or ():
        if one.contype == ConstrType.CONSTR_DEFAULT:
            volatile = _volatile(one.raw_expr)
            if volatile:
                reason = f"{volatile}() gives every row a value of its own"
                mend = _filled(table, node.colname, written(node.typeName), written(one.raw_expr))
        elif one.contype == ConstrType.CONSTR_IDENTITY:
            reason = "an identity numbers every old row"
            mend = _filled(table, node.colname, written(node.typeName), "nextval('…')")
        elif one.contype == ConstrType.CONSTR_GENERATED and stored(one):
            reason = "a stored generated column is computed for every old row"
            mend = (
                "# a plain column that a trigger fills, and the old rows in batches; or on"
                " PostgreSQL 18\n"
                + executed(
                    f"ALTER TABLE {table} ADD COLUMN {node.colname} {written(node.typeName)}"
                    f" GENERATED ALWAYS AS ({written(one.raw_expr)}) VIRTUAL"
                )
            )
    if reason:
        yield step.finding(
            COLUMN,
            f"{table} and its indexes are written anew under ACCESS EXCLUSIVE, because {reason};"
            " nobody reads or writes it meanwhile.",
            mend,
        )


def _filled(table: str, column: str, kind: str, default: str) -> str:
    return "\n".join(
        [
            executed(f"ALTER TABLE {table} ADD COLUMN {column} {kind}"),
            executed(f"ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT {default}"),
            "# then fill the old rows in batches, outside the migration",
        ]
    )


def _volatile(expression: Any) -> str | None:
    for one in walk(expression):
        if isinstance(one, ast.FuncCall):
            name = str(one.funcname[-1].sval)
            if name not in _STABLE:
                return name
    return None


def _later(step: Step) -> list[Step]:
    number = step.statement.transaction
    return [one for one in step.after_in_revision() if one.statement.transaction == number]


def _beside(table: str, name: str) -> str:
    schema = table.rpartition(".")[0]
    return f"{schema}.{name}" if schema else name


def _whole(step: Step, node: Any) -> Iterator[Finding]:
    if isinstance(node, ast.LockStmt):
        later = _later(step)
        if step.down and (
            not later or any(isinstance(one.node, ast.AlterTableStmt) for one in later)
        ):
            # A foreign key that goes locks both its tables: here they are taken in order, or one
            # is waited for and let go.
            return
        if node.mode >= _EXCLUSIVE:
            for one in node.relations:
                if step.is_in_use(relation(one)):
                    yield step.finding(
                        LOCKED,
                        f"Everybody who touches {relation(one)} waits until this transaction ends.",
                        "-- leave it out: each ALTER TABLE takes the weakest lock that it needs",
                    )
        return
    full = isinstance(node, ast.ClusterStmt) or any(
        one.defname == "full" for one in node.options or ()
    )
    if not full:
        return
    word = "CLUSTER" if isinstance(node, ast.ClusterStmt) else "VACUUM FULL"
    yield step.finding(
        REWRITE,
        f"{word} copies the table under ACCESS EXCLUSIVE: nobody reads or writes it until all of"
        " it is on the disk a second time.",
        "-- not in a migration: pg_repack, or VACUUM without FULL",
    )
