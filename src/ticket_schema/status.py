"""What state a database is in, and what a DBA should do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import psycopg
from alembic.script import ScriptDirectory

from ticket_schema import drift, lint, preflight
from ticket_schema.api import alembic_config
from ticket_schema.catalog import Catalog, read_catalog
from ticket_schema.errors import TicketSchemaError
from ticket_schema.steps import SCHEMA

# First minor release of each major version without a known hole in row level security: the last
# ones let INSERT ... ON CONFLICT DO UPDATE ... WHERE look at hidden rows (November 2026).
SERVER_FLOOR = {15: 20, 16: 16, 17: 12, 18: 7}

# Rules whose offences may be meant: a standby that is fed by logical replication, a platform's own
# trigger.
WORTH_A_LOOK = {"publications", "event_triggers"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        check: what was looked at.
        level: whether all is well, worth knowing, or wrong.
        detail: what was found.
        remedy: what to do about it, empty when nothing.
    """

    check: str
    level: Literal["good", "warning", "error"]
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class Status:
    """The state of a database.

    Args:
        database: its name.
        server: version of the server.
        revision: what it stands at, None without the schema.
        head: the newest revision of the package.
        findings: one or more for each check.
    """

    database: str
    server: str
    revision: str | None
    head: str
    findings: list[Finding]

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong; warnings do not count."""
        return all(finding.level != "error" for finding in self.findings)


def inspect(connection: psycopg.Connection, *, reading_rows: bool = False) -> Status:
    """Returns the state of a database; nothing is written.

    Args:
        connection: any login that may read the version row, in autocommit mode.
        reading_rows: whether to look for rows that refer to nothing, which reads every table.
    """
    script = ScriptDirectory.from_config(alembic_config())
    known = [revision.revision for revision in script.walk_revisions()]
    revision = revision_of(connection)
    catalog = read_catalog(connection)
    findings = [
        _server(connection),
        _position(revision, known, catalog),
        _pooler(connection),
        _login(connection),
        *_members(connection),
    ]
    if catalog:
        findings += [
            *_isolation(connection),
            *_definitions(catalog, revision, known),
        ]
        if reading_rows:
            findings += _orphans(connection)
    else:
        # The first upgrade looks at them, and makes those that are missing.
        findings.append(_roles(connection))
    return Status(
        database=connection.info.dbname,
        server=connection.info.parameter_status("server_version") or "",
        revision=revision,
        head=known[0],
        findings=findings,
    )


def revision_of(connection: psycopg.Connection) -> str | None:
    """Returns the revision a database stands at, None without the schema or at base.

    Args:
        connection: in autocommit mode.

    Raises:
        TicketSchemaError: the login may not read the version row.
    """
    if not preflight.version_is_readable(connection):
        raise TicketSchemaError(
            f"Role {connection.info.user} may not read the revision.",
            hint=f"Run as a DBA: GRANT ticketing_readonly TO {connection.info.user}.",
        )
    row = connection.execute(
        "SELECT c.oid FROM pg_catalog.pg_class AS c"
        " WHERE c.relnamespace = to_regnamespace(%s) AND c.relname = 'alembic_version'",
        [SCHEMA],
    ).fetchone()
    if row is None:
        return None
    row = connection.execute("SELECT version_num FROM ticketing.alembic_version").fetchone()
    return row[0] if row else None


def _server(connection: psycopg.Connection) -> Finding:
    major, minor = divmod(connection.info.server_version, 10000)
    found = f"PostgreSQL {major}.{minor}"
    if connection.info.server_version < preflight.OLDEST_SERVER:
        return Finding("server", "error", found, "Upgrade to PostgreSQL 15 or later.")
    floor = SERVER_FLOOR.get(major)
    if floor is None:
        return Finding("server", "warning", f"{found} is untested", "Use PostgreSQL 15 to 18.")
    if minor < floor:
        return Finding(
            "server",
            "warning",
            f"{found} has known holes in row level security",
            f"Upgrade to {major}.{floor} or later.",
        )
    return Finding("server", "good", found)


def _position(revision: str | None, known: list[str], catalog: Catalog) -> Finding:
    if revision is None:
        tables = [name for name in catalog.get("table", {}) if name != "alembic_version"]
        if tables:
            return Finding(
                "revision",
                "error",
                f"{len(tables)} tables but no version row",
                "Find out the revision and record it: ticket-schema stamp REVISION.",
            )
        found = "schema ticketing is empty" if catalog else "no schema ticketing yet"
        return Finding("revision", "warning", found, "Run: ticket-schema upgrade.")
    if revision not in known:
        return Finding(
            "revision",
            "warning",
            f"{revision} is newer than this package, whose head is {known[0]}",
            "Services may go on; use a newer package to look closer.",
        )
    behind = known.index(revision)
    if behind:
        return Finding(
            "revision",
            "warning",
            f"{revision}, {behind} behind head {known[0]}",
            "Run: ticket-schema upgrade.",
        )
    return Finding("revision", "good", f"{revision}, the head")


def _pooler(connection: psycopg.Connection) -> Finding:
    try:
        preflight.connection_is_direct(connection)
    except TicketSchemaError as error:
        return Finding("connection", "warning", error.what, error.hint)
    return Finding("connection", "good", "direct or session-pooled")


def _login(connection: psycopg.Connection) -> Finding:
    row = connection.execute(
        "SELECT session_user::text, rolsuper OR rolbypassrls FROM pg_catalog.pg_roles"
        " WHERE rolname = session_user"
    ).fetchone()
    name, unfiltered = row if row else ("?", False)
    if unfiltered:
        return Finding(
            "login",
            "warning",
            f"{name} bypasses row level security",
            "Never give this login to a service.",
        )
    return Finding("login", "good", f"{name} is subject to row level security")


def _roles(connection: psycopg.Connection) -> Finding:
    try:
        preflight.roles_are_sound(connection, may_create=False)
    except TicketSchemaError as error:
        return Finding("roles", "warning", error.what, error.hint)
    return Finding("roles", "good", "the four roles are subject to row level security")


def _members(connection: psycopg.Connection) -> Iterator[Finding]:
    for (member,) in connection.execute(
        "SELECT DISTINCT m.rolname::text FROM pg_catalog.pg_auth_members AS a"
        " INNER JOIN pg_catalog.pg_roles AS r ON a.roleid = r.oid"
        " INNER JOIN pg_catalog.pg_roles AS m ON a.member = m.oid"
        " WHERE r.rolname = %s AND m.rolcanlogin ORDER BY 1",
        [preflight.OWNER],
    ):
        yield Finding(
            "members",
            "warning",
            f"{member} may act as {preflight.OWNER}",
            "Right for the login that migrates, for no other.",
        )


def _isolation(connection: psycopg.Connection) -> Iterator[Finding]:
    rules = lint.rules(reading_rows=False)
    offences = lint.offences(connection, rules)
    for offence in offences:
        yield Finding(
            offence.rule.replace("_", " "),
            "warning" if offence.rule in WORTH_A_LOOK else "error",
            f"{offence.name}: {offence.detail}",
            offence.remedy,
        )
    if not offences:
        yield Finding("isolation", "good", f"all {len(rules)} rules hold")


def _orphans(connection: psycopg.Connection) -> Iterator[Finding]:
    if not lint.sees_every_row(connection):
        yield Finding(
            "orphans",
            "warning",
            f"not looked for: row level security hides rows from {connection.info.user}",
            "Ask as a superuser or a BYPASSRLS login.",
        )
        return
    orphans = lint.offences(connection, sorted(lint.READING_ROWS))
    for offence in orphans:
        yield Finding(offence.rule, "error", f"{offence.name}: {offence.detail}", offence.remedy)
    if not orphans:
        yield Finding("orphans", "good", "every reference finds its row")


def _definitions(catalog: Catalog, revision: str | None, known: list[str]) -> Iterator[Finding]:
    if revision is None or revision not in known:
        return
    lines = drift.differences(catalog, revision)
    plain = [line for line in lines if drift.IN_PLAIN_FORM in line]
    if plain:
        yield Finding(
            "context",
            "error",
            "signed in part: some functions still believe plain variables",
            "Run: ticket-schema harden signed-context.",
        )
    elif drift.is_signed(catalog, revision):
        yield Finding("context", "good", "signed: only what the application signed is believed")
    else:
        yield Finding("context", "good", "plain: against mistakes, not against SQL injection")
    for line in lines:
        yield Finding(
            "drift",
            "error",
            line,
            "Run: ticket-schema harden signed-context."
            if line in plain
            else "Find out who changed it; undo the change, or make it a revision.",
        )
    if not lines:
        yield Finding("drift", "good", f"equal to revision {revision}, object by object")
