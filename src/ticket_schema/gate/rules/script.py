"""Group D: transactions, re-runs, imports, names, and what cannot be read."""

from __future__ import annotations

import ast as python
import re
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pglast import ast, scan
from pglast.enums import AlterTableType as At
from pglast.enums import ObjectType, TransactionStmtKind
from pglast.parser import ParseError

from ticket_schema.gate.finding import Finding, Severity, Stage, declare
from ticket_schema.gate.parsing import Outcome, relation, walk
from ticket_schema.gate.project import Place, Project, Revision, Statement
from ticket_schema.gate.rules.step import Step, autocommit, executed
from ticket_schema.gate.schema import Schema

_rule = partial(declare, stage=Stage.STATIC)


TRANSACTION = _rule(
    "transaction-control",
    "D1",
    "BEGIN, COMMIT or ROLLBACK inside a revision",
    "Alembic's own transaction ends too early, and a failure leaves half a revision behind.",
)
RERUN = _rule(
    "not-rerunnable",
    "D2",
    "step outside the revision's transaction that cannot be run again",
    "When the run is killed after it, the version row is not written and the next run fails on it.",
)
UNVALIDATED = _rule(
    "not-valid-left",
    "D3",
    "constraint that no revision validates",
    "Old rows may break it, and the planner does not trust it.",
    severity=Severity.WARNING,
)
EXTENSION = _rule(
    "extension-unpinned",
    "E10",
    "extension without a version",
    "Each server installs the version that it has, so two databases of one revision differ.",
    severity=Severity.NOTE,
)
ENUM = _rule(
    "enum-value-used-too-early",
    "D4",
    "new enum value used in the transaction that adds it",
    "PostgreSQL refuses to use a value before the transaction that added it is committed.",
)
OFFLINE = _rule(
    "offline-render-fails",
    "D5",
    "revision that cannot be rendered as SQL",
    "No DBA can read it before it runs, and no check of the SQL sees it.",
)
IMPORTS = _rule(
    "application-import",
    "D6",
    "revision that imports code of the application",
    "The code goes on changing, and the old revision then does something else, or fails.",
)
UNREADABLE = _rule(
    "sql-not-parsed",
    "D7",
    "SQL that the parser of PostgreSQL refuses",
    "It fails when it runs, or it is for another server than this one.",
)
DYNAMIC = _rule(
    "dynamic-sql",
    "D7",
    "SQL that is put together at run time",
    "Nothing that reads it can tell what it does; the dynamic stage runs it and looks.",
    severity=Severity.NOTE,
)
TOO_LONG = _rule(
    "identifier-too-long",
    "D8",
    "name of more than 63 bytes",
    "PostgreSQL cuts it off without an error, and the next one with the same beginning collides.",
)
ID_TOO_LONG = _rule(
    "revision-id-too-long",
    "D8",
    "revision identifier of more than 32 characters",
    "Alembic's version column is varchar(32), so the upgrade fails when the row is written.",
)
NO_WAY_BACK = _rule(
    "downgrade-missing",
    "B11",
    "downgrade that undoes nothing",
    "The version row goes back and the schema does not, so the next upgrade fails.",
    severity=Severity.WARNING,
)
LOST = _rule(
    "downgrade-loses-rows",
    "B11",
    "downgrade that deletes what was written since",
    "Whoever rolls back at night should know before what it costs.",
    severity=Severity.NOTE,
)

_LONGEST_NAME = 63
_LONGEST_ID = 32
_LONG_WORD = re.compile(r"[^\s'(),;.]{16,}")  # 63 bytes may be 16 characters
_MIGRATION_LIBRARIES = frozenset({"alembic", "sqlalchemy"})
_BEGINNINGS = (
    TransactionStmtKind.TRANS_STMT_SAVEPOINT,
    TransactionStmtKind.TRANS_STMT_RELEASE,
    TransactionStmtKind.TRANS_STMT_ROLLBACK_TO,
)


def check(step: Step) -> Iterator[Finding]:
    """Yields what makes a command fail, or leaves half of it behind.

    Args:
        step: the command.
    """
    node = step.node
    if isinstance(node, ast.TransactionStmt) and node.kind not in _BEGINNINGS:
        yield step.finding(
            TRANSACTION,
            "Alembic believes its transaction is still open: what follows is committed statement by"
            " statement, and a failure leaves half of the revision without a version row.",
            "# leave it out; where a statement must run outside a transaction:\n" + autocommit("…"),
        )
    if isinstance(node, ast.CreateExtensionStmt) and not any(
        one.defname == "new_version" for one in node.options or ()
    ):
        yield step.finding(
            EXTENSION,
            f"Which version of {node.extname} a database has depends on the day its server was"
            " installed.",
            executed(f"CREATE EXTENSION {node.extname} VERSION '…'"),
        )
    yield from _enum(step)
    yield from _rerun(step)


def revision(project: Project, one: Revision, steps: Iterable[Step]) -> Iterator[Finding]:
    """Yields what is wrong with a revision as a whole.

    Args:
        project: what it is part of.
        one: the revision.
        steps: its commands on the way up.
    """
    if len(one.id) > _LONGEST_ID:
        yield Finding(
            rule=ID_TOO_LONG,
            happens=f"The upgrade fails with 'value too long for type character varying"
            f"({_LONGEST_ID})': the identifier has {len(one.id)} characters.",
            mend=f'revision = "{one.id[:12]}"',
            revision=one.id,
            file=one.path,
            line=_line_assigned(one, "revision"),
        )
    for failure in one.failures:
        deliberate = failure.downgrade and "NotImplementedError" in _raised(one)
        direction = "down" if failure.downgrade else "up"
        yield Finding(
            rule=NO_WAY_BACK if deliberate else OFFLINE,
            severity=Severity.NOTE if deliberate else None,
            happens="It cannot be taken back; whoever rolls back restores a backup."
            if deliberate
            else f"alembic {direction}grade --sql stops here, and with it the script of every later"
            f" revision: {failure.message}.",
            mend=""
            if deliberate
            else "# say it in SQL, which renders as well as it runs:\n"
            + executed("INSERT INTO … SELECT … FROM …"),
            revision=one.id,
            file=failure.place.file,
            line=failure.place.line,
            downgrade=failure.downgrade,
        )
    yield from _imports(project, one)
    undone = one.down or any(failed.downgrade for failed in one.failures)
    if not undone and any(_changes_the_schema(step.node) for step in steps):
        yield Finding(
            rule=NO_WAY_BACK,
            happens="alembic downgrade says that it went back, and the schema stays as it is; the"
            " next upgrade meets what is there already.",
            mend="def downgrade() -> None:\n"
            '    raise NotImplementedError("restore a backup")  # or undo it',
            revision=one.id,
            file=one.path,
            line=_line_defined(one, "downgrade"),
            downgrade=True,
        )


def readable(one: Revision, statement: Statement, outcome: Outcome) -> Iterator[Finding]:
    """Yields what nobody can read in a statement.

    Args:
        one: the revision.
        statement: the statement.
        outcome: what the parser made of it.
    """
    place = statement.place or Place(one.path, 1, 1)
    if outcome.error:
        yield Finding(
            rule=UNREADABLE,
            happens=f"The upgrade fails here: {outcome.error.rstrip('.')}.",
            revision=one.id,
            file=place.file,
            line=place.line,
            last_line=place.last_line,
            statement=statement.text,
        )
    for expression in outcome.dynamic:
        yield Finding(
            rule=DYNAMIC,
            happens="What EXECUTE runs here is known only when it runs; the static stage did not"
            f" look at it: {' '.join(expression.split())[:80]}.",
            mend="-- write the statement out, or let format() have it as a constant",
            revision=one.id,
            file=place.file,
            line=place.line,
            last_line=place.last_line,
            statement=statement.text,
        )
    for name in _long_names(statement.text):
        yield Finding(
            rule=TOO_LONG,
            happens=f"It is called {name.encode()[:_LONGEST_NAME].decode(errors='ignore')} in the"
            f" database, and nobody finds it as {name}.",
            mend=f"-- a name of at most {_LONGEST_NAME} bytes",
            revision=one.id,
            file=place.file,
            line=place.line,
            last_line=place.last_line,
            statement=statement.text,
        )


def left_over(project: Project, schema: Schema) -> Iterator[Finding]:
    """Yields constraints that stand unvalidated at the head.

    Args:
        project: the project.
        schema: what stands after the last revision.
    """
    checked = {one.id: one for one in project.checked}
    for table, known in schema.tables.items():
        for constraint in known.constraints.values():
            if constraint.validated or constraint.made_in not in checked:
                continue
            made = checked[constraint.made_in]
            place = _place_of(made, constraint.name)
            yield Finding(
                rule=UNVALIDATED,
                happens=f"Rows of {table} that were there before may break {constraint.name} for"
                " ever, and nobody is told.",
                mend="# in a later revision\n"
                + executed(f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint.name}"),
                revision=made.id,
                file=place.file,
                line=place.line,
            )


def downgrade(one: Revision, steps: Iterable[Step]) -> Iterator[Finding]:
    """Yields what the way down costs.

    Args:
        one: the revision.
        steps: its commands on the way down.
    """
    lost: list[str] = []
    place: Place | None = None
    for step in steps:
        node = step.node
        gone: list[str] = []
        if isinstance(node, ast.DropStmt) and node.removeType == ObjectType.OBJECT_TABLE:
            gone = [relation(name) for name in node.objects]
        elif isinstance(node, ast.AlterTableStmt):
            table = relation(node.relation)
            columns = [one.name for one in node.cmds if one.subtype == At.AT_DropColumn]
            gone = [f"{table}.{name}" for name in columns]
        elif isinstance(node, ast.TransactionStmt) and node.kind not in _BEGINNINGS:
            yield step.finding(
                TRANSACTION,
                "A downgrade that fails behind it leaves half of the revision behind.",
                "# leave it out",
            )
        if gone and place is None:
            place = step.statement.place
        lost += gone
    if lost:
        yield Finding(
            rule=LOST,
            happens=f"A rollback deletes what was written into {', '.join(lost)}.",
            revision=one.id,
            file=place.file if place else one.path,
            line=place.line if place else 1,
            last_line=place.last_line if place else 1,
            downgrade=True,
        )


def _enum(step: Step) -> Iterator[Finding]:
    if not step.earlier.enum_values:
        return
    before = step.before_in_transaction()
    added = {
        one.node.newVal: relation(one.node.typeName)
        for one in before
        if isinstance(one.node, ast.AlterEnumStmt) and one.node.newVal and not one.node.oldVal
    }
    if not added or isinstance(step.node, ast.AlterEnumStmt | ast.CommentStmt):
        return
    made = {
        relation(one.node.typeName) for one in before if isinstance(one.node, ast.CreateEnumStmt)
    }
    for node in walk(step.node):
        if isinstance(node, ast.A_Const) and isinstance(node.val, ast.String):
            value = node.val.sval
            if value in added and added[value] not in made:
                yield step.finding(
                    ENUM,
                    f"The upgrade fails: unsafe use of new value {value!r} of enum type"
                    f" {added[value]}.",
                    autocommit(f"ALTER TYPE {added[value]} ADD VALUE IF NOT EXISTS '{value}'")
                    + "\n# use it in the next revision",
                )
                return


def _rerun(step: Step) -> Iterator[Finding]:
    """What is committed before the version row is must be fit to be run again."""
    if step.parsed.within or not _committed_early(step):
        return
    node = step.node
    mend = _rerunnable(step, node)
    if mend is None:
        return
    yield step.finding(
        RERUN,
        "When the run is killed after this statement, the revision is not recorded although it is"
        " there, and the next upgrade "
        + (
            "takes an index that a killed build left invalid for a good one."
            if isinstance(node, ast.IndexStmt) and node.if_not_exists
            else "fails because it has been done already."
        ),
        mend,
    )


def _committed_early(step: Step) -> bool:
    if not step.in_transaction:
        return True
    # The version row goes into the transaction that is open at the end.
    last = next(
        (
            one.statement.transaction
            for one in reversed(step.revision_steps)
            if one.statement.transaction is not None
        ),
        None,
    )
    if step.statement.transaction != last:
        return True
    return step.revision_steps[-1].statement.transaction is None


def _rerunnable(step: Step, node: Any) -> str | None:
    """Returns how to make a command fit to be run again; None when it is."""
    text = step.parsed.text.strip()
    if isinstance(node, ast.IndexStmt):
        return _index_rerunnable(step, node, text)
    if isinstance(node, ast.AlterTableStmt):
        return _table_rerunnable(step, node, text)
    if isinstance(node, ast.RenameStmt):
        return "# in a revision of its own, without a step that commits"
    again = ""
    if isinstance(node, ast.DropStmt) and not node.missing_ok:
        kind = r"(?i)^(DROP\s+(?:MATERIALIZED\s+)?\w+(?:\s+CONCURRENTLY)?)"
        again = re.sub(kind, r"\1 IF EXISTS", text, count=1)
    elif isinstance(node, ast.AlterEnumStmt) and node.newVal and not node.oldVal:
        if not node.skipIfNewValExists:
            again = re.sub(r"(?i)\bADD\s+VALUE\b", "ADD VALUE IF NOT EXISTS", text, count=1)
    elif isinstance(node, ast.InsertStmt) and node.onConflictClause is None:
        again = f"{text} ON CONFLICT DO NOTHING"
    elif _makes_anew(node):
        kind = r"(?i)^CREATE\s+((?:TEMP\w*\s+|UNLOGGED\s+)?)(TABLE|SEQUENCE|SCHEMA|EXTENSION)\b"
        again = re.sub(kind, r"CREATE \1\2 IF NOT EXISTS", text, count=1)
        if again == text:
            return "# drop it first, IF EXISTS, or put it into a revision of its own"
    return executed(again) if again else None


def _makes_anew(node: Any) -> bool:
    if not type(node).__name__.startswith(("Create", "CompositeType", "View")):
        return False
    return not (getattr(node, "if_not_exists", False) or getattr(node, "replace", False))


def _index_rerunnable(step: Step, node: Any, text: str) -> str | None:
    if _index_goes_first(step, node) or (node.if_not_exists and not node.concurrent):
        return None
    schema = f"{node.relation.schemaname}." if node.relation.schemaname else ""
    create = re.sub(r"(?i)\s+IF\s+NOT\s+EXISTS", "", text, count=1)
    drop = f"DROP INDEX {'CONCURRENTLY ' if node.concurrent else ''}IF EXISTS"
    return autocommit(f"{drop} {schema}{node.idxname}", create)


def _index_goes_first(step: Step, node: Any) -> bool:
    schema = node.relation.schemaname
    names = {node.idxname, f"{schema}.{node.idxname}" if schema else node.idxname}
    return any(
        isinstance(one.node, ast.DropStmt)
        and one.node.removeType == ObjectType.OBJECT_INDEX
        and one.node.missing_ok
        and any(relation(name) in names for name in one.node.objects)
        for one in step.before_in_revision()
    )


def _table_rerunnable(step: Step, node: Any, text: str) -> str | None:
    table = relation(node.relation)
    dropped = {
        command.name
        for one in [*step.before_in_revision(), step]
        if isinstance(one.node, ast.AlterTableStmt) and relation(one.node.relation) == table
        for command in one.node.cmds
        if command.subtype == At.AT_DropConstraint
    }
    for command in node.cmds:
        if command.subtype == At.AT_AddColumn and not command.missing_ok:
            return executed(re.sub(r"(?i)\bADD\s+COLUMN\b", "ADD COLUMN IF NOT EXISTS", text))
        if command.subtype == At.AT_DropColumn and not command.missing_ok:
            return executed(re.sub(r"(?i)\bDROP\s+COLUMN\b", "DROP COLUMN IF EXISTS", text))
        if command.subtype == At.AT_DropConstraint and not command.missing_ok:
            return executed(re.sub(r"(?i)\bDROP\s+CONSTRAINT\b", "DROP CONSTRAINT IF EXISTS", text))
        if command.subtype == At.AT_AddConstraint and command.def_.conname not in dropped:
            drop = f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {command.def_.conname or '…'}"
            return f"{executed(drop)}\n{executed(text)}"
    return None


def _imports(project: Project, one: Revision) -> Iterator[Finding]:
    for node in python.walk(one.tree):
        if not isinstance(node, python.Import | python.ImportFrom):
            continue
        if isinstance(node, python.Import):
            names = [alias.name for alias in node.names]
        else:
            names = ["." * node.level + (node.module or "")]
            if names == ["ticket_schema"] and project.ours:
                # The steps of the package are what its revisions consist of.
                names = [f"ticket_schema.{alias.name}" for alias in node.names]
        for name in names:
            if _is_of_the_application(project, name):
                yield Finding(
                    rule=IMPORTS,
                    happens=f"When {name} changes, this revision does something else on a new"
                    " database than it did on the old ones; when it goes, the chain cannot be run.",
                    mend="# copy into the revision what it needs, as it is today:\n"
                    't = sa.table("t", sa.column("id"))',
                    revision=one.id,
                    file=one.path,
                    line=node.lineno,
                    statement=python.unparse(node),
                )


def _is_of_the_application(project: Project, name: str) -> bool:
    root = name.split(".", maxsplit=1)[0]
    if not root:
        return True  # relative
    if root in sys.stdlib_module_names or root in _MIGRATION_LIBRARIES or root == "__future__":
        return False
    if project.ours and name == "ticket_schema.steps":
        return False
    for base in (project.folder, project.folder / "src", Path.cwd(), *project.folder.parents[:2]):
        if (base / root).is_dir() or (base / f"{root}.py").is_file():
            return True
    try:
        spec = find_spec(root)
    except (ImportError, ValueError):
        return True
    places = [str(spec.origin or ""), *(spec.submodule_search_locations or ())] if spec else []
    return not any("site-packages" in place or "dist-packages" in place for place in places)


def _changes_the_schema(node: Any) -> bool:
    if isinstance(node, ast.AlterTableStmt):
        return any(command.subtype != At.AT_ValidateConstraint for command in node.cmds)
    name = type(node).__name__
    return name.startswith(("Create", "Alter", "Drop", "Rename", "Grant", "Index", "View"))


def _raised(one: Revision) -> str:
    for node in one.tree.body:
        if isinstance(node, python.FunctionDef) and node.name == "downgrade":
            return python.unparse(node)
    return ""


def _line_defined(one: Revision, name: str) -> int:
    for node in one.tree.body:
        if isinstance(node, python.FunctionDef) and node.name == name:
            return node.lineno
    return 1


def _line_assigned(one: Revision, name: str) -> int:
    for node in one.tree.body:
        targets: Iterable[python.expr] = ()
        if isinstance(node, python.Assign):
            targets = node.targets
        elif isinstance(node, python.AnnAssign):
            targets = (node.target,)
        if any(isinstance(target, python.Name) and target.id == name for target in targets):
            return node.lineno
    return 1


def _place_of(one: Revision, word: str) -> Place:
    for statement in one.up:
        if word in statement.text and statement.place:
            return statement.place
    return one.place


def _long_names(text: str) -> list[str]:
    if not _LONG_WORD.search(text):
        return []
    try:
        tokens = scan(text)
    except ParseError:
        return []
    names = []
    for token in tokens:
        if token.name in ("IDENT", "UIDENT"):
            name = text[token.start : token.end + 1].strip('"')
            if len(name.encode()) > _LONGEST_NAME:
                names.append(name)
    return names
