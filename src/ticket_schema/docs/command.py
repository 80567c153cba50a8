"""`ticket-schema docs`."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ticket_schema.connection import connect, find_url
from ticket_schema.docs import build as builder
from ticket_schema.docs import comments, declared, exports, live, site, svg
from ticket_schema.docs.history import walk
from ticket_schema.docs.model import Source
from ticket_schema.docs.output import writing
from ticket_schema.docs.snapshot import Snapshot
from ticket_schema.errors import Exit, TicketSchemaError
from ticket_schema.gate.scratch import scratch
from ticket_schema.steps import SCHEMA

app = typer.Typer(
    help="Make the documentation of a schema from its catalog, and check it against one.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

DEFAULT_SOURCE = Path("docs")
DEFAULT_OUTPUT = DEFAULT_SOURCE / "schema"
DEFAULT_SITE = Path("site")
DEFAULT_LIVE = Path("schema-live.md")

Output = Annotated[Path, typer.Option("--output", help="Folder of the documentation.")]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="Database to read; without it, an embedded server at the head of this package.",
        show_default=False,
    ),
]
SchemaName = Annotated[str, typer.Option("--schema", help="Name of the schema.")]


_SHOWN_CHANGES = 40
_SHOWN_LINES = 120


@app.command()
def build(
    output: Output = DEFAULT_OUTPUT,
    url: Url = None,
    schema: SchemaName = SCHEMA,
    live_url: Annotated[
        str | None,
        typer.Option("--live", metavar="URL", help="Only the live report, as `docs live` does."),
    ] = None,
) -> None:
    """Write what has changed; files written by hand are left alone."""
    if live_url is not None:
        write_live(live_url, schema, DEFAULT_LIVE if output == DEFAULT_OUTPUT else output)
        return
    files = builder.render(_source(output, url, schema))
    with writing(output):
        written = builder.write(output, files)
        drawn = svg.update(output, files)
    changed, removed = written.changed + drawn.changed, written.removed + drawn.removed
    for path in changed:
        out.print(f"wrote {escape(str(output / path))}")
    for path in removed:
        out.print(f"removed {escape(str(output / path))}")
    if drawn.waiting:
        err.print(f"[yellow]Warning:[/] {svg.MISSING}")
    elif not (changed or removed):
        out.print(f"{escape(str(output))} is up to date.")


@app.command()
def check(
    output: Output = DEFAULT_OUTPUT,
    url: Url = None,
    schema: SchemaName = SCHEMA,
    whole: Annotated[bool, typer.Option("--diff", help="Show the whole of what differs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Compare the files with a schema; exit with 1 when they no longer tell what it is."""
    drift = builder.check(output, _source(output, url, schema))
    if as_json:
        told = {
            "up_to_date": not drift.files,
            "changes": [asdict(one) for one in drift.changes],
            "files": sorted(drift.files),
        }
        sys.stdout.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    elif drift.files:
        sys.stdout.write(_told(drift, output, url, schema, whole=whole))
    else:
        out.print(f"{escape(str(output))} tells what the schema is.")
    if drift.files:
        raise typer.Exit(Exit.FAILED)


@app.command()
def lint(
    url: Url = None,
    schema: SchemaName = SCHEMA,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Find objects without a comment, and comments that say no more than a name.

    Exits with 1 when there are any.
    """
    read = _snapshot(url, schema)
    flaws = comments.flaws(read)
    coverage = comments.coverage(read, flaws)
    if as_json:
        told = {"flaws": [asdict(one) for one in flaws], "coverage": [asdict(c) for c in coverage]}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    else:
        for flaw in flaws:
            out.print(f"[bold]{flaw.kind} {escape(flaw.name)}[/] {escape(flaw.why)}.")
        good, count = sum(one.good for one in coverage), sum(one.objects for one in coverage)
        out.print(f"{good} of {count} objects have a comment that says something.")
    if flaws:
        raise typer.Exit(Exit.FAILED)


@app.command("live")
def write_live(
    url: Url = None,
    schema: SchemaName = SCHEMA,
    output: Annotated[
        Path, typer.Option("--output", help="File, Markdown or .html; never a committed page.")
    ] = DEFAULT_LIVE,
) -> None:
    """Write a page of what changes by the hour: sizes, use of indexes, age, what waits."""
    live.refuse_committed(output)
    with connect(find_url(url)) as connection:
        report = live.read(connection, schema)
    live.write(report, output)
    out.print(f"wrote {escape(str(output))}")


@app.command()
def export(
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(exports.FORMATS)}.")],
    table: Annotated[
        str | None, typer.Option(help="Mermaid: this table and its neighbours.")
    ] = None,
    entity: Annotated[
        str | None, typer.Option(help="Mermaid: the state machine of this entity.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="File; without it, standard output.")
    ] = None,
    url: Url = None,
    schema: SchemaName = SCHEMA,
) -> None:
    """Write the schema for other tools: DBML, Mermaid or the JSON of tbls."""
    if form not in exports.FORMATS:
        raise TicketSchemaError(
            f"There is no format {form}.",
            hint=f"Use one of {', '.join(exports.FORMATS)}.",
            exit_code=Exit.USAGE,
        )
    if (form == "mermaid") != (bool(table) != bool(entity)):
        raise TicketSchemaError(
            "Mermaid shows one table or one state machine, the other formats all tables.",
            hint="Give --table or --entity with --format mermaid, neither with the others.",
            exit_code=Exit.USAGE,
        )
    read = _snapshot(url, schema)
    source = Source(read, declared=declared.of(read))
    if table:
        text = exports.mermaid_table(source, table)
    elif entity:
        text = exports.mermaid_states(source, entity)
    else:
        text = exports.dbml(source) if form == "dbml" else exports.tbls(source)
    if output is None:
        sys.stdout.write(text)
    else:
        with writing(output):
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(text, encoding="utf-8")
        out.print(f"wrote {escape(str(output))}")


def _snapshot(url: str | None, schema: str) -> Snapshot:
    if url is not None:
        return builder.from_database(url, schema)
    _refuse_another(schema)
    with scratch() as server:
        return builder.from_scratch(server)


def _source(output: Path, url: str | None, schema: str) -> Source:
    if url is not None:
        return builder.source(builder.from_database(url, schema), output)
    _refuse_another(schema)
    with scratch() as server:
        read = builder.from_scratch(server)
        history, locks = walk(server=server)
    return builder.source(read, output, history=history, locks=locks)


def _refuse_another(schema: str) -> None:
    if schema != SCHEMA:
        raise TicketSchemaError(
            f"The revisions of this package make schema {SCHEMA}, not {schema}.",
            hint="Name the database that has it with --url.",
            exit_code=Exit.USAGE,
        )


def _told(
    drift: builder.Drift, output: Path, url: str | None, schema: str = SCHEMA, *, whole: bool
) -> str:
    """Returns a drift for a reader: in words first, then which pages, then line by line."""
    lines = [f"{output} no longer tells what the schema is.", ""]
    words = [str(one) for one in drift.changes]
    if words:
        lines += ["What changed in the schema:", *_cut(words, None if whole else _SHOWN_CHANGES)]
    else:
        lines.append("The schema is as it was; the pages, or what they are made from, are not.")
    lines += ["", "Files that tell something else:"]
    for path, (there, wanted) in drift.files.items():
        word = "is missing" if there is None else "is left over" if wanted is None else ""
        lines.append(f"  {output / path} {word}".rstrip())
    diff = drift.diff()
    if diff:
        lines += ["", *(diff if whole else diff[:_SHOWN_LINES])]
        if not whole and len(diff) > _SHOWN_LINES:
            lines += ["", f"{len(diff) - _SHOWN_LINES} more lines: --diff shows them all."]
    mend = "ticket-schema docs build" + (" --url …" if url else "")
    mend += f" --schema {shlex.quote(schema)}" if schema != SCHEMA else ""
    mend += f" --output {shlex.quote(str(output))}" if output != DEFAULT_OUTPUT else ""
    lines += ["", f"If the schema is right, mend the files with: {mend}"]
    return "\n".join(lines) + "\n"


def _cut(words: list[str], most: int | None) -> list[str]:
    shown = [f"  {line}" for one in words[:most] for line in one.splitlines()]
    rest = len(words[most:]) if most is not None else 0
    return [*shown, f"  and {rest} more: --diff shows them all."] if rest else shown


@app.command("site")
def build_site(
    source: Annotated[
        Path, typer.Option("--source", help="Folder of the pages, with schema/ in it.")
    ] = DEFAULT_SOURCE,
    output: Annotated[
        Path, typer.Option("--output", help="Folder of the site; an earlier build there goes.")
    ] = DEFAULT_SITE,
    title: Annotated[
        str | None,
        typer.Option(
            help="Name of the site; without it, the heading of its first page.", show_default=False
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
) -> None:
    """Make a site of the pages that needs nothing but a browser: no server, no network."""
    built = site.build(source, output, title=title)
    start = (output / "index.html").resolve()
    out.print(f"{built.pages} pages in {built.seconds:.1f} s: {escape(str(start))}")
    if show and not typer.launch(start.as_uri()):
        out.print("No browser could be started; open that file in one.")
