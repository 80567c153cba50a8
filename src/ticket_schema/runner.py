"""The safe runner: what happens between `alembic upgrade` and the first statement, and after.

It lives behind `env.py`, so plain `alembic` has it as well. One runner at a time, a transaction a
revision, short lock waits that are retried, no rows hidden from data steps, and at the end the
version table is read again and must say what was asked for.
"""

from __future__ import annotations

import os
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, fields
from types import ModuleType
from typing import Any, Literal

import psycopg
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from ticket_schema import preflight, steps
from ticket_schema.connection import as_engine, connect, find_url
from ticket_schema.errors import Exit, TicketSchemaError, redact

# Advisory lock key of the runner: the bytes of "ticketsc" read as a big-endian 64-bit integer.
RUNNER_LOCK = int.from_bytes(b"ticketsc", "big")

Step = RevisionStep | StampStep

_POLL_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0
_PASSING = ("55P03", "40P01")  # lock_not_available, deadlock_detected
_DUPLICATES = "23505"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Settings of a run; each may come from the command, `-x name=value` or the environment.

    Args:
        url: connection string; the environment names it otherwise.
        lock_timeout: how long one statement may wait for a lock, as PostgreSQL writes durations.
        lock_tries: how often a revision, or a part of it that is committed by itself, is tried
            when a lock is not to be had.
        statement_timeout: how long one statement may run; builds of indexes and validations of
            constraints are exempt.
        runner_wait: seconds to wait for another runner to finish.
        create_roles: whether missing roles may be created; "off" where a DBA makes them.
        allow_data_loss: whether a downgrade may drop tables that hold rows.
    """

    url: str | None = None
    lock_timeout: str = "3s"
    lock_tries: int = 10
    statement_timeout: str = "15min"
    runner_wait: float = 600.0
    create_roles: bool = True
    allow_data_loss: bool = False

    @classmethod
    def collect(cls, *sources: Mapping[str, Any]) -> Options:
        """Returns the options of the first source that names each, else of the environment.

        Args:
            sources: mappings from option name to value, most important first.

        Raises:
            TicketSchemaError: a value cannot be read.
        """
        found: dict[str, Any] = {}
        for field in fields(cls):
            variable = f"TICKET_SCHEMA_{field.name.upper()}"
            for source in (*sources, {field.name: os.environ.get(variable)}):
                if source.get(field.name) is not None:
                    found[field.name] = _parse(field.name, source[field.name], field.default)
                    break
        options = cls(**found)
        if options.lock_tries < 1 or not 0 <= options.runner_wait < float("inf"):
            raise TicketSchemaError(
                f"lock_tries is {options.lock_tries}, runner_wait {options.runner_wait:g}.",
                hint="Try once at least, and wait for a number of seconds, zero or more.",
                exit_code=Exit.USAGE,
            )
        return options


@dataclass(frozen=True)
class Progress:
    """One step of a run, for whoever shows it.

    Args:
        kind: what is happening.
        revision: the revision, empty while waiting for another runner.
        title: first line of the revision's docstring.
        seconds: how long it took, or how long the pause will be.
        direction: whether the revision is applied or taken back.
    """

    kind: Literal["waiting", "running", "done", "retrying"]
    revision: str = ""
    title: str = ""
    seconds: float = 0.0
    direction: Literal["upgrade", "downgrade", "stamp"] = "upgrade"


def run(context: ModuleType) -> None:
    """Runs the current Alembic command against a database.

    Args:
        context: the proxy module `alembic.context`.

    Raises:
        TicketSchemaError: the run was refused or failed; the message says how to mend it.
    """
    script = _script(context)
    options = _options(context)
    brought: sa.Connection | None = context.config.attributes.get("connection")
    with _session(options, brought) as (raw, connection):
        if _reads_only(context, connection):
            _configure(context, connection)
            context.run_migrations()
            return
        with _autocommit(raw):
            preflight.server_can_be_migrated(raw)
            preflight.connection_is_direct(raw)
        report = context.config.attributes.get("progress", _print_progress(context))
        with _sole_runner(raw, options, report):
            _migrate(context, script, raw, connection, options=options, report=report)


def render(context: ModuleType) -> None:
    """Writes the current Alembic command as an SQL script.

    Args:
        context: the proxy module `alembic.context`.
    """
    script = _script(context)
    options = _options(context)
    context.configure(
        dialect_name="postgresql",
        # Otherwise every percent sign in the SQL would be doubled.
        dialect_opts={"paramstyle": "named"},
        literal_binds=True,
        transaction_per_migration=True,
        version_table_schema=steps.SCHEMA,
    )
    from_base = context.get_starting_revision_argument() in (None, "base")
    if from_base:
        context.execute("BEGIN")
        context.execute("SET LOCAL search_path = 'pg_catalog', 'pg_temp'")
        for step in _bootstrap_steps(script, options):
            context.execute(steps.literal(steps.read(*step)))
        context.execute(steps.literal(steps.clear_start()))
        context.execute("COMMIT")
    context.execute(f"SET ROLE {preflight.OWNER}")
    for name, value in _settings(options).items():
        parts = ", ".join(f"'{part}'" for part in value.split(", "))
        context.execute(f"SET {name} = {parts}")
    context.run_migrations()
    for name in _settings(options):
        context.execute(f"RESET {name}")
    context.execute("RESET ROLE")


def _script(context: ModuleType) -> ScriptDirectory:
    script: ScriptDirectory = context.script
    if not script.get_heads():
        raise TicketSchemaError(
            "No revisions were found, so there is nothing to run.",
            hint="Install the package instead of linking to a checkout, or use the ticket-schema"
            " command; remove version_locations from the ini if it is there.",
        )
    return script


def _options(context: ModuleType) -> Options:
    given = context.get_x_argument(as_dictionary=True)
    unknown = sorted(set(given) - {field.name for field in fields(Options)})
    if unknown:
        raise TicketSchemaError(
            f"-x does not know {', '.join(unknown)}.",
            hint=f"It knows {', '.join(field.name for field in fields(Options))}.",
            exit_code=Exit.USAGE,
        )
    ini = {"url": context.config.get_main_option("sqlalchemy.url")}
    return Options.collect(context.config.attributes.get("options", {}), given, ini)


def _parse(name: str, value: Any, default: object) -> Any:
    if not isinstance(value, str) or isinstance(default, str) or default is None:
        return value
    try:
        if isinstance(default, bool):
            return {"on": True, "true": True, "1": True, "off": False, "false": False, "0": False}[
                value.lower()
            ]
        return type(default)(value)  # type: ignore[call-arg]
    except (KeyError, ValueError) as error:
        wanted = "on or off" if isinstance(default, bool) else "a number"
        raise TicketSchemaError(
            f"{name} is {value!r}.", hint=f"Give {wanted}.", exit_code=Exit.USAGE
        ) from error


@contextmanager
def _session(
    options: Options, brought: sa.Connection | None
) -> Iterator[tuple[psycopg.Connection, sa.Connection]]:
    """Yields the one connection of the run, as psycopg's and as SQLAlchemy's."""
    if brought is None:
        with closing(connect(find_url(options.url))) as raw:
            preflight.transactions_are_possible(raw)
            raw.autocommit = False
            with as_engine(raw).connect() as connection:
                connection.rollback()
                yield raw, connection
        return

    driver = brought.connection.driver_connection
    if not isinstance(driver, psycopg.Connection) or driver.autocommit or brought.in_transaction():
        raise TicketSchemaError(
            "The connection that was handed over cannot be used.",
            hint="Hand over a psycopg connection that is neither in a transaction nor in autocommit"
            " mode: each revision needs a transaction of its own.",
        )
    names = ["role", *_settings(options, driver.info.server_version)]
    with _autocommit(driver):
        before = [_setting(driver, name) for name in names]
    try:
        yield driver, brought
    finally:
        if not driver.closed:
            brought.rollback()
            with _autocommit(driver):
                for name, value in zip(names, before, strict=True):
                    _set(driver, name, value)


@contextmanager
def _autocommit(raw: psycopg.Connection) -> Iterator[None]:
    before = raw.autocommit
    raw.autocommit = True
    try:
        yield
    finally:
        raw.autocommit = before


def _configure(context: ModuleType, connection: sa.Connection, **more: Any) -> MigrationContext:
    connection.rollback()
    context.configure(
        connection=connection,
        transaction_per_migration=True,
        version_table_schema=steps.SCHEMA,
        **more,
    )
    configured: MigrationContext = context.get_context()
    return configured


def _reads_only(context: ModuleType, connection: sa.Connection) -> bool:
    return bool(_configure(context, connection).opts.get("dont_mutate"))


@contextmanager
def _sole_runner(
    raw: psycopg.Connection, options: Options, report: Callable[[Progress], None]
) -> Iterator[None]:
    """Holds the advisory lock of the runner.

    Polled, never waited for: a waiting statement keeps a snapshot, and a concurrent index build
    of the runner that holds the lock would wait for that snapshot for ever.
    """
    until = time.monotonic() + options.runner_wait
    waiting = False
    with _autocommit(raw):
        while not _got_lock(raw):
            if time.monotonic() >= until:
                raise TicketSchemaError(
                    f"Another runner was still at work after {options.runner_wait:g} s.",
                    hint="Let it finish, or look for its session in pg_stat_activity"
                    " (application_name ticket-schema).",
                    exit_code=Exit.TIMED_OUT,
                )
            if not waiting:
                report(Progress("waiting"))
                waiting = True
            time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        if not raw.closed:
            raw.rollback()
            with _autocommit(raw):
                raw.execute("SELECT pg_advisory_unlock(%s)", [RUNNER_LOCK])


def _got_lock(raw: psycopg.Connection) -> bool:
    row = raw.execute("SELECT pg_try_advisory_lock(%s)", [RUNNER_LOCK]).fetchone()
    return bool(row and row[0])


def _migrate(
    context: ModuleType,
    script: ScriptDirectory,
    raw: psycopg.Connection,
    connection: sa.Connection,
    *,
    options: Options,
    report: Callable[[Progress], None],
) -> None:
    with _autocommit(raw):
        raw.execute("SELECT set_config('search_path', 'pg_catalog, pg_temp', FALSE)")
        role = _setting(raw, "role")
        if not preflight.version_is_readable(raw):
            preflight.become_owner(raw)
    configured = _configure(context, connection)
    if configured.opts.get("purge"):
        raise TicketSchemaError(
            "stamp --purge is not supported.",
            hint=f"As {preflight.OWNER}, DELETE FROM {steps.SCHEMA}.alembic_version; then stamp.",
        )
    heads = configured.get_current_heads()
    _known(script, heads)
    # Alembic's own plan, made once: a retry goes on where the last try stopped, also when the
    # target was relative.
    pending = deque(_plan(configured, heads))
    expected = _folded(heads, pending)
    connection.rollback()
    if not pending:
        return

    with _autocommit(raw):
        upgrades = any(isinstance(step, RevisionStep) and step.is_upgrade for step in pending)
        if upgrades and not heads:
            _refuse_unversioned(preflight.tables_without_version(raw))
        # Roles and schema are the login's to make, not the owner's.
        _set(raw, "role", role)
        preflight.roles_are_sound(raw, may_create=options.create_roles)
        preflight.schema_can_be_created(raw)
        if not heads:
            _bootstrap(raw, script, options)
        preflight.become_owner(raw)

    _run(context, raw, connection, pending, options=options, report=report)
    if not heads and not upgrades:
        # A stamp made the version table itself, so its comments and grants are missing.
        (base,) = script.get_bases()
        with _autocommit(raw):
            raw.execute(steps.read("tables/alembic_version", base).encode())
    _assert_reached(context, connection, expected)


def _run(
    context: ModuleType,
    raw: psycopg.Connection,
    connection: sa.Connection,
    pending: deque[Step],
    *,
    options: Options,
    report: Callable[[Progress], None],
) -> None:
    done: set[str] = set()

    def remaining(_heads: object, _context: object) -> Iterator[Step]:
        while pending:
            step = pending[0]
            started = time.monotonic()
            report(_progress("running", step))
            yield step
            # Reached only after the revision's last transaction was committed.
            pending.popleft()
            done.clear()
            report(_progress("done", step, time.monotonic() - started))

    tries = 0
    while True:
        before = (len(pending), len(done))
        with _autocommit(raw):
            _apply_settings(raw, options)
        _configure(context, connection, fn=remaining, done=done)
        try:
            context.run_migrations()
        except sa.exc.SQLAlchemyError as caught:
            connection.rollback()
            error = _of_the_server(caught)
            # What was committed since the last try is not tried again.
            tries = tries + 1 if before == (len(pending), len(done)) else 1
            if tries < options.lock_tries and _sqlstate(error) in _PASSING:
                _pause(tries, pending[0], report)
                continue
            stands = _take_back(raw, pending[0], options)
            raise _failure(error, pending[0], tries, options, stands) from error
        else:
            return


def _folded(heads: tuple[str, ...], planned: Iterable[Step]) -> set[str]:
    """Returns what the version table must hold after the planned steps."""
    reached = set(heads)
    for step in planned:
        reached = (reached - set(step.from_revisions)) | set(step.to_revisions)
    return reached


def _plan(configured: MigrationContext, heads: tuple[str, ...]) -> list[Step]:
    try:
        planned: list[Step] = list(configured.opts["fn"](heads, configured))
    except TicketSchemaError:
        raise
    except CommandError as error:
        raise TicketSchemaError(
            f"{str(error).rstrip('.')}.",
            hint="List the revisions with: ticket-schema history.",
            exit_code=Exit.USAGE,
        ) from error
    return planned


def _known(script: ScriptDirectory, heads: tuple[str, ...]) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    unknown = sorted(set(heads) - known)
    if unknown:
        raise TicketSchemaError(
            f"The database stands at revision {', '.join(unknown)}, which this package does not"
            f" know; its head is {', '.join(script.get_heads())}.",
            hint="Install the version of ticket-schema that wrote it. Nothing was changed.",
        )


def _refuse_unversioned(tables: list[str]) -> None:
    if tables:
        shown = ", ".join(tables[:3]) + (", …" if len(tables) > 3 else "")  # noqa: PLR2004
        raise TicketSchemaError(
            f"Schema {steps.SCHEMA} has tables ({shown}) but no version row.",
            hint="Find out which revision they stand at and record it: ticket-schema stamp"
            " REVISION.",
        )


def _bootstrap_steps(script: ScriptDirectory, options: Options) -> list[tuple[str, str]]:
    (base,) = script.get_bases()
    revision = script.get_revision(base)
    return [
        (step, base)
        for step in revision.module.BOOTSTRAP
        if options.create_roles or not step.startswith("roles/")
    ]


def _bootstrap(raw: psycopg.Connection, script: ScriptDirectory, options: Options) -> None:
    with raw.transaction():
        for step in _bootstrap_steps(script, options):
            try:
                raw.execute(steps.read(*step).encode())
            except psycopg.errors.InsufficientPrivilege as error:
                raise TicketSchemaError(
                    f"Schema and roles cannot be made: {error.diag.message_primary}.",
                    hint="Let a DBA make the roles and run: GRANT ticketing_owner TO the role that"
                    " migrates. Nothing was changed.",
                ) from error


def _settings(options: Options, server_version: int = 0) -> dict[str, str]:
    settings = {
        # Names and operators of other schemas must not slip into what the owner defines.
        "search_path": "pg_catalog, pg_temp",
        # A data step that row level security would silently empty fails instead.
        "row_security": "off",
        "lock_timeout": options.lock_timeout,
        "statement_timeout": options.statement_timeout,
        # Whatever else a server cuts off by default is meant for clients, not for a migration.
        "idle_session_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
        # What may have been left behind is dropped if it exists; that it does not is no news.
        "client_min_messages": "warning",
        "ticket_schema.allow_data_loss": "on" if options.allow_data_loss else "off",
    }
    if server_version >= 170000:  # noqa: PLR2004 - the version that has it
        settings["transaction_timeout"] = "0"
    return settings


def _setting(raw: psycopg.Connection, name: str) -> str:
    row = raw.execute("SELECT coalesce(current_setting(%s, TRUE), '')", [name]).fetchone()
    return row[0] if row else ""


def _set(raw: psycopg.Connection, name: str, value: str) -> None:
    raw.execute("SELECT set_config(%s, %s, FALSE)", [name, value])


def _apply_settings(raw: psycopg.Connection, options: Options) -> None:
    for name, value in _settings(options, raw.info.server_version).items():
        try:
            _set(raw, name, value)
        except psycopg.errors.InvalidParameterValue as error:
            raise TicketSchemaError(
                f"{name} cannot be {value!r}.",
                hint="Write durations as PostgreSQL does: 500ms, 3s, 15min.",
                exit_code=Exit.USAGE,
            ) from error


def _of_the_server(caught: sa.exc.SQLAlchemyError) -> sa.exc.DBAPIError:
    # A session that was ended outside a transaction fails once more on the way out of it.
    found: BaseException | None = caught
    while found is not None and not isinstance(found, sa.exc.DBAPIError):
        found = found.__context__
    if found is None:
        raise caught
    return found


def _sqlstate(error: sa.exc.DBAPIError) -> str | None:
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def _pause(attempt: int, step: Step, report: Callable[[Progress], None]) -> None:
    # Jitter, so that several runners of several services do not knock in step.
    longest = min(_LONGEST_PAUSE_SECONDS, 0.25 * 2**attempt)
    pause = random.uniform(longest / 2, longest)  # noqa: S311 - no secret
    report(_progress("retrying", step, pause))
    time.sleep(pause)


def _take_back(raw: psycopg.Connection, step: Step, options: Options) -> str:
    """Takes away what a revision had committed when it failed, and says what is left.

    Args:
        raw: the session of the run, outside a transaction.
        step: what failed.
        options: how long to wait for locks, and how often.
    """
    early = _committed_early(step)
    if not early:
        return "Its transaction was rolled back."
    if not isinstance(step, RevisionStep) or not step.is_upgrade:
        return "What it did before stays done."
    left = "What it did before stays, until the next run does it anew."
    for attempt in range(options.lock_tries):
        try:
            with _autocommit(raw):
                _apply_settings(raw, options)
                for names, texts in early.items():
                    if _any_exists(raw, names):
                        for text in texts:
                            with nullcontext() if "CONCURRENTLY" in text else raw.transaction():
                                raw.execute(text.encode())
        except psycopg.Error as error:
            if error.sqlstate not in _PASSING:
                return left
            time.sleep(min(_LONGEST_PAUSE_SECONDS, 0.1 * 2**attempt))
        else:
            return "Nothing of it stays."
    return left


def _committed_early(step: Step) -> dict[tuple[str, ...], list[str]]:
    if not isinstance(step, RevisionStep):
        return {}
    return steps.committed_early(step.revision.revision, _listed(step))


def _listed(step: RevisionStep) -> Sequence[str]:
    listed: Sequence[str] = getattr(step.revision.module, "STEPS", ())
    return listed


def _any_exists(raw: psycopg.Connection, names: Sequence[str]) -> bool:
    row = raw.execute(
        "SELECT EXISTS ("
        "SELECT FROM pg_catalog.pg_constraint WHERE conname = ANY(%(names)s)"
        " AND connamespace = %(schema)s::regnamespace"
        " UNION ALL SELECT FROM pg_catalog.pg_class WHERE relname = ANY(%(names)s)"
        " AND relnamespace = %(schema)s::regnamespace)",
        {"names": list(names), "schema": steps.SCHEMA},
    ).fetchone()
    return bool(row and row[0])


def _failure(
    error: sa.exc.DBAPIError, step: Step, attempt: int, options: Options, stands: str
) -> TicketSchemaError:
    driver = error.orig
    state = _sqlstate(error)
    name = ", ".join(step.to_revisions if step.is_upgrade else step.from_revisions)
    if state in _PASSING:
        return TicketSchemaError(
            f"Revision {name} did not get its locks in {attempt} tries of {options.lock_timeout}.",
            hint=f"{stands} End the long transactions (pg_stat_activity), then run it again.",
            exit_code=Exit.TIMED_OUT,
        )
    message = str(driver).strip().splitlines()[0] if str(driver).strip() else type(driver).__name__
    diagnostics = getattr(driver, "diag", None)
    hint = getattr(diagnostics, "message_hint", None)
    rule = getattr(diagnostics, "constraint_name", None)
    if state == _DUPLICATES and isinstance(step, RevisionStep) and rule:
        hint = steps.remedy(step.revision.revision, _listed(step), rule) or hint
    where = "".join(f" ({note})" for note in getattr(error, "__notes__", []))
    return TicketSchemaError(
        f"Revision {name} failed{where}: {redact(message).rstrip('.')} [{state or 'no SQLSTATE'}].",
        hint=f"{hint} {stands}" if hint else f"{stands} Mend the cause, then run it again.",
    )


def _assert_reached(context: ModuleType, connection: sa.Connection, expected: set[str]) -> None:
    found = set(_configure(context, connection).get_current_heads())
    connection.rollback()
    if found != expected:
        raise TicketSchemaError(
            f"The database stands at {', '.join(sorted(found)) or 'base'} instead of"
            f" {', '.join(sorted(expected)) or 'base'}.",
            hint="Somebody else wrote the version table meanwhile; look before running anything.",
        )


def _progress(
    kind: Literal["running", "done", "retrying"], step: Step, seconds: float = 0.0
) -> Progress:
    if not isinstance(step, RevisionStep):
        return Progress(kind, ", ".join(step.to_revisions), "", seconds, "stamp")
    title = (step.revision.doc or "").rstrip(".")
    direction: Literal["upgrade", "downgrade"] = "upgrade" if step.is_upgrade else "downgrade"
    return Progress(kind, step.revision.revision, title, seconds, direction)


def _print_progress(context: ModuleType) -> Callable[[Progress], None]:
    def show(progress: Progress) -> None:
        if progress.kind == "done":
            line = f"{progress.direction} {progress.revision} {progress.title}"
            context.config.print_stdout("%s (%.2f s)", line.strip(), progress.seconds)
        elif progress.kind == "retrying":
            context.config.print_stdout(
                "%s waits for a lock, next try in %.1f s", progress.revision, progress.seconds
            )
        elif progress.kind == "waiting":
            context.config.print_stdout("waiting for another runner to finish")

    return show
