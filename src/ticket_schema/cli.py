"""The command `ticket-schema`."""

from __future__ import annotations

import io
import json
import re
import shlex
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version as installed_version
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from alembic import command
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError
from psycopg import sql
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ticket_schema import demo, embedded, hardening, maintenance, status
from ticket_schema.api import alembic_config
from ticket_schema.connection import connect, find_url
from ticket_schema.docs import command as docs
from ticket_schema.errors import Exit, TicketSchemaError, redact
from ticket_schema.gate import command as gate
from ticket_schema.runner import Progress

app = typer.Typer(
    name="ticket-schema",
    help="Multi-tenant PostgreSQL schema and migrations for ticket services.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(gate.app, name="gate")
app.add_typer(docs.app, name="docs")
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)

# Findings of one check that a reader gets to see, before a count stands for the rest.
_SHOWN = 5

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="Connection string; without it TICKET_SCHEMA_URL or DATABASE_URL.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Folder = Annotated[Path, typer.Option("--folder", help="Data directory of the server.")]
LockTimeout = Annotated[
    str | None, typer.Option(help="How long a statement waits for a lock.  [default: 3s]")
]
LockTries = Annotated[
    int | None, typer.Option(min=1, help="How often a revision is tried.  [default: 10]")
]
StatementTimeout = Annotated[
    str | None, typer.Option(help="How long a statement may run.  [default: 15min]")
]
RunnerWait = Annotated[
    float | None,
    typer.Option(min=0, help="Seconds to wait for another runner.  [default: 600]"),
]
CreateRoles = Annotated[
    bool | None,
    typer.Option(
        "--create-roles/--no-create-roles",
        help="Whether missing roles are created.  [default: create-roles]",
        show_default=False,
    ),
]

DEFAULT_FOLDER = Path(".ticket-schema") / "pg"

_REVISION = re.compile(r"[\w+@-]+")


def main() -> None:
    """Runs the command and ends the process with one of the exit codes of `Exit`."""
    try:
        sys.exit(app(standalone_mode=False))
    except TicketSchemaError as error:
        _fail(error.what, error.hint, error.exit_code)
    except typer.TyperException as error:
        if len(sys.argv) == 1:
            sys.exit(Exit.USAGE)  # the help was printed instead
        context = getattr(error, "ctx", None)
        command_path = context.command_path if context else app.info.name
        what = " ".join(error.format_message().split()).rstrip(".")
        _fail(f"{what}.", f"See: {command_path} --help.", Exit.USAGE)
    except CommandError as error:
        _fail(f"{str(error).rstrip('.')}.", "See: ticket-schema --help.", Exit.FAILED)
    except psycopg.Error as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        hint = error.diag.message_hint or "Look into the server's log."
        _fail(f"The database refused: {redact(first)} [{error.sqlstate}].", hint, Exit.FAILED)
    except Exception as error:  # the last line of defence against a traceback
        what = f"Unexpected {type(error).__name__}: {redact(str(error))}"
        _fail(what, "Run: ticket-schema --debug …, and report what it prints.", Exit.FAILED)


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"ticket-schema {installed_version('ticket-schema')}")
        raise typer.Exit


@app.callback()
def _options(
    _debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    # --debug is read where an error is shown, --version by its callback.
    return


@app.command()
def up(
    folder: Folder = DEFAULT_FOLDER,
    with_demo: Annotated[bool, typer.Option("--demo", help="Load the demo tenants.")] = False,
    as_json: Json = False,
) -> None:
    """Start an embedded PostgreSQL, bring it to head and say how to connect."""
    server = embedded.start(folder)
    url = server.url()
    with connect(server.url("postgres")) as connection:
        version = connection.info.parameter_status("server_version")
        _create_database(connection, embedded.DATABASE)
    command.upgrade(alembic_config(url, progress=_show_progress), "head")
    day = None
    with connect(url) as connection:
        if with_demo:
            day = demo.load(connection)
        revision = status.revision_of(connection)
    client = "psql" if shutil.which("psql") else str(server.psql)
    psql = f"{shlex.quote(client)} {shlex.quote(url)}"
    if as_json:
        _print_json(
            {
                "url": url,
                "psql": psql,
                "revision": revision,
                "server": version,
                "demo": day is not None,
                "day": _scenes(day),
            }
        )
        return
    again = "" if folder == DEFAULT_FOLDER else f" --folder {shlex.quote(str(folder))}"
    out.print(
        f"PostgreSQL {version} is up in {escape(str(server.folder))}, at revision {revision}."
    )
    out.print(f"\n  [bold]URL[/]   {escape(url)}\n  [bold]psql[/]  {escape(psql)}\n")
    _tell(day)
    out.print("Next steps, in psql:")
    if with_demo:
        out.print(
            "  SET ROLE ticketing_app;  -- the URL above is the superuser's, who sees everything\n"
            "  SELECT set_config('app.current_tenant_id', md5('demo northlight')::uuid::text,"
            " FALSE);\n"
            "  SELECT name, quantity, sold_quantity, available_quantity"
            " FROM ticketing.ticket_type_availability;"
        )
    else:
        out.print(
            f"  \\dt ticketing.*\n  or load something to look at: ticket-schema up --demo{again}"
        )
    out.print(f"Stop it with: ticket-schema down{again}")


@app.command()
def down(folder: Folder = DEFAULT_FOLDER, as_json: Json = False) -> None:
    """Stop the embedded PostgreSQL; its data stay."""
    stopped = embedded.stop(folder)
    if as_json:
        _print_json({"stopped": stopped})
    else:
        out.print("Stopped." if stopped else f"No server is running in {escape(str(folder))}.")


@app.command()
def upgrade(
    revision: Annotated[str, typer.Argument(help="Target revision.")] = "head",
    url: Url = None,
    lock_timeout: LockTimeout = None,
    lock_tries: LockTries = None,
    statement_timeout: StatementTimeout = None,
    runner_wait: RunnerWait = None,
    create_roles: CreateRoles = None,
    as_json: Json = False,
) -> None:
    """Bring a database to a revision."""
    _migrate(
        command.upgrade,
        revision,
        find_url(url),
        as_json=as_json,
        lock_timeout=lock_timeout,
        lock_tries=lock_tries,
        statement_timeout=statement_timeout,
        runner_wait=runner_wait,
        create_roles=create_roles,
    )


@app.command(context_settings={"ignore_unknown_options": True})  # so that -1 is a revision
def downgrade(
    revision: Annotated[str, typer.Argument(help="Target revision, or base.")],
    url: Url = None,
    allow_data_loss: Annotated[
        bool, typer.Option("--allow-data-loss", help="Drop tables although they hold rows.")
    ] = False,
    lock_timeout: LockTimeout = None,
    lock_tries: LockTries = None,
    statement_timeout: StatementTimeout = None,
    runner_wait: RunnerWait = None,
    as_json: Json = False,
) -> None:
    """Take a database back to a revision."""
    _migrate(
        command.downgrade,
        revision,
        find_url(url),
        as_json=as_json,
        allow_data_loss=allow_data_loss or None,
        lock_timeout=lock_timeout,
        lock_tries=lock_tries,
        statement_timeout=statement_timeout,
        runner_wait=runner_wait,
    )


@app.command()
def stamp(
    revision: Annotated[str, typer.Argument(help="Revision to record.")],
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Record the revision of a database without running anything."""
    _migrate(command.stamp, revision, find_url(url), as_json=as_json)


@app.command()
def current(url: Url = None, as_json: Json = False) -> None:
    """Show the revision of a database."""
    with connect(find_url(url)) as connection:
        revision = status.revision_of(connection)
    head = _script().get_current_head()
    if as_json:
        _print_json({"revision": revision, "head": head, "at_head": revision == head})
    else:
        out.print(f"{revision or 'base'}{' (head)' if revision == head else ''}")


@app.command()
def history(as_json: Json = False) -> None:
    """List the revisions of this package, oldest first."""
    revisions: list[Script] = list(reversed(list(_script().walk_revisions())))
    if as_json:
        _print_json(
            [{"revision": r.revision, "down": r.down_revision, "title": r.doc} for r in revisions]
        )
        return
    for revision in revisions:
        out.print(f"[bold]{revision.revision}[/]  {escape(revision.doc or '')}")


@app.command("sql")
def render_sql(
    revisions: Annotated[
        str, typer.Argument(metavar="[A:B]", help="From and to; all of it by default.")
    ] = "base:head",
    create_roles: CreateRoles = None,
    allow_data_loss: Annotated[
        bool, typer.Option("--allow-data-loss", help="Let the script drop tables that hold rows.")
    ] = False,
) -> None:
    """Print what a run would do as an SQL script, for a DBA to read and run with psql."""
    first, colon, last = revisions.partition(":")
    if not colon:
        first, last = "base", revisions
    script = _script()
    order = [None, *(r.revision for r in reversed(list(script.walk_revisions())))]
    start, end = (_position(script, order, name or default) for name, default in
                  ((first, "base"), (last, "head")))  # fmt: skip
    buffer = io.StringIO()
    config = alembic_config(
        **_given(create_roles=create_roles, allow_data_loss=allow_data_loss or None)
    )
    config.output_buffer = buffer
    span = f"{order[start] or 'base'}:{order[end] or 'base'}"
    if end < start:
        command.downgrade(config, span, sql=True)
    elif end > start:
        command.upgrade(config, span, sql=True)
    sys.stdout.write(
        f"-- ticket-schema {span}; run it with: psql -v ON_ERROR_STOP=1 -f FILE\n\n"
        + buffer.getvalue()
    )


@app.command("status")
def show_status(
    url: Url = None,
    rows: Annotated[
        bool, typer.Option("--rows", help="Read every table for rows that refer to nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look a database over: revision, drift, roles, tenant isolation, server."""
    with connect(find_url(url)) as connection:
        found = status.inspect(connection, reading_rows=rows)
    if as_json:
        _print_json({**asdict(found), "healthy": found.healthy})
    else:
        table = Table(title=f"{found.database}, PostgreSQL {found.server}", title_justify="left")
        for column in ("", "check", "found", "what to do"):
            table.add_column(column, overflow="fold")
        marks = {"good": "[green]ok[/]", "warning": "[yellow]warn[/]", "error": "[red]ERROR[/]"}
        for finding in _shortened(found.findings):
            table.add_row(
                marks[finding.level], finding.check, escape(finding.detail), escape(finding.remedy)
            )
        out.print(table)
    if not found.healthy:
        raise typer.Exit(Exit.FAILED)


def _shortened(findings: list[status.Finding]) -> list[status.Finding]:
    """Returns the findings with a count in place of those that say the same of many objects."""
    shown: list[status.Finding] = []
    for (check, level), group in groupby(findings, key=lambda f: (f.check, f.level)):
        several = list(group)
        kept = several if len(several) <= _SHOWN + 1 else several[:_SHOWN]
        shown += kept
        if rest := len(several) - len(kept):
            shown.append(status.Finding(check, level, f"and {rest} more", "All: status --json."))
    return shown


@app.command()
def harden(
    what: Annotated[
        hardening.Hardening | None,
        typer.Argument(help="What to switch on; without it, say what is on.", show_default=False),
    ] = None,
    url: Url = None,
    off: Annotated[bool, typer.Option("--off", help="Switch it off.")] = False,
    as_sql: Annotated[
        bool, typer.Option("--sql", help="Print a script for a DBA, for a database at head.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a database believe only contexts that the application signed."""
    if what is None and (off or as_sql):
        raise TicketSchemaError(
            "Nothing was named to switch.",
            hint="Run: ticket-schema harden signed-context.",
            exit_code=Exit.USAGE,
        )
    wanted: hardening.Level = "plain" if off else "signed"
    if as_sql:
        head = _script().get_current_head() or ""
        sys.stdout.write(
            f"-- ticket-schema: context {wanted}; run it with: psql -v ON_ERROR_STOP=1 -f FILE\n\n"
            f"BEGIN;\n\n{hardening.script(head, wanted)}\nCOMMIT;\n"
        )
        return
    with connect(find_url(url)) as connection:
        changed = False
        if what is not None:
            changed = hardening.switch(connection, wanted)
        level = hardening.level(connection)
    if as_json:
        _print_json({"context": level, "changed": changed})
    else:
        out.print(f"The context is {'now ' if changed else ''}{level or 'plain'}.")


@app.command("demo")
def load_demo(
    url: Url = None,
    beside_others: Annotated[
        bool, typer.Option("--beside-others", help="Although there are other tenants.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Load the demo tenants into a database at head."""
    with connect(find_url(url)) as connection:
        revision = status.revision_of(connection)
        head = _script().get_current_head()
        if revision != head:
            raise TicketSchemaError(
                f"The database stands at {revision or 'base'}, the demo needs {head}.",
                hint="Run: ticket-schema upgrade.",
            )
        if hardening.level(connection) == "signed":
            raise TicketSchemaError(
                "The demo signs nothing, and this database believes signed contexts alone.",
                hint="Load it into a database without the hardening.",
            )
        day = demo.load(connection, beside_others=beside_others)
    if as_json:
        _print_json({"loaded": day is not None, "tenants": list(demo.TENANTS), "day": _scenes(day)})
    else:
        tenants = " and ".join(demo.TENANTS)
        out.print(f"{tenants} are there already." if day is None else f"Loaded {tenants}.")
        _tell(day)


def _scenes(day: list[demo.Scene] | None) -> list[dict[str, str]]:
    """Returns what happened on the day of the demo, for JSON."""
    return [{"scene": scene.title, "outcome": scene.outcome} for scene in day or ()]


def _tell(day: list[demo.Scene] | None) -> None:
    """Prints what happened on the day of the demo."""
    if day is None:
        return
    out.print("A day at Northlight:")
    for scene in day:
        out.print(f"  [bold]{scene.title:16}[/] {escape(scene.outcome)}")
    out.print()


@app.command()
def maintain(
    url: Url = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this task; may be repeated.")
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Not this task; may be repeated.")
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, max=10_000, help="How many rows a transaction changes.")
    ] = 1000,
    max_seconds: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Begin no further batch after that.  [default: go on until nothing is due]",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is due, and change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run the sweepers and retention until nothing is due.

    Exits with 1 when a task failed or had to leave a row, with 4 when the time was over, or the
    run was told to stop, before everything was done.
    """
    names = maintenance.choose(only or (), skip or ())
    if dry_run:
        with connect(find_url(url)) as connection:
            due = maintenance.backlog(connection, names)
        _show_backlog(due, as_json=as_json)
        return
    tasks = [maintenance.Task(name, batch) for name in names]
    # The server is told to give up what it does, and a batch is whole or not there.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stopped = False
    try:
        with connect(find_url(url)) as connection:
            maintenance.run(connection, tasks, max_seconds=max_seconds, note=_show_maintenance)
    except KeyboardInterrupt:
        stopped = True
    for task in tasks:
        task.state = "unfinished" if task.state == "waiting" else task.state
    _show_maintained(tasks, stopped=stopped, as_json=as_json)


def _show_backlog(due: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        _print_json({"tasks": due})
        return
    for task in due:
        since = f", the oldest since {task['oldest']:%Y-%m-%d %H:%M:%S %Z}" if task["due"] else ""
        out.print(f"[bold]{task['task']}[/]: {task['due']} due{since}")


def _show_maintenance(told: maintenance.Task | maintenance.Pause) -> None:
    if isinstance(told, maintenance.Pause):
        err.print(f"… [bold]{told.task}[/]: {escape(told.why)}, next try in {told.seconds:.1f} s")
        return
    took = f"({told.seconds:.2f} s)"
    for row in told.left:
        err.print(f"! [bold]{told.name}[/]: {escape(row)}")
    if told.state == "failed":
        err.print(f"✗ [bold]{told.name}[/]: {escape(told.error or '')} {took}")
    else:
        mark = "✓" if told.state == "done" else "…"
        more = ", not finished" if told.state == "unfinished" else ""
        err.print(f"{mark} [bold]{told.name}[/]: {told.rows} {took}{more}")


def _show_maintained(tasks: list[maintenance.Task], *, stopped: bool, as_json: bool) -> None:
    rows = sum(task.rows for task in tasks)
    failed = [task.name for task in tasks if task.state == "failed"]
    left = sum(len(task.left) for task in tasks)
    unfinished = [task.name for task in tasks if task.state == "unfinished"]
    if as_json:
        _print_json(
            {
                "rows": rows,
                "left": left,
                "complete": not (failed or left or unfinished),
                "stopped": stopped,
                "tasks": [{**asdict(task), "seconds": round(task.seconds, 3)} for task in tasks],
            }
        )
    else:
        out.print(f"{rows} rows in {sum(task.batches for task in tasks)} batches.")
    if failed or left:
        what = f"{', '.join(failed)} failed" if failed else f"{left} rows were left"
        hint = "Look at what is said of them above; the others are done."
        code = Exit.FAILED
    elif unfinished:
        what = "It was told to stop" if stopped else "The time was over"
        what += f" before {', '.join(unfinished)} {'was' if len(unfinished) == 1 else 'were'} done"
        hint = "Run it again: it goes on where it stopped."
        code = Exit.TIMED_OUT
    else:
        return
    err.print(f"[red]error:[/] {escape(what)}.\n[yellow]hint:[/]  {escape(hint)}")
    raise typer.Exit(code)


def _migrate(
    run: Callable[..., Any], revision: str, url: str, *, as_json: bool, **options: Any
) -> None:
    done: list[Progress] = []

    def note(progress: Progress) -> None:
        _show_progress(progress)
        if progress.kind == "done":
            done.append(progress)

    _refuse_what_is_no_revision(revision)
    config = alembic_config(url, progress=note, **_given(**options))
    config.stdout = io.StringIO()  # what Alembic itself would print
    run(config, revision)
    with connect(url) as connection:
        reached = status.revision_of(connection)
    if as_json:
        _print_json(
            {
                "revision": reached,
                "applied": [
                    {
                        "revision": p.revision,
                        "direction": p.direction,
                        "seconds": round(p.seconds, 3),
                    }
                    for p in done
                ],
            }
        )
    else:
        at = reached or "base"
        out.print(f"The database stands at {at}." if done else f"Nothing to do: it stands at {at}.")


def _show_progress(progress: Progress) -> None:
    name = f"[bold]{progress.revision}[/] {escape(progress.title)}"
    if progress.kind == "waiting":
        err.print("Waiting for another runner to finish …")
    elif progress.kind == "retrying":
        err.print(f"… {name}: waiting for a lock, next try in {progress.seconds:.1f} s")
    elif progress.kind == "done":
        arrow = {"upgrade": "↑", "downgrade": "↓", "stamp": "="}[progress.direction]
        err.print(f"{arrow} {name} ({progress.seconds:.2f} s)")


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config())


def _position(script: ScriptDirectory, order: list[str | None], name: str) -> int:
    _refuse_what_is_no_revision(name)
    if name == "base":
        return 0
    try:
        revision = script.get_revision(name)
    except CommandError as error:
        raise TicketSchemaError(
            f"{str(error).rstrip('.')}.",
            hint="List the revisions with: ticket-schema history.",
            exit_code=Exit.USAGE,
        ) from error
    return order.index(revision.revision)


def _refuse_what_is_no_revision(name: str) -> None:
    # It may be a connection string in the wrong place, so it is not repeated.
    if not _REVISION.fullmatch(name):
        raise TicketSchemaError(
            "What was given as a revision cannot be one.",
            hint="List the revisions with: ticket-schema history; --url names the database.",
            exit_code=Exit.USAGE,
        )


def _create_database(connection: psycopg.Connection, name: str) -> None:
    row = connection.execute("SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", [name])
    if row.fetchone() is None:
        # Another `up` may make it in this very second.
        with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def _fail(what: str, hint: str, code: Exit) -> None:
    what = redact(what)
    if "--debug" in sys.argv:
        buffer = io.StringIO()
        Console(file=buffer, width=100).print_exception(show_locals=False)
        sys.stderr.write(redact(buffer.getvalue()))
    if "--json" in sys.argv:
        _print_json({"error": what, "hint": hint, "exit_code": int(code)})
    err.print(f"[red]error:[/] {escape(what)}\n[yellow]hint:[/]  {escape(hint)}")
    sys.exit(int(code))
