"""What functions do, read from their bodies by the server's own grammar.

A body says more than its header: which errors it raises, which tables it reads, writes and locks,
what it calls and which settings it knows. What cannot be read is named, never left out in silence:
SQL that is put together at run time, and bodies in other languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from psycopg import errors as postgresql_errors

from ticket_schema.docs.snapshot import Snapshot
from ticket_schema.errors import TicketSchemaError

if TYPE_CHECKING:
    from pglast import ast

# Numbers of PL/pgSQL, as its parser prints them.
_WARNING, _ERROR = 19, 21
_ERRCODE = 0
_STATEMENT, _EXPRESSION = 0, 2

_STRENGTHS = {1: "FOR KEY SHARE", 2: "FOR SHARE", 3: "FOR NO KEY UPDATE", 4: "FOR UPDATE"}
_WAITS = {0: "", 1: "SKIP LOCKED", 2: "NOWAIT"}
_TABLE_LOCKS = (
    *("", "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE", "SHARE"),
    *("SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"),
)
_SQLSTATE = re.compile(r"[0-9A-Z]{5}")
# An error without a code, a failed ASSERT, and what SELECT INTO STRICT may say.
_RAISE_EXCEPTION, _ASSERT_FAILURE, _STRICT = "P0001", "P0004", ("P0002", "P0003")

AT_RUN_TIME = "(named at run time)"
"""Stands for the name of a setting, or for an SQLSTATE, that only a running function knows."""


@dataclass(frozen=True, order=True)
class RowLock:
    """A lock on rows that a query asks for.

    Args:
        table: whose rows.
        strength: such as `FOR NO KEY UPDATE`.
        wait: `SKIP LOCKED`, `NOWAIT`, or empty when it waits.
    """

    table: str
    strength: str
    wait: str = ""


@dataclass(frozen=True)
class Body:
    """What one function does by itself; tables and views without the name of their own schema.

    Args:
        raises: SQLSTATE of each error it raises, with the messages as they stand there.
        warns: the same for warnings.
        catches: SQLSTATEs, or names of conditions, that it handles; what it calls may raise them.
        reads: relations that it selects from.
        writes: table, command (`INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`) and the columns named.
        row_locks: what it locks by `SELECT … FOR …`; UPDATE and DELETE lock rows anyway.
        table_locks: table and mode of each `LOCK TABLE`.
        advisory_locks: the calls that take one, as SQL.
        calls: functions of the schema, by name and argument types; of overloads that take as many
            arguments, all.
        settings_read: by `current_setting` or `SHOW`.
        settings_written: by `set_config`, `SET` or `RESET`.
        dynamic: SQL that is put together at run time, with `%` where the unknown stands; what could
            be read of it is in the fields above.
        unread: why the body was not read at all; empty when it was.
    """

    raises: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    catches: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    row_locks: tuple[RowLock, ...] = ()
    table_locks: tuple[tuple[str, str], ...] = ()
    advisory_locks: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    settings_read: tuple[str, ...] = ()
    settings_written: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()
    unread: str = ""


@dataclass(frozen=True)
class Reached:
    """What may happen through others when a function runs: a bound from above, not a forecast.

    Which branch is taken, whether the WHEN of a trigger holds and what is caught on the way is not
    weighed.

    Args:
        called: functions that it calls, directly or through another.
        fired: functions of triggers that what it writes, or what those write, sets off.
        raises: SQLSTATE, and the functions reached that raise it.
        reads: relations that those select from.
        writes: table and commands of those.
        row_locks: of those.
        table_locks: of those.
        advisory_locks: of those.
        dynamic: functions reached with SQL that is put together at run time.
    """

    called: tuple[str, ...] = ()
    fired: tuple[str, ...] = ()
    raises: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    writes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    row_locks: tuple[RowLock, ...] = ()
    table_locks: tuple[tuple[str, str], ...] = ()
    advisory_locks: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()


def bodies(snapshot: Snapshot) -> dict[str, Body]:
    """Returns what each function does, by its name with the types of its arguments.

    Args:
        snapshot: what `ticket_schema.docs.snapshot.read` returned.

    Raises:
        TicketSchemaError: the parser is not installed.
    """
    names = Names(snapshot)
    return {
        key: _body(str(definition["definition"]), names.languages[key], names)
        for key, definition in sorted(snapshot["objects"].get("function", {}).items())
    }


def reached(snapshot: Snapshot, found: Mapping[str, Body]) -> dict[str, Reached]:
    """Returns what each function may do through the functions that it calls or sets off.

    Args:
        snapshot: what `ticket_schema.docs.snapshot.read` returned.
        found: what `bodies` returned of it.
    """
    names = Names(snapshot)
    through_views = {
        view: expression(names, definition, statement=True).calls
        for view, definition in _views(snapshot)
    }
    fires = _Triggers(snapshot)
    calls: dict[str, set[str]] = {}
    sets_off: dict[str, set[str]] = {}
    for key, body in found.items():
        calls[key] = set(body.calls).union(*(through_views.get(one, ()) for one in body.reads))
        sets_off[key] = set()
        for table, commands in body.writes.items():
            for command, columns in commands.items():
                sets_off[key] |= fires.of(table, command, columns)
    return {
        key: _summed(
            {one: found[one] for one in _closure(key, calls, sets_off) if one in found},
            _closure(key, calls, {}),
        )
        for key in found
    }


def expression(names: Names, text: str, *, statement: bool = False) -> Body:
    """Returns what an expression does: of a policy, a default, a CHECK or a trigger's WHEN.

    Args:
        names: of the schema.
        text: the expression as PostgreSQL prints it.
        statement: it is a whole query, such as a view's.

    Raises:
        TicketSchemaError: the parser is not installed.
    """
    reading = _Reading(names)
    try:
        reading.query(text, _STATEMENT if statement else _EXPRESSION)
    except _parse_error() as error:
        return Body(unread=str(error))
    return reading.result()


def condition_of(code: str) -> str:
    """Returns the name that PostgreSQL gives to an SQLSTATE, "" for one that is not its own."""
    try:
        return _snake(postgresql_errors.lookup(code).__name__)
    except KeyError:
        return ""


class Names:
    """What the names in a body may mean.

    Args:
        snapshot: what `ticket_schema.docs.snapshot.read` returned.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        objects, structure = snapshot["objects"], snapshot["structure"]
        self.schema = snapshot["schema"]
        self.relations = {
            name
            for kind in ("table", "view", "materialized view", "foreign table")
            for name in objects.get(kind, {})
        }
        self.languages: dict[str, str] = {}
        self._functions: dict[str, list[tuple[str, int, int]]] = {}
        for key, facts in structure.get("functions", {}).items():
            self.languages[key] = facts["language"]
            given = [one for one in facts["arguments"] if one["mode"] in ("in", "inout")]
            variadic = any(one["mode"] == "variadic" for one in facts["arguments"])
            least = sum(one["default"] is None for one in given)
            most = 1000 if variadic else len(given)
            self._functions.setdefault(facts["function"], []).append((key, least, most))

    def relation(self, schema: str | None, name: str) -> str | None:
        """Returns how a relation is called on the pages; None for one that is not there to see.

        Args:
            schema: None where none is written.
            name: of the relation.
        """
        if schema == self.schema or (schema is None and name in self.relations):
            return name
        if schema is None or schema.startswith("pg_") or schema == "information_schema":
            return None
        return f"{schema}.{name}"

    def functions(self, name: str, arguments: int) -> list[str]:
        """Returns the functions of that name that take as many arguments.

        Args:
            name: without schema.
            arguments: how many are given.
        """
        return [
            key for key, least, most in self._functions.get(name, ()) if least <= arguments <= most
        ]


class _Reading:
    """Gathers what the parts of one body do."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._raises: dict[int, dict[str, set[str]]] = {_ERROR: {}, _WARNING: {}}
        self._catches: set[str] = set()
        self._reads: set[str] = set()
        self._writes: dict[str, dict[str, set[str]]] = {}
        self._row_locks: set[RowLock] = set()
        self._table_locks: set[tuple[str, str]] = set()
        self._advisory: set[str] = set()
        self._calls: set[str] = set()
        self._read: set[str] = set()
        self._written: set[str] = set()
        self._dynamic: set[str] = set()
        self._assigned: dict[str, list[str]] = {}
        self._variables: list[str] = []

    def result(self) -> Body:
        return Body(
            raises=_sorted(self._raises[_ERROR]),
            warns=_sorted(self._raises[_WARNING]),
            catches=tuple(sorted(self._catches)),
            reads=tuple(sorted(self._reads)),
            writes={table: _sorted(self._writes[table]) for table in sorted(self._writes)},
            row_locks=tuple(sorted(self._row_locks)),
            table_locks=tuple(sorted(self._table_locks)),
            advisory_locks=tuple(sorted(self._advisory)),
            calls=tuple(sorted(self._calls)),
            settings_read=tuple(sorted(self._read)),
            settings_written=tuple(sorted(self._written)),
            dynamic=tuple(sorted(self._dynamic)),
        )

    # -- PL/pgSQL

    def function(self, tree: Mapping[str, Any]) -> None:
        datums = tree.get("datums", [])
        self._variables = [_variable(one) for one in datums]
        for one in datums:
            default = one.get("PLpgSQL_var", {}).get("default_val")
            if default:
                self._assigned.setdefault(_variable(one), []).append(_query(default))
        for _, content in _nodes(tree, "PLpgSQL_stmt_assign"):
            _, value = _assignment(_query(content["expr"]))
            variable = self._variables[content.get("varno", 0)]
            self._assigned.setdefault(variable, []).append(value)
        self._parts(tree)

    def _parts(self, node: Any) -> None:
        if isinstance(node, list):
            for one in node:
                self._parts(one)
        elif isinstance(node, dict):
            for kind, content in node.items():
                self._part(kind, content)

    def _part(self, kind: str, content: Any) -> None:
        if kind == "PLpgSQL_expr":
            self.query(content["query"], content["parseMode"])
            return
        if kind == "PLpgSQL_stmt_raise":
            self._raise(content)
        elif kind == "PLpgSQL_stmt_assert":
            self._told(_ERROR, _ASSERT_FAILURE, "")
        elif kind == "PLpgSQL_condition":
            self._catches.add(_condition(content["condname"]))
        elif kind == "PLpgSQL_stmt_execsql" and content.get("strict"):
            for state in _STRICT:
                self._told(_ERROR, state, "")
        elif kind in ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"):
            self._executed(_query(content["query"]))
        elif kind in ("PLpgSQL_stmt_return_query", "PLpgSQL_stmt_open") and "dynquery" in content:
            self._executed(_query(content["dynquery"]))
        self._parts(content)

    def _raise(self, content: Mapping[str, Any]) -> None:
        level = content.get("elog_level", _ERROR)
        if level not in self._raises:
            return
        message = content.get("message", "")
        named = content.get("condname")
        given = [
            _query(one["PLpgSQL_raise_option"]["expr"])
            for one in content.get("options", ())
            if one["PLpgSQL_raise_option"].get("opt_type", _ERRCODE) == _ERRCODE
        ]
        if given:
            states = [state for one in given for state in self._states(one)]
        elif named:
            states = [_condition(named)]
        elif not message and not content.get("options"):
            return  # raises again what it has caught
        else:
            states = [_RAISE_EXCEPTION] if level == _ERROR else []
        for state in states:
            self._told(level, state, message)

    def _told(self, level: int, state: str, message: str) -> None:
        messages = self._raises[level].setdefault(state, set())
        if message:
            messages.add(message)

    def _states(self, text: str) -> list[str]:
        """Returns the SQLSTATEs that an expression may give."""
        texts = self._assigned.get(text.strip(), [text])
        found = [
            _condition(constant)
            for one in texts
            for constant in _constants(_parsed(one, _EXPRESSION))
            if _SQLSTATE.fullmatch(_condition(constant))
        ]
        return found or [AT_RUN_TIME]

    def _executed(self, text: str) -> None:
        """Reads what can be read of SQL that is put together at run time."""
        from ticket_schema.gate.parsing import UNKNOWN, executed  # noqa: PLC0415 - needs pglast

        for one in self._assigned.get(text.strip(), [text]):
            for command in executed(one):
                if isinstance(command, str):
                    self._dynamic.add(_one_line(command))
                    continue
                self._statement(command.node)
                if UNKNOWN in command.text:
                    self._dynamic.add(_one_line(command.text.replace(UNKNOWN, "%")))
        for names in (self._reads, self._calls):
            names -= {one for one in names if UNKNOWN in one}
        for one in [one for one in self._writes if UNKNOWN in one]:
            del self._writes[one]
        self._row_locks = {one for one in self._row_locks if UNKNOWN not in one.table}

    # -- SQL

    def query(self, text: str, mode: int) -> None:
        self._statement(_parsed(text, mode))

    def _statement(self, tree: Any) -> None:
        from ticket_schema.gate.parsing import walk  # noqa: PLC0415 - needs pglast

        nodes = list(walk(tree))
        own = {node.ctename for node in nodes if type(node).__name__ == "CommonTableExpr"}
        targets: set[int] = set()
        for node in nodes:
            handler = getattr(self, f"_on_{type(node).__name__}", None)
            if handler is not None:
                targets |= handler(node) or set()
        for node in nodes:
            if type(node).__name__ == "RangeVar" and id(node) not in targets:
                if node.schemaname is None and node.relname in own:
                    continue
                name = self._relation(node)
                if name:
                    self._reads.add(name)

    def _relation(self, node: ast.RangeVar) -> str | None:
        return self._names.relation(node.schemaname, str(node.relname))

    def _wrote(self, node: Any, command: str, columns: Iterable[str] = ()) -> set[int]:
        name = self._relation(node)
        if name:
            self._writes.setdefault(name, {}).setdefault(command, set()).update(columns)
        return {id(node)}

    def _on_InsertStmt(self, node: Any) -> set[int]:  # noqa: N802 - named after the node
        conflict = node.onConflictClause
        if conflict and conflict.targetList:
            self._wrote(node.relation, "UPDATE", _columns(conflict.targetList))
        return self._wrote(node.relation, "INSERT", _columns(node.cols))

    def _on_UpdateStmt(self, node: Any) -> set[int]:  # noqa: N802
        return self._wrote(node.relation, "UPDATE", _columns(node.targetList))

    def _on_DeleteStmt(self, node: Any) -> set[int]:  # noqa: N802
        return self._wrote(node.relation, "DELETE")

    def _on_MergeStmt(self, node: Any) -> set[int]:  # noqa: N802
        for one in node.mergeWhenClauses:
            command = {2: "UPDATE", 3: "INSERT", 4: "DELETE"}.get(int(one.commandType))
            if command:
                self._wrote(node.relation, command, _columns(one.targetList))
        return {id(node.relation)}

    def _on_TruncateStmt(self, node: Any) -> set[int]:  # noqa: N802
        return {one for name in node.relations for one in self._wrote(name, "TRUNCATE")}

    def _on_LockStmt(self, node: Any) -> set[int]:  # noqa: N802
        for one in node.relations:
            name = self._relation(one)
            if name:
                self._table_locks.add((name, _TABLE_LOCKS[int(node.mode)]))
        return {id(one) for one in node.relations}

    def _on_SelectStmt(self, node: Any) -> set[int]:  # noqa: N802
        inside: set[int] = set()
        for clause in node.lockingClause or ():
            sources = list(_sources(node.fromClause))
            wanted = {one.relname for one in clause.lockedRels or ()}
            inside |= {id(one) for one in clause.lockedRels or ()}
            for source in sources:
                called = source.alias.aliasname if source.alias else source.relname
                name = self._relation(source)
                if name and (not wanted or called in wanted):
                    strength = _STRENGTHS[int(clause.strength)]
                    self._row_locks.add(RowLock(name, strength, _WAITS[int(clause.waitPolicy)]))
        return inside

    def _on_FuncCall(self, node: Any) -> None:  # noqa: N802
        schema, name = ([None] + [one.sval for one in node.funcname])[-2:]
        arguments = node.args or ()
        if schema in (None, "pg_catalog"):
            if name.startswith(("pg_advisory_", "pg_try_advisory_")) and "unlock" not in name:
                self._advisory.add(_written(node))
            elif name == "current_setting":
                self._read.add(_setting(arguments))
            elif name == "set_config":
                self._written.add(_setting(arguments))
        if schema in (None, self._names.schema):
            self._calls.update(self._names.functions(name, len(arguments)))

    def _on_VariableSetStmt(self, node: Any) -> None:  # noqa: N802
        if node.name:
            self._written.add(str(node.name))

    def _on_VariableShowStmt(self, node: Any) -> None:  # noqa: N802
        self._read.add(str(node.name))


class _Triggers:
    """Which functions a command on a table sets off."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._schema = snapshot["schema"]
        self._triggers = [
            one
            for one in snapshot["structure"].get("triggers", {}).values()
            if one["enabled"] != "D" and one["function_schema"] == self._schema
        ]
        self._keys = list(snapshot["structure"].get("foreign_keys", {}).values())

    def of(self, table: str, command: str, columns: Iterable[str]) -> set[str]:
        named = set(columns)
        found: set[str] = set()
        for where, what, which in self._events(table, command, named, set()):
            for one in self._triggers:
                if one["table"] == where and what in one["events"]:
                    limited = set(one["columns"]) if what == "UPDATE" else set()
                    if not limited or limited & which:
                        found.add(f"{one['function']}()")
        return found

    def _events(
        self, table: str, command: str, columns: set[str], seen: set[tuple[str, str]]
    ) -> Iterator[tuple[str, str, set[str]]]:
        """Yields the command, and what foreign keys make of it in other tables."""
        if (table, command) in seen:
            return
        seen.add((table, command))
        yield table, command, columns
        for key in self._keys:
            if (key["to_schema"], key["schema"], key["to_table"]) != (
                *(self._schema, self._schema),
                table,
            ):
                continue
            if command == "DELETE":
                action = key["on_delete"]
            elif command == "UPDATE" and columns & set(key["to_columns"]):
                action = key["on_update"]
            else:
                continue
            if action == "CASCADE":
                yield from self._events(key["table"], command, set(key["columns"]), seen)
            elif action.startswith("SET"):
                yield from self._events(key["table"], "UPDATE", set(key["columns"]), seen)


def _body(definition: str, language: str, names: Names) -> Body:
    reading = _Reading(names)
    try:
        if language == "plpgsql":
            for one in _plpgsql(definition):
                reading.function(one["PLpgSQL_function"])
        elif language == "sql":
            (tree,) = _parsed(definition, _STATEMENT)
            reading._statement(tree.stmt.sql_body)
            for option in tree.stmt.options or ():
                if option.defname == "as":
                    reading.query(option.arg[0].sval, _STATEMENT)
        else:
            return Body(unread=f"it is written in {language}")
    except _parse_error() as error:
        return Body(unread=f"the parser does not understand it: {_one_line(str(error))}")
    return reading.result()


def _closure(start: str, calls: Mapping[str, set[str]], fires: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    rest = [start]
    while rest:
        one = rest.pop()
        for other in calls.get(one, set()) | fires.get(one, set()):
            if other not in found:
                found.add(other)
                rest.append(other)
    return found - {start}


def _summed(found: Mapping[str, Body], called: set[str]) -> Reached:
    raises: dict[str, set[str]] = {}
    writes: dict[str, set[str]] = {}
    for key, body in found.items():
        for state in body.raises:
            raises.setdefault(state, set()).add(key)
        for table, commands in body.writes.items():
            writes.setdefault(table, set()).update(commands)
    every = found.values()
    return Reached(
        called=tuple(sorted(called & found.keys())),
        fired=tuple(sorted(found.keys() - called)),
        raises=_sorted(raises),
        reads=tuple(sorted({name for one in every for name in one.reads})),
        writes=_sorted(writes),
        row_locks=tuple(sorted({lock for one in every for lock in one.row_locks})),
        table_locks=tuple(sorted({lock for one in every for lock in one.table_locks})),
        advisory_locks=tuple(sorted({lock for one in every for lock in one.advisory_locks})),
        dynamic=tuple(sorted(key for key, one in found.items() if one.dynamic or one.unread)),
    )


def _views(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    for kind in ("view", "materialized view"):
        for name, definition in snapshot["objects"].get(kind, {}).items():
            yield name, definition["query"]


def _nodes(tree: Any, kind: str) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, list):
        for one in tree:
            yield from _nodes(one, kind)
    elif isinstance(tree, dict):
        for name, content in tree.items():
            if name == kind:
                yield name, content
            yield from _nodes(content, kind)


def _variable(datum: Mapping[str, Any]) -> str:
    (content,) = datum.values()
    return str(content.get("refname", ""))


def _query(holder: Mapping[str, Any]) -> str:
    return str(holder["PLpgSQL_expr"]["query"])


def _assignment(text: str) -> tuple[str, str]:
    """Returns target and value of an assignment; a target may hold a subscript."""
    depth = 0
    quoted = False
    for place, one in enumerate(text):
        if one in "'\"":
            quoted = not quoted
        elif not quoted:
            depth += (one in "([") - (one in ")]")
            if one == "=" and depth == 0:
                return text[:place].rstrip(": \n"), text[place + 1 :]
    return "", text


def _parsed(text: str, mode: int) -> Any:
    parse = _sql_parser()
    if mode == _STATEMENT:
        return parse(text)
    if mode == _EXPRESSION:
        return parse(f"SELECT {text}")
    target, value = _assignment(text)
    return parse(f"SELECT {target}; SELECT {value}")


def _constants(tree: Any) -> Iterator[str]:
    from ticket_schema.gate.parsing import walk  # noqa: PLC0415 - needs pglast

    for node in walk(tree):
        if type(node).__name__ == "A_Const":
            value = getattr(node.val, "sval", None)
            if value is not None:
                yield str(value)


def _sources(tree: Any) -> Iterator[ast.RangeVar]:
    """Yields the relations of a FROM whose rows a locking clause locks."""
    for node in tree if isinstance(tree, tuple) else (tree,):
        kind = type(node).__name__
        if kind == "RangeVar":
            yield node
        elif kind == "JoinExpr":
            yield from _sources((node.larg, node.rarg))
        elif kind == "RangeSubselect":
            yield from _sources(node.subquery.fromClause or ())


def _columns(targets: Any) -> list[str]:
    return [str(one.name) for one in targets or () if getattr(one, "name", None)]


def _setting(arguments: Any) -> str:
    constant = next(_constants(arguments[:1]), None) if arguments else None
    lone = bool(arguments) and type(arguments[0]).__name__ in ("A_Const", "TypeCast")
    return constant if lone and constant is not None else AT_RUN_TIME


def _condition(name: str) -> str:
    """Returns the SQLSTATE of a condition, or the name when it is a class or not known."""
    return _conditions().get(name.lower(), name)


@cache
def _conditions() -> dict[str, str]:
    found = {}
    for name in dir(postgresql_errors):
        state = getattr(getattr(postgresql_errors, name), "sqlstate", None)
        if state:
            found[_snake(name)] = str(state)
    return found


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _written(node: Any) -> str:
    from ticket_schema.gate.parsing import written  # noqa: PLC0415 - needs pglast

    return written(node)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _sorted(found: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(sorted(found[key])) for key in sorted(found)}


def _plpgsql(definition: str) -> list[dict[str, Any]]:
    try:
        from pglast import parse_plpgsql  # noqa: PLC0415 - of an extra
    except ImportError:
        raise _missing() from None
    found: list[dict[str, Any]] = parse_plpgsql(definition)
    return found


def _sql_parser() -> Any:
    try:
        from pglast import parse_sql  # noqa: PLC0415 - of an extra
    except ImportError:
        raise _missing() from None
    return parse_sql


def _parse_error() -> type[Exception]:
    try:
        from pglast.parser import ParseError  # noqa: PLC0415 - of an extra
    except ImportError:
        raise _missing() from None
    error: type[Exception] = ParseError
    return error


def _missing() -> TicketSchemaError:
    return TicketSchemaError(
        "The bodies of functions cannot be read: pglast is not installed.",
        hint="Install the extra with pip install 'ticket-schema[docs]'.",
    )
