"""What state a database is in, and what a DBA should do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import psycopg
from alembic.script import ScriptDirectory

from ticket_schema import drift, preflight
from ticket_schema.api import alembic_config
from ticket_schema.catalog import Catalog, read_catalog
from ticket_schema.errors import TicketSchemaError
from ticket_schema.steps import SCHEMA

# First minor release of each major version without a known hole in row level security: the last
# ones let INSERT ... ON CONFLICT DO UPDATE ... WHERE look at hidden rows (November 2026).
SERVER_FLOOR = {15: 20, 16: 16, 17: 12, 18: 7}

# Tables whose rows are the same for every tenant, so that every role may read them whole.
OPEN_TABLES = {"alembic_version", "state_transitions"}


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


def inspect(connection: psycopg.Connection) -> Status:
    """Returns the state of a database; nothing is written.

    Args:
        connection: any login that may read the version row, in autocommit mode.
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
        *_roles(connection, has_schema=revision is not None),
    ]
    if catalog:
        findings += [
            *_row_security(catalog),
            *_leftovers(catalog),
            *_drift(catalog, revision, known),
        ]
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


def _roles(connection: psycopg.Connection, *, has_schema: bool) -> Iterator[Finding]:
    try:
        preflight.roles_are_sound(connection, may_create=False)
    except TicketSchemaError as error:
        # Without a schema the first upgrade makes them.
        yield Finding("roles", "error" if has_schema else "warning", error.what, error.hint)
    else:
        yield Finding("roles", "good", "the four roles are subject to row level security")
    yield from _powers(connection)
    yield from _memberships(connection)
    yield from _fixed_settings(connection)


def _powers(connection: psycopg.Connection) -> Iterator[Finding]:
    for name in connection.execute(
        "SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname = ANY(%s)"
        " AND (rolcanlogin OR rolcreaterole OR rolcreatedb OR rolreplication)",
        [[preflight.OWNER, *preflight.GROUPS]],
    ):
        yield Finding(
            "roles",
            "error",
            f"{name[0]} has rights of its own",
            f"ALTER ROLE {name[0]} NOLOGIN NOCREATEROLE NOCREATEDB NOREPLICATION;",
        )


def _memberships(connection: psycopg.Connection) -> Iterator[Finding]:
    for role, member, is_login in connection.execute(
        "SELECT r.rolname::text, m.rolname::text, m.rolcanlogin"
        " FROM pg_catalog.pg_auth_members AS a"
        " INNER JOIN pg_catalog.pg_roles AS r ON a.roleid = r.oid"
        " INNER JOIN pg_catalog.pg_roles AS m ON a.member = m.oid"
        " WHERE r.rolname = ANY(%s) ORDER BY 1, 2",
        [[preflight.OWNER, *preflight.GROUPS]],
    ):
        if member in preflight.GROUPS and role != preflight.OWNER:
            yield Finding(
                "members",
                "error",
                f"{member} is a member of {role}",
                f"REVOKE {role} FROM {member};",
            )
        elif role == preflight.OWNER and is_login:
            yield Finding(
                "members",
                "warning",
                f"{member} may act as {role}",
                "Right for the login that migrates, for no other.",
            )


def _fixed_settings(connection: psycopg.Connection) -> Iterator[Finding]:
    for where, setting in connection.execute(
        "SELECT coalesce('role ' || r.rolname, 'database ' || d.datname), c.setting"
        " FROM pg_catalog.pg_db_role_setting AS s"
        " CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)"
        " LEFT JOIN pg_catalog.pg_roles AS r ON s.setrole = r.oid"
        " LEFT JOIN pg_catalog.pg_database AS d ON s.setdatabase = d.oid"
        " WHERE (s.setdatabase = 0 OR d.datname = current_database())"
        " AND split_part(c.setting, '=', 1) ~ '^(app[.]|row_security$)' ORDER BY 1, 2"
    ):
        name = setting.partition("=")[0]
        yield Finding(
            "settings",
            "error",
            f"{where} fixes {setting}",
            f"ALTER {where.upper().split()[0]} {where.split()[1]} RESET {name};",
        )


def _row_security(catalog: Catalog) -> Iterator[Finding]:
    open_tables = [
        name
        for name, table in catalog.get("table", {}).items()
        if name not in OPEN_TABLES
        and not (table.get("row_security") and table.get("row_security_forced"))
    ]
    for name in open_tables:
        yield Finding(
            "row level security",
            "error",
            f"not enabled and forced on {name}",
            f"ALTER TABLE {SCHEMA}.{name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
        )
    if not open_tables:
        yield Finding("row level security", "good", "enabled and forced on every tenant's table")


def _leftovers(catalog: Catalog) -> Iterator[Finding]:
    broken = 0
    landed = drift.fingerprints().get("index", {})
    for name, index in catalog.get("index", {}).items():
        if not index["valid"]:
            broken += 1
            yield Finding(
                "indexes",
                "error",
                f"{name} is invalid and guarantees nothing",
                f"REINDEX INDEX CONCURRENTLY {SCHEMA}.{name};"
                if name in landed
                else f"DROP INDEX CONCURRENTLY {SCHEMA}.{name};",
            )
    for name, constraint in catalog.get("constraint", {}).items():
        if not constraint["validated"]:
            broken += 1
            table, _, constraint_name = name.partition(".")
            yield Finding(
                "constraints",
                "error",
                f"{constraint_name} on {table} is not validated: old rows may break it",
                f"ALTER TABLE {SCHEMA}.{table} VALIDATE CONSTRAINT {constraint_name};",
            )
    if not broken:
        yield Finding("leftovers", "good", "every index is valid, every constraint validated")


def _drift(catalog: Catalog, revision: str | None, known: list[str]) -> Iterator[Finding]:
    if revision is None or revision not in known:
        return
    lines = drift.differences(catalog, revision)
    for line in lines:
        yield Finding(
            "drift",
            "error",
            line,
            "Find out who changed it; undo the change, or make it a revision.",
        )
    if not lines:
        yield Finding("drift", "good", f"equal to revision {revision}, object by object")
