"""What services of a release rely on, kept as a file and compared with what stands now.

`contracts/RELEASE.json` beside the revisions lists the columns of every table and view and the
arguments and results of every function, as the revisions of that release leave them. What the
newest of these files promises must still stand, unless a contract step took it away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pglast import ast
from pglast.enums import AlterTableType as At

from ticket_schema.errors import Exit, TicketSchemaError
from ticket_schema.gate.compatibility import broken
from ticket_schema.gate.finding import Finding, Stage, declare
from ticket_schema.gate.history import own_folder
from ticket_schema.gate.parsing import relation
from ticket_schema.gate.project import Project
from ticket_schema.gate.rules.step import Step
from ticket_schema.gate.schema import Argument, Function, Schema

BROKEN = declare(
    "release-contract-broken",
    "B8",
    "table, view or function of the last release that is gone or changed",
    "Services of that release still run when the upgrade does.",
    stage=Stage.COMPATIBILITY,
)

FOLDER = "contracts"

_NUMBERS = re.compile(r"\d+")
_RELEASE = re.compile(r"[\w.+-]+")

Contract = Mapping[str, Any]


def take(schema: Schema) -> Contract:
    """Returns what services can rely on.

    Args:
        schema: what stands at the head.
    """
    return {
        "tables": {
            name: {column: known.type for column, known in sorted(table.columns.items())}
            for name, table in sorted(schema.tables.items())
        },
        "views": {
            name: list(view.columns)
            for name, view in sorted(schema.views.items())
            if view.columns is not None
        },
        "functions": {
            name: [_plain(one) for _, one in sorted(overloads.items())]
            for name, overloads in sorted(schema.functions.items())
            if overloads
        },
    }


def write(project: Project, schema: Schema, release: str) -> Path:
    """Writes the contract of a release and returns the file.

    Args:
        project: the project.
        schema: what stands at its head.
        release: the name, such as `1.4.0`.

    Raises:
        TicketSchemaError: the name is no file name, or the release has another contract already.
    """
    if not _RELEASE.fullmatch(release):
        raise TicketSchemaError(
            f"A release cannot be called {release!r}.",
            hint="Use letters, digits, dots, plus and minus signs.",
            exit_code=Exit.USAGE,
        )
    file = own_folder(project) / FOLDER / f"{release}.json"
    text = json.dumps(take(schema), indent=1) + "\n"
    if file.is_file() and file.read_text(encoding="utf-8") != text:
        raise TicketSchemaError(
            f"Release {release} has a contract, and it is another one.",
            hint="Give the new release a name of its own; a release that is out does not change.",
        )
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def newest(project: Project) -> Path | None:
    """Returns the contract of the last release, None when there is none.

    Args:
        project: the project.
    """
    files = (own_folder(project) / FOLDER).glob("*.json")
    return max(files, key=lambda one: [int(n) for n in _NUMBERS.findall(one.stem)], default=None)


def check(project: Project, schema: Schema, steps: Sequence[Step]) -> Iterator[Finding]:
    """Yields what the last release promised and the head does not keep.

    Args:
        project: the project.
        schema: what stands at the head.
        steps: the commands of all revisions, in order.
    """
    file = newest(project)
    if file is None:
        return
    promised = json.loads(file.read_text(encoding="utf-8"))
    allowed = {name for step in steps if step.phase == "contract" for name in _named(step.node)}
    for name, what in _missing(promised, schema):
        if name not in allowed:
            yield Finding(
                rule=BROKEN,
                happens=f"Services of release {file.stem} rely on {name}, and {what}.",
                mend="# bring it back; or, when no running service uses it, take it away in a\n"
                '# revision that says so at its top level:\nphase = "contract"',
                file=file,
                line=_line(file, name),
            )


def _missing(promised: Contract, schema: Schema) -> Iterator[tuple[str, str]]:
    for table, columns in promised["tables"].items():
        if table not in schema.tables:
            # A view of its name can stand in for it.
            if table not in schema.views:
                yield table, "the table is gone"
            continue
        for column in columns:
            if column not in schema.tables[table].columns:
                yield f"{table}.{column}", "the column is gone"
    for view, columns in promised["views"].items():
        now = schema.views.get(view)
        lost = [one for one in columns if now and now.columns and one not in now.columns]
        if now is None and view not in schema.tables:
            yield view, "the view is gone"
        elif lost:
            yield view, f"it has no {', '.join(lost)} any more"
    for name, overloads in promised["functions"].items():
        standing = list(schema.functions.get(name, {}).values())
        for old in map(_function, overloads):
            problems = [broken(old, new) for new in standing]
            if all(problems):
                yield name, f"now {problems[0]}" if problems else "the function is gone"


def _named(node: Any) -> Iterator[str]:
    """Yields what a command takes away or makes anew."""
    if isinstance(node, ast.DropStmt):
        for one in node.objects:
            if isinstance(one, ast.ObjectWithArgs):
                yield relation(one.objname)
            elif not isinstance(one, ast.TypeName):
                yield relation(one)
    elif isinstance(node, ast.AlterTableStmt):
        for command in node.cmds:
            if command.subtype == At.AT_DropColumn:
                yield f"{relation(node.relation)}.{command.name}"
    elif isinstance(node, ast.RenameStmt) and node.relation is not None:
        yield relation(node.relation)
        yield f"{relation(node.relation)}.{node.subname}"
    elif isinstance(node, ast.ViewStmt):
        yield relation(node.view)


def _plain(one: Function) -> dict[str, Any]:
    return {
        "arguments": [[arg.name, arg.type, arg.optional] for arg in one.arguments],
        "results": list(one.results),
        "returns": one.returns,
    }


def _function(plain: Mapping[str, Any]) -> Function:
    arguments = tuple(Argument(*one) for one in plain["arguments"])
    return Function(arguments, tuple(plain["results"]), plain["returns"], "")


def _line(file: Path, name: str) -> int:
    wanted = f'"{name}"'
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((n for n, text in enumerate(lines, start=1) if wanted in text), 1)
