"""Contracts with services of the last release: functions, views, and the order of steps.

A function or a view is an interface. Old services call it with the arguments that they know and
read the columns that they know, before the upgrade and after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType as At
from pglast.enums import ObjectType

from ticket_schema.gate.finding import Finding, Stage, declare
from ticket_schema.gate.parsing import column as column_name
from ticket_schema.gate.parsing import relation, walk
from ticket_schema.gate.project import Project
from ticket_schema.gate.rules.step import Step
from ticket_schema.gate.schema import (
    Function,
    View,
    dropped_functions,
    function,
    view_columns,
)

_rule = partial(declare, stage=Stage.COMPATIBILITY)


FUNCTION = _rule(
    "function-contract-changed",
    "B8",
    "function that old services can no longer call",
    "Their calls fail, or they read something else than they expect.",
)
AMBIGUOUS = _rule(
    "function-call-ambiguous",
    "B8",
    "second function that the same call fits",
    "PostgreSQL refuses to choose between them, so the calls of old services fail.",
)
VIEW = _rule(
    "view-contract-changed",
    "B8",
    "view that lost or renamed a column",
    "Old services read the column by its name, and fail.",
)
TOGETHER = _rule(
    "expand-and-contract-together",
    "B9",
    "expand step and contract step of one table in one release",
    "There is no moment at which both the old and the new services work.",
)

_ROUTINES = (ObjectType.OBJECT_FUNCTION, ObjectType.OBJECT_PROCEDURE, ObjectType.OBJECT_ROUTINE)


def check(step: Step) -> Iterator[Finding]:
    """Yields what a command does to the contract of a function or view.

    Args:
        step: the command.
    """
    if step.phase == "contract":
        return
    node = step.node
    if isinstance(node, ast.CreateFunctionStmt):
        yield from _made(step, relation(node.funcname), function(node, step.revision.id))
    elif isinstance(node, ast.DropStmt) and node.removeType in _ROUTINES:
        yield from _dropped(step, node)
    elif isinstance(node, ast.ViewStmt):
        yield from _view(step, relation(node.view), view_columns(node))


def in_one_release(project: Project, steps: Sequence[Step]) -> Iterator[Finding]:
    """Yields columns that are dropped in the release that adds what takes their place.

    What takes the place of a column is filled from it, or has its name with something more.

    Args:
        project: the project, loaded with the ref of the last release.
        steps: the commands of the revisions that are looked at, in order.
    """
    if not project.since:
        return
    copied = {pair for step in steps for pair in _copies(step.node)}
    added: list[tuple[str, str, Step]] = []
    for step in steps:
        for table, column, adds in _columns(step.node):
            if adds:
                added.append((table, column, step))
                continue
            for where, new, by in added:
                related = (table, new, column) in copied or new in column or column in new
                if where == table and related and new != column and step.phase == "contract":
                    yield step.finding(
                        TOGETHER,
                        f"This release adds {table}.{new} in revision {by.revision.id} and takes"
                        f" {column} away: services that were started before the upgrade fail after"
                        " it, and new ones fail before it.",
                        f"# ship this revision in the release after that of {by.revision.id}",
                    )


def _columns(node: Any) -> Iterator[tuple[str, str, bool]]:
    """Yields each column that a command adds to its table, or drops."""
    if isinstance(node, ast.AlterTableStmt):
        for command in node.cmds:
            if command.subtype == At.AT_AddColumn:
                yield relation(node.relation), command.def_.colname, True
            elif command.subtype == At.AT_DropColumn:
                yield relation(node.relation), command.name, False


def _copies(node: Any) -> Iterator[tuple[str, str, str]]:
    """Yields table, new column and old column, where an UPDATE fills one from the other."""
    if isinstance(node, ast.UpdateStmt):
        for target in node.targetList:
            for part in walk(target.val):
                if name := column_name(part):
                    yield relation(node.relation), target.name, name


def _made(step: Step, name: str, new: Function) -> Iterator[Finding]:
    standing = {
        types: one
        for types, one in step.schema.functions.get(name, {}).items()
        if not step.is_new(one.made_in)
    }
    gone = [
        one
        for one, revision in step.schema.dropped.get(name, [])
        if isinstance(one, Function) and revision == step.revision.id
    ]
    for old in gone:
        if not step.is_new(old.made_in) and (what := broken(old, new)):
            yield _changed(step, name, what)
            return
    if new.types in standing:
        if what := broken(standing[new.types], new):
            yield _changed(step, name, what)
        return
    for old in standing.values():
        if _both_fit(old, new) and not _dropped_later(step, name, old):
            yield step.finding(
                AMBIGUOUS,
                f"A call of {name} with {_counted(len(old.types))} fits this function and the one"
                f" that is there: function {name}(…) is not unique.",
                f"-- no default for the new argument, or another name, or one function:\n"
                f"DROP FUNCTION {name}({', '.join(old.types)});\n"
                f"CREATE FUNCTION {name}(…, new argument DEFAULT …) …;  -- in one transaction",
            )
            return


def _dropped(step: Step, node: Any) -> Iterator[Finding]:
    for one in node.objects:
        name = relation(one.objname)
        known = step.schema.functions.get(name, {})
        successors = [other for other in known.values() if step.is_new(other.made_in)]
        for old in dropped_functions(one, known):
            if step.is_new(old.made_in) or not successors:
                continue
            problems = [broken(old, new) for new in successors]
            if all(problems):
                yield _changed(step, name, problems[0])


def _view(step: Step, name: str, columns: tuple[str, ...] | None) -> Iterator[Finding]:
    gone = [
        one
        for one, revision in step.schema.dropped.get(name, [])
        if isinstance(one, View) and revision == step.revision.id and not step.is_new(one.made_in)
    ]
    standing = step.schema.views.get(name)
    if standing is not None and not step.is_new(standing.made_in):
        gone.append(standing)
    for old in gone:
        lost = [one for one in old.columns or () if columns is not None and one not in columns]
        if lost:
            yield step.finding(
                VIEW,
                f"Old services read {', '.join(lost)} of {name} and fail.",
                "-- keep the old columns in this release, and put new ones behind them;\n"
                '-- drop them in a later one, in a revision that says phase = "contract"',
            )
            return


def broken(old: Function, new: Function) -> str:
    """Returns what an old caller meets, empty when all of their calls go on working.

    Args:
        old: what they know.
        new: what takes its place.
    """
    problems = []
    if len(new.arguments) < len(old.arguments):
        problems.append(f"it takes {_counted(len(new.types))} instead of {len(old.types)}")
    for before, after in zip(old.arguments, new.arguments, strict=False):
        name = before.name or "an argument"
        if before.type != after.type:
            problems.append(f"{name} is {after.type} instead of {before.type}")
        if before.name and before.name != after.name:
            problems.append(f"{name} is called {after.name or 'nothing'}")
        if before.optional and not after.optional:
            problems.append(f"{name} has no default any more")
    for more in new.arguments[len(old.arguments) :]:
        if not more.optional:
            problems.append(f"it needs {more.name or 'one argument more'} as well")
    if old.results != new.results[: len(old.results)]:
        problems.append("the columns that come back are others")
    if old.returns != new.returns:
        problems.append(f"it returns {new.returns or 'nothing'}, no {old.returns or 'nothing'}")
    return problems[0] if problems else ""


def _changed(step: Step, name: str, what: str) -> Finding:
    return step.finding(
        FUNCTION,
        f"Old services call {name} as they know it, and now {what}.",
        "-- expand: leave the old one, and make the new one under another name;\n"
        "-- contract: drop the old one in a later release, in a revision that says\n"
        '-- phase = "contract"',
    )


def _both_fit(old: Function, new: Function) -> bool:
    count = len(old.types)
    return (
        len(new.types) > count
        and new.types[:count] == old.types
        and all(one.optional for one in new.arguments[count:])
    )


def _dropped_later(step: Step, name: str, old: Function) -> bool:
    return any(
        isinstance(one.node, ast.DropStmt)
        and one.node.removeType in _ROUTINES
        and any(
            relation(named.objname) == name and dropped_functions(named, {old.types: old})
            for named in one.node.objects
        )
        for one in step.after_in_revision()
    )


def _counted(number: int) -> str:
    return f"{number} argument{'' if number == 1 else 's'}"
