"""What a database looks like at this moment: sizes, use, age. A page that is never committed."""

from __future__ import annotations

import html
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
from alembic.script import ScriptDirectory
from psycopg import sql

from ticket_schema import status
from ticket_schema.api import alembic_config
from ticket_schema.docs import markdown
from ticket_schema.docs.output import writing
from ticket_schema.errors import Exit, TicketSchemaError

SECTIONS = (
    ("maintenance_backlog", "What waits for maintenance"),
    ("outbox", "Outbox"),
    ("outbox_cursors", "Readers of the outbox"),
    ("transactions", "Oldest transactions"),
    ("invalid", "Left half done"),
    ("tables", "Tables"),
    ("unused_indexes", "Indexes that nothing used"),
    ("indexes", "Use of indexes"),
    ("sequences", "Room in sequences"),
    ("wraparound", "Wraparound"),
    ("replication_slots", "Replication slots"),
    ("server", "Server"),
)
"""Each is a file of `live_queries`, whose comment is what the page says above the rows."""

# Those that read tables of this package, of every tenant.
_OF_TICKETING = ("maintenance_backlog", "outbox", "outbox_cursors")
_WORKER = "ticketing_worker"

_OF_A_SECTION = "5s"
_OF_ALL = 60.0
_NAME_TYPE = 19
_COMMITTED = Path("docs") / "schema"


@dataclass(frozen=True)
class Section:
    """One thing that was looked at.

    Args:
        title: its heading.
        note: what the rows say and what to do about them.
        heads: names of the columns.
        rows: what was found, as text; names of objects are in `Name`.
        unseen: what could not be seen and why, empty when all was.
    """

    title: str
    note: str
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    unseen: str = ""


class Name(str):
    """The name of an object, which anybody may have chosen."""

    __slots__ = ()


@dataclass(frozen=True)
class Report:
    """What was seen of a database.

    Args:
        database: its name.
        schema: the schema that was looked at.
        revision: what is known of its revision.
        read_at: when.
        sections: in the order of urgency.
    """

    database: str
    schema: str
    revision: str
    read_at: datetime
    sections: Sequence[Section]


def read(connection: psycopg.Connection, schema: str = "ticketing") -> Report:
    """Returns what a database looks like; nothing is written, and nothing waits for long.

    Args:
        connection: any login, in autocommit mode; one in pg_monitor sees the sessions of others.
        schema: whose tables.

    Raises:
        TicketSchemaError: there is no such schema.
    """
    found = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s)", [schema]
    ).fetchone()
    if not (found and found[0]):
        raise TicketSchemaError(
            f"The database has no schema {schema}.",
            hint="Name one that is there with --schema, or upgrade the database first.",
        )
    began = time.monotonic()
    sections = []
    for key, title in SECTIONS:
        if key not in _OF_TICKETING or _has(connection, schema, key):
            late = time.monotonic() - began > _OF_ALL
            sections.append(_section(connection, schema, key, title, late=late))
    return Report(
        database=connection.info.dbname,
        schema=schema,
        revision=_revision(connection, schema),
        read_at=datetime.now(UTC),
        sections=sections,
    )


def write(report: Report, output: Path) -> None:
    """Writes the page, as HTML when the file's name ends so and as Markdown otherwise.

    Args:
        report: what `read` returned.
        output: the file; folders above it are made.

    Raises:
        TicketSchemaError: the file is among the committed pages, or cannot be written.
    """
    refuse_committed(output)
    text = as_html(report) if output.suffix in {".html", ".htm"} else as_markdown(report)
    with writing(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")


def refuse_committed(output: Path) -> None:
    """Refuses a file among the pages that are committed, where what changes by the hour may not be.

    Args:
        output: the file.

    Raises:
        TicketSchemaError: it is one of them.
    """
    folder = output.resolve().parent
    inside = any(
        (above / "schema.json").is_file() or above.parts[-2:] == _COMMITTED.parts
        for above in (folder, *folder.parents)
    )
    if inside:
        raise TicketSchemaError(
            f"{output} is among the committed pages, and this one is out of date tomorrow.",
            hint="Name a file elsewhere in --output.",
            exit_code=Exit.USAGE,
        )


def as_markdown(report: Report) -> str:
    """Returns the page as Markdown.

    Args:
        report: what `read` returned.
    """
    parts = [f"# {_title(report)}\n", f"{markdown.escape(_intro(report))}\n"]
    for one in report.sections:
        parts += [f"## {one.title}\n", f"{markdown.escape(one.note)}\n"]
        if one.unseen:
            parts.append(f"**{markdown.escape(one.unseen)}**\n")
        rows = [[_cell(value) for value in row] for row in one.rows]
        parts.append(markdown.table(one.heads, rows) or ("" if one.unseen else "None.\n"))
    return "\n".join(part for part in parts if part)


def as_html(report: Report) -> str:
    """Returns the page as one HTML file that needs no other.

    Args:
        report: what `read` returned.
    """
    quote = html.escape
    parts = []
    for one in report.sections:
        parts.append(f"<h2>{quote(one.title)}</h2>\n<p>{quote(one.note)}</p>")
        if one.unseen:
            parts.append(f"<p><strong>{quote(one.unseen)}</strong></p>")
        if one.rows:
            heads = "".join(f'<th scope="col">{quote(head)}</th>' for head in one.heads)
            rows = "\n".join(
                "<tr>" + "".join(f"<td>{_html_cell(value)}</td>" for value in row) + "</tr>"
                for row in one.rows
            )
            parts.append(
                f'<div tabindex="0"><table><thead><tr>{heads}</tr></thead>\n'
                f"<tbody>\n{rows}\n</tbody></table></div>"
            )
        elif not one.unseen:
            parts.append("<p>None.</p>")
    body = "\n".join(parts)
    title = quote(_title(report).replace("`", ""))
    return _HTML.format(title=title, intro=quote(_intro(report)), body=body)


_HTML = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }}
body {{ margin: 1rem auto; max-width: 80rem; padding: 0 1rem; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #8888; padding: .2rem .6rem; text-align: left; }}
</style>
<h1>{title}</h1>
<p>{intro}</p>
{body}
</html>
"""


def _title(report: Report) -> str:
    return f"Live report of {markdown.code(report.database)}"


def _intro(report: Report) -> str:
    schema = " ".join(report.schema.split())
    return (
        f"Schema {schema}, {report.revision}. Read at {_moment(report.read_at)};"
        " true of that moment, and not to be committed."
    )


def _section(
    connection: psycopg.Connection, schema: str, key: str, title: str, *, late: bool
) -> Section:
    query = files(__package__).joinpath("live_queries", f"{key}.sql").read_text(encoding="utf-8")
    lines = query.splitlines()
    note = " ".join(line.removeprefix("--").strip() for line in lines if line.startswith("--"))
    if late:
        return Section(title, note, unseen="Not looked at: the time for this report was over.")
    unseen = ""
    try:
        with connection.transaction():
            connection.execute("SET TRANSACTION READ ONLY")
            connection.execute(f"SET LOCAL statement_timeout = '{_OF_A_SECTION}'")
            connection.execute("SET LOCAL lock_timeout = '1s'")
            connection.execute("SET LOCAL search_path = pg_catalog")
            if key in _OF_TICKETING:
                _become_worker(connection)
            if key == "transactions" and not _sees_sessions(connection):
                unseen = "Sessions of other roles are hidden from this login: GRANT pg_monitor."
            cursor = psycopg.RawCursor(connection)
            cursor.execute(query.encode(), [schema] if "$1" in query else None)
            described = cursor.description or ()
            heads = [one.name.replace("_", " ").removesuffix(" name") for one in described]
            rows = [
                [
                    _text(value, column.type_code)
                    for value, column in zip(row, described, strict=True)
                ]
                for row in cursor
            ]
    except psycopg.errors.InsufficientPrivilege:
        why = "this login may not read it"
        if key in _OF_TICKETING:
            why += f": GRANT {_WORKER}"
        return Section(title, note, unseen=f"Not seen: {why}.")
    except psycopg.errors.QueryCanceled:
        return Section(title, note, unseen=f"Not seen: it took longer than {_OF_A_SECTION}.")
    except psycopg.errors.LockNotAvailable:
        return Section(title, note, unseen="Not seen: somebody holds a table under a lock.")
    except psycopg.Error as error:
        if connection.closed:
            raise
        # The message may repeat values, so the code alone is told.
        return Section(title, note, unseen=f"Not seen: the server answered {error.sqlstate}.")
    return Section(title, note, heads, rows, unseen)


def _has(connection: psycopg.Connection, schema: str, key: str) -> bool:
    if schema != "ticketing":
        return False
    found = connection.execute(
        "SELECT FROM pg_catalog.pg_class AS c"
        " INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid"
        " WHERE n.nspname = %s AND c.relname = %s",
        [schema, key],
    ).fetchone()
    return found is not None


def _become_worker(connection: psycopg.Connection) -> None:
    """Looks as a background job, where the login may: of every tenant, whatever is set for it."""
    found = connection.execute(
        "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = %s"
        " AND pg_catalog.pg_has_role(oid, 'MEMBER')",
        [_WORKER],
    ).fetchone()
    if found:
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(_WORKER)))
        connection.execute("SELECT pg_catalog.set_config('app.current_tenant_id', '', TRUE)")


def _sees_sessions(connection: psycopg.Connection) -> bool:
    found = connection.execute(
        "SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')"
    ).fetchone()
    return bool(found and found[0])


def _revision(connection: psycopg.Connection, schema: str) -> str:
    if schema != "ticketing":
        return "of another package"
    try:
        revision = status.revision_of(connection)
    except TicketSchemaError:
        return "at a revision that this login may not read"
    if revision is None:
        return "without a revision"
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    where = "the head" if revision == head else f"while the head of this package is {head}"
    return f"at revision {revision}, {where}{_since(connection)}"


def _since(connection: psycopg.Connection) -> str:
    """Returns when the revision was written, which the server knows only when told to note it."""
    try:
        row = connection.execute(
            "SELECT pg_catalog.pg_xact_commit_timestamp(v.xmin) FROM ticketing.alembic_version AS v"
        ).fetchone()
    except psycopg.Error:
        return "; when is not noted, since track_commit_timestamp is off"
    return f", since {_moment(row[0])}" if row and row[0] else ""


def _text(value: Any, type_code: int) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, timedelta):
        return str(timedelta(seconds=int(value.total_seconds())))
    return Name(value) if type_code == _NAME_TYPE else str(value)


def _moment(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _cell(value: str) -> str:
    return markdown.code(value) if isinstance(value, Name) else markdown.escape(value)


def _html_cell(value: str) -> str:
    text = html.escape(value)
    return f"<code>{text}</code>" if isinstance(value, Name) else text
