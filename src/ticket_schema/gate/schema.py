"""What stands in the database before a statement, as far as the revisions before it tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ObjectType

from ticket_schema.gate import parsing
from ticket_schema.gate.parsing import Parsed, relation

_KINDS = {
    ConstrType.CONSTR_CHECK: "check",
    ConstrType.CONSTR_FOREIGN: "fkey",
    ConstrType.CONSTR_UNIQUE: "key",
    ConstrType.CONSTR_PRIMARY: "pkey",
    ConstrType.CONSTR_EXCLUSION: "excl",
    ConstrType.CONSTR_NOTNULL: "not_null",
}


@dataclass
class Column:
    """A column.

    Args:
        type: name of the type without modifiers.
        modifiers: the numbers behind it.
        not_null: whether it refuses NULL.
        default: whether it has a default, an identity or a sequence.
        made_in: the revision that added it.
    """

    type: str
    modifiers: tuple[int, ...]
    not_null: bool
    default: bool
    made_in: str


@dataclass
class Constraint:
    """A constraint of a table.

    Args:
        name: its name, or the one that the server gives.
        kind: `check`, `fkey`, `key`, `pkey`, `excl` or `not_null`.
        columns: what it is about, where that is a list.
        proves: columns that it proves to be not null.
        validated: whether the old rows obey it.
        broken_by: the query for rows that break it.
        made_in: the revision that added it.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    proves: frozenset[str]
    validated: bool
    broken_by: str
    made_in: str


@dataclass
class Index:
    """An index.

    Args:
        table: what it is on.
        columns: its plain columns; empty when there is an expression among them.
        unique: whether it is unique over all rows.
        made_in: the revision that made it.
    """

    table: str
    columns: tuple[str, ...]
    unique: bool
    made_in: str


@dataclass
class Table:
    """A table that a revision of the chain made.

    Args:
        made_in: that revision.
        columns: by name.
        constraints: by name.
        row_security: whether row level security is on.
        forced: whether it binds the owner as well.
    """

    made_in: str
    columns: dict[str, Column] = field(default_factory=dict)
    constraints: dict[str, Constraint] = field(default_factory=dict)
    row_security: bool = False
    forced: bool = False


@dataclass(frozen=True)
class Argument:
    """An argument of a function.

    Args:
        name: empty when it has none.
        type: its type.
        optional: whether it has a default.
    """

    name: str
    type: str
    optional: bool


@dataclass(frozen=True)
class Function:
    """What callers of a function rely on.

    Args:
        arguments: what they give it, in order.
        results: the columns that come back, each with its type; empty when there is one value.
        returns: the type of what comes back.
        made_in: the revision that made or replaced it.
    """

    arguments: tuple[Argument, ...]
    results: tuple[str, ...]
    returns: str
    made_in: str

    @property
    def types(self) -> tuple[str, ...]:
        """What tells it from others of its name."""
        return tuple(one.type for one in self.arguments)

    @property
    def required(self) -> int:
        """How many arguments a caller must give."""
        return sum(not one.optional for one in self.arguments)


@dataclass(frozen=True)
class View:
    """What readers of a view rely on.

    Args:
        columns: their names in order; None when they cannot be told, as behind a star.
        made_in: the revision that made it.
    """

    columns: tuple[str, ...] | None
    made_in: str


@dataclass
class Schema:
    """Everything that the chain has made so far.

    Args:
        tables: by name.
        indexes: by name.
        views: by name.
        functions: by name and types of their arguments.
        dropped: functions and views that a revision dropped, with the revision, by name.
        mended: tables whose rows were updated or deleted, with the revision.
    """

    tables: dict[str, Table] = field(default_factory=dict)
    indexes: dict[str, Index] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    functions: dict[str, dict[tuple[str, ...], Function]] = field(default_factory=dict)
    dropped: dict[str, list[tuple[Function | View, str]]] = field(default_factory=dict)
    mended: dict[str, str] = field(default_factory=dict)

    def column(self, table: str, name: str | None) -> Column | None:
        """Returns a column, None when it is not known.

        Args:
            table: the table.
            name: the column.
        """
        known = self.tables.get(table)
        return known.columns.get(name or "") if known else None

    def proves_not_null(self, table: str, name: str) -> bool:
        """Returns whether a validated constraint proves that a column holds no NULL.

        Args:
            table: the table.
            name: the column.
        """
        known = self.tables.get(table)
        return known is not None and any(
            one.validated and name in one.proves for one in known.constraints.values()
        )

    def apply(self, parsed: Parsed, revision: str) -> None:
        """Takes down what a statement changes.

        Args:
            parsed: the statement.
            revision: which it belongs to.
        """
        node = parsed.node
        if isinstance(node, ast.CreateStmt):
            self._create(node, revision)
        elif isinstance(node, ast.CreateTableAsStmt):
            self.tables.setdefault(relation(node.into.rel), Table(revision))
        elif isinstance(node, ast.IndexStmt):
            self._index(node, revision)
        elif isinstance(node, ast.AlterTableStmt):
            for command in node.cmds:
                self._alter(relation(node.relation), command, revision)
        elif isinstance(node, ast.ViewStmt):
            known = self.views.get(relation(node.view))
            made_in = known.made_in if known else revision
            self.views[relation(node.view)] = View(view_columns(node), made_in)
        elif isinstance(node, ast.CreateFunctionStmt):
            made = function(node, revision)
            self.functions.setdefault(relation(node.funcname), {})[made.types] = made
        elif isinstance(node, ast.DropStmt):
            self._drop(node, revision)
        elif isinstance(node, ast.RenameStmt):
            self._rename(node)
        elif isinstance(node, ast.UpdateStmt | ast.DeleteStmt):
            self.mended[relation(node.relation)] = revision
        elif isinstance(node, ast.TruncateStmt):
            self.mended.update({relation(one): revision for one in node.relations})

    def _create(self, node: Any, revision: str) -> None:
        name = relation(node.relation)
        if node.if_not_exists and name in self.tables:
            return
        self.tables[name] = Table(revision)
        for element in node.tableElts or ():
            if isinstance(element, ast.ColumnDef):
                self._add_column(name, element, revision)
            elif isinstance(element, ast.Constraint):
                self._add_constraint(name, element, revision)

    def _index(self, node: Any, revision: str) -> None:
        table = relation(node.relation)
        if not node.idxname:
            return
        columns = tuple(one.name for one in node.indexParams if one.name)
        plain = len(columns) == len(node.indexParams)
        schema = table.rpartition(".")[0]
        name = f"{schema}.{node.idxname}" if schema else node.idxname
        self.indexes[name] = Index(
            table, columns if plain else (), node.unique and not node.whereClause, revision
        )

    def _alter(self, table: str, command: Any, revision: str) -> None:
        known = self.tables.get(table)
        if known is None:
            return
        kind = command.subtype
        if kind == AlterTableType.AT_AddColumn:
            self._add_column(table, command.def_, revision)
        elif kind == AlterTableType.AT_AddConstraint:
            self._add_constraint(table, command.def_, revision)
        elif kind == AlterTableType.AT_ValidateConstraint:
            if command.name in known.constraints:
                known.constraints[command.name].validated = True
                for name in known.constraints[command.name].columns:
                    if known.constraints[command.name].kind == "not_null" and name in known.columns:
                        known.columns[name].not_null = True
        elif kind == AlterTableType.AT_DropConstraint:
            known.constraints.pop(command.name, None)
        elif kind == AlterTableType.AT_DropColumn:
            known.columns.pop(command.name, None)
        elif kind in (AlterTableType.AT_EnableRowSecurity, AlterTableType.AT_DisableRowSecurity):
            known.row_security = kind == AlterTableType.AT_EnableRowSecurity
        elif kind in (AlterTableType.AT_ForceRowSecurity, AlterTableType.AT_NoForceRowSecurity):
            known.forced = kind == AlterTableType.AT_ForceRowSecurity
        elif command.name in known.columns:
            _alter_column(known.columns[command.name], command)

    def _add_column(self, table: str, node: Any, revision: str) -> None:
        constraints = node.constraints or ()
        kinds = {one.contype for one in constraints}
        name = parsing.type_name(node.typeName)
        serial = "serial" in name
        made = Column(
            type=name,
            modifiers=parsing.modifiers(node.typeName),
            not_null=serial
            or bool(
                kinds
                & {ConstrType.CONSTR_NOTNULL, ConstrType.CONSTR_PRIMARY, ConstrType.CONSTR_IDENTITY}
            ),
            default=serial
            or bool(
                kinds
                & {
                    ConstrType.CONSTR_DEFAULT,
                    ConstrType.CONSTR_IDENTITY,
                    ConstrType.CONSTR_GENERATED,
                }
            ),
            made_in=revision,
        )
        self.tables[table].columns.setdefault(node.colname, made)
        for one in constraints:
            if one.contype in _KINDS and one.contype != ConstrType.CONSTR_NOTNULL:
                self._add_constraint(table, one, revision, column=node.colname)

    def _add_constraint(
        self, table: str, node: Any, revision: str, *, column: str | None = None
    ) -> None:
        kind = _KINDS.get(node.contype)
        if kind is None:
            return
        columns = constrained(node) or ((column,) if column else ())
        proves = parsing.not_null_columns(node.raw_expr) if node.raw_expr else set()
        if kind in ("pkey", "not_null"):
            proves = set(columns)
        short = table.rpartition(".")[2]
        middle = "" if kind == "pkey" else "".join(f"{one}_" for one in columns)
        name = node.conname or f"{short}_{middle}{kind}"
        known = self.tables[table]
        known.constraints[name] = Constraint(
            name=name,
            kind=kind,
            columns=columns,
            proves=frozenset(proves),
            validated=not node.skip_validation,
            broken_by=breaking(table, node, column),
            made_in=revision,
        )
        if not node.skip_validation and kind in ("pkey", "not_null"):
            for one in columns:
                if one in known.columns:
                    known.columns[one].not_null = True

    def _drop(self, node: Any, revision: str) -> None:
        for one in node.objects:
            if isinstance(one, ast.ObjectWithArgs):
                overloads = self.functions.get(relation(one.objname), {})
                for gone in dropped_functions(one, overloads):
                    del overloads[gone.types]
                    self.dropped.setdefault(relation(one.objname), []).append((gone, revision))
                continue
            name = relation(one) if not isinstance(one, ast.ObjectWithArgs | ast.TypeName) else ""
            if node.removeType == ObjectType.OBJECT_TABLE:
                self.tables.pop(name, None)
            elif node.removeType == ObjectType.OBJECT_INDEX:
                self.indexes.pop(name, None)
            elif node.removeType in (ObjectType.OBJECT_VIEW, ObjectType.OBJECT_MATVIEW):
                view = self.views.pop(name, None)
                if view is not None:
                    self.dropped.setdefault(name, []).append((view, revision))

    def _rename(self, node: Any) -> None:
        if node.relation is None:
            return
        old = relation(node.relation)
        if node.renameType == ObjectType.OBJECT_TABLE and old in self.tables:
            schema = old.rpartition(".")[0]
            new = f"{schema}.{node.newname}" if schema else node.newname
            self.tables[new] = self.tables.pop(old)
        elif node.renameType == ObjectType.OBJECT_COLUMN and old in self.tables:
            columns = self.tables[old].columns
            if node.subname in columns:
                columns[node.newname] = columns.pop(node.subname)


def constrained(node: Any) -> tuple[str, ...]:
    """Returns the columns that a constraint lists.

    Args:
        node: a `Constraint`.
    """
    listed = node.keys or node.fk_attrs or ()
    return tuple(one.sval for one in listed)


def function(node: Any, revision: str) -> Function:
    """Returns what callers of a function rely on.

    Args:
        node: a `CreateFunctionStmt`.
        revision: which it belongs to.
    """
    given, back = [], []
    for one in node.parameters or ():
        kind = one.mode.value
        name, type_ = one.name or "", parsing.type_name(one.argType)
        if kind in ("o", "t", "b"):
            back.append(f"{name} {type_}")
        if kind not in ("o", "t"):
            given.append(Argument(name, type_, one.defexpr is not None))
    returned = node.returnType
    returns = ""
    if returned is not None:
        returns = f"{'setof ' if returned.setof else ''}{parsing.type_name(returned)}"
    return Function(tuple(given), tuple(back), returns, revision)


def dropped_functions(named: Any, overloads: dict[tuple[str, ...], Function]) -> list[Function]:
    """Returns the functions that a DROP names.

    Args:
        named: an `ObjectWithArgs`.
        overloads: those of its name.
    """
    if named.args_unspecified:
        return list(overloads.values())
    wanted = tuple(parsing.type_name(one) for one in named.objargs or () if one is not None)
    return [overloads[wanted]] if wanted in overloads else []


def view_columns(node: Any) -> tuple[str, ...] | None:
    """Returns the columns of a view, None when they cannot be told.

    Args:
        node: a `ViewStmt`.
    """
    query = node.query
    while isinstance(query, ast.SelectStmt) and query.larg is not None:
        query = query.larg
    names = []
    for one in getattr(query, "targetList", None) or ():
        name = one.name or parsing.column(one.val)
        if name is None and isinstance(one.val, ast.FuncCall):
            name = one.val.funcname[-1].sval
        if name is None:
            return None
        names.append(str(name))
    aliases = [one.sval for one in node.aliases or ()]
    return (*aliases, *names[len(aliases) :])


def breaking(table: str, node: Any, column: str | None = None) -> str:
    """Returns the query for rows that break a constraint, empty when there is none.

    Args:
        table: what it is on.
        node: a `Constraint`.
        column: the column that it is written behind, if it is.
    """
    if node.contype == ConstrType.CONSTR_CHECK:
        return f"SELECT * FROM {table} WHERE NOT ({parsing.written(node.raw_expr)})"
    columns = constrained(node) or ((column,) if column else ())
    if node.contype == ConstrType.CONSTR_NOTNULL and columns:
        return f"SELECT * FROM {table} WHERE {columns[0]} IS NULL"
    if node.contype != ConstrType.CONSTR_FOREIGN or not columns:
        return ""
    theirs = [f"p.{one.sval}" for one in node.pk_attrs or ()]
    mine = [f"c.{one}" for one in columns]
    if len(theirs) == len(mine) == 1:
        match, there = f"{theirs[0]} = {mine[0]}", f"{mine[0]} IS NOT NULL"
    else:
        match = f"({', '.join(theirs) or '…'}) = ({', '.join(mine)})"
        there = f"({', '.join(mine)}) IS NOT NULL"
    return (
        f"SELECT c.* FROM {table} AS c WHERE {there}"
        f" AND NOT EXISTS (SELECT FROM {relation(node.pktable)} AS p WHERE {match})"
    )


def constraints_of(node: Any) -> Iterator[tuple[Any, str | None]]:
    """Yields the constraints that an ALTER TABLE command adds, each with its column if it has one.

    Args:
        node: an `AlterTableCmd`.
    """
    if node.subtype == AlterTableType.AT_AddConstraint:
        yield node.def_, None
    elif node.subtype == AlterTableType.AT_AddColumn:
        for one in node.def_.constraints or ():
            yield one, node.def_.colname


def _alter_column(column: Column, command: Any) -> None:
    kind = command.subtype
    if kind == AlterTableType.AT_SetNotNull:
        column.not_null = True
    elif kind == AlterTableType.AT_DropNotNull:
        column.not_null = False
    elif kind == AlterTableType.AT_ColumnDefault:
        column.default = command.def_ is not None
    elif kind == AlterTableType.AT_AlterColumnType:
        column.type = parsing.type_name(command.def_.typeName)
        column.modifiers = parsing.modifiers(command.def_.typeName)
