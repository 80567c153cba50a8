"""SQL as trees: what a statement does, also inside a DO block and in an EXECUTE of a constant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pglast import ast, parse_plpgsql, parse_sql
from pglast.parser import ParseError
from pglast.stream import RawStream

Within = Literal["", "DO block", "EXECUTE"]

# What EXECUTE puts together at run time has a hole here; no table is called so.
UNKNOWN = "__unknown__"

_HOLE = re.compile(r"%(?:\d+\$)?-?\d*(?P<kind>[IsL%])")


@dataclass(frozen=True)
class Parsed:
    """One command.

    Args:
        node: its tree.
        text: the SQL.
        within: where it stands, empty for the statement itself.
        caught: whether an exception handler of its block is there for its errors.
    """

    node: Any
    text: str
    within: Within = ""
    caught: bool = False


@dataclass(frozen=True)
class Outcome:
    """What was made of a statement.

    Args:
        commands: what it does; a DO block gives itself and then what is in it.
        dynamic: expressions of EXECUTE that nobody can read before they run.
        error: what the parser said when it could not read the statement.
    """

    commands: tuple[Parsed, ...] = ()
    dynamic: tuple[str, ...] = ()
    error: str | None = None


def parse(text: str) -> Outcome:
    """Returns what a statement does.

    Args:
        text: one SQL statement.
    """
    try:
        nodes = [one.stmt for one in parse_sql(text)]
    except ParseError as error:
        return Outcome(error=str(error.args[0] if error.args else error))
    commands: list[Parsed] = []
    dynamic: list[str] = []
    for node in nodes:
        commands.append(Parsed(node, text))
        if isinstance(node, ast.DoStmt):
            for found in _inside(text):
                if isinstance(found, Parsed):
                    commands.append(found)
                else:
                    dynamic.append(found)
    return Outcome(tuple(commands), tuple(dynamic))


def written(node: Any) -> str:
    """Returns a tree as SQL.

    Args:
        node: any command.
    """
    return str(RawStream()(node))


def relation(name: Any) -> str:
    """Returns the name of a relation as the rules compare it; `public` is left out.

    Args:
        name: a `RangeVar`, or a sequence of `String`.
    """
    if isinstance(name, ast.RangeVar):
        parts = [one for one in (name.schemaname, name.relname) if one]
    else:
        items = name if isinstance(name, tuple | list) else (name,)
        parts = [str(getattr(one, "sval", one)) for one in items]
    return ".".join(parts[1:] if len(parts) > 1 and parts[0] == "public" else parts)


def type_name(node: Any) -> str:
    """Returns the name of a type without its schema and modifiers, such as `int8`.

    Args:
        node: a `TypeName`.
    """
    name = ".".join(one.sval for one in node.names if one.sval != "pg_catalog")
    return f"{name}[]" if node.arrayBounds else name


def modifiers(node: Any) -> tuple[int, ...]:
    """Returns the numbers behind the name of a type, such as `(40,)` of `varchar(40)`.

    Args:
        node: a `TypeName`.
    """
    values = (getattr(one, "val", None) for one in node.typmods or ())
    return tuple(one.ival for one in values if isinstance(one, ast.Integer))


def walk(node: Any) -> Iterator[Any]:
    """Yields a tree's nodes, itself first.

    Args:
        node: a node, or a sequence of them.
    """
    if isinstance(node, tuple | list):
        for one in node:
            yield from walk(one)
    elif isinstance(node, ast.Node):
        yield node
        for name in node:
            yield from walk(getattr(node, name))


def not_null_columns(expression: Any) -> set[str]:
    """Returns the columns that a condition proves to be there.

    Args:
        expression: the tree of a CHECK.
    """
    if isinstance(expression, ast.NullTest) and int(expression.nulltesttype) == 1:
        return {name for name in (column(expression.arg),) if name}
    if isinstance(expression, ast.BoolExpr) and int(expression.boolop) == 0:
        return set().union(*(not_null_columns(one) for one in expression.args))
    return set()


def enforced(node: Any) -> bool:
    """Returns whether rows are held to a constraint; the grammar of 17 knows no other.

    Args:
        node: a `Constraint`.
    """
    return bool(getattr(node, "is_enforced", True))


def stored(node: Any) -> bool:
    """Returns whether a generated column is kept in the rows; the grammar of 17 knows no other.

    Args:
        node: the `Constraint` that makes it one.
    """
    return getattr(node, "generated_kind", "s") == "s"


def column(node: Any) -> str | None:
    """Returns the name of a column, None when the node is no plain reference to one.

    Args:
        node: an expression.
    """
    if isinstance(node, ast.ColumnRef) and isinstance(node.fields[-1], ast.String):
        return str(node.fields[-1].sval)
    return None


def _inside(text: str) -> Iterator[Parsed | str]:
    try:
        found = parse_plpgsql(text)
    except (ParseError, json.JSONDecodeError):
        # Another language than plpgsql, or one that only the server understands.
        yield text
        return
    yield from _commands(found, caught=False)


def _commands(node: Any, *, caught: bool) -> Iterator[Parsed | str]:
    if isinstance(node, list):
        for one in node:
            yield from _commands(one, caught=caught)
        return
    if not isinstance(node, dict):
        return
    for kind, content in node.items():
        inner = caught or (kind == "PLpgSQL_stmt_block" and bool(content.get("exceptions")))
        if kind == "PLpgSQL_stmt_execsql":
            yield from _parsed(content["sqlstmt"]["PLpgSQL_expr"]["query"], "DO block", inner)
        elif kind == "PLpgSQL_stmt_dynexecute":
            yield from executed(content["query"]["PLpgSQL_expr"]["query"], caught=inner)
        elif kind in ("PLpgSQL_stmt_commit", "PLpgSQL_stmt_rollback"):
            word = "COMMIT" if kind.endswith("commit") else "ROLLBACK"
            yield from _parsed(word, "DO block", inner)
        else:
            yield from _commands(content, caught=inner)


def executed(expression: str, *, caught: bool = False) -> Iterator[Parsed | str]:
    """Yields what an EXECUTE does, with `UNKNOWN` in its holes, or else the expression itself.

    Args:
        expression: what stands behind EXECUTE, such as `format('DROP TABLE %I', v_name)`.
        caught: whether an exception handler of its block is there for its errors.
    """
    text = _constant(expression)
    if text is None:
        yield expression
        return
    try:
        yield from _parsed(text, "EXECUTE", caught)
    except ParseError:
        yield expression


def _constant(expression: str) -> str | None:
    """Returns the SQL that an expression gives, with `UNKNOWN` in its holes; None without any."""
    try:
        value = parse_sql(f"SELECT {expression}")[0].stmt.targetList[0].val
    except (ParseError, AttributeError, TypeError):
        return None
    if isinstance(value, ast.FuncCall) and value.args and value.funcname[-1].sval == "format":
        text = getattr(getattr(value.args[0], "val", None), "sval", None)
        holes = {"I": UNKNOWN, "s": UNKNOWN, "L": f"'{UNKNOWN}'", "%": "%"}
        return text and _HOLE.sub(lambda hole: holes[hole["kind"]], text)
    return getattr(getattr(value, "val", None), "sval", None)


def _parsed(text: str, within: Within, caught: bool) -> Iterable[Parsed]:
    try:
        return [Parsed(one.stmt, text, within, caught) for one in parse_sql(text)]
    except ParseError:
        if within == "EXECUTE":
            raise
        return []  # SELECT … INTO of plpgsql, which changes nothing
