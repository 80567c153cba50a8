"""Sees each statement that an Alembic run sends, whatever the project's `env.py` looks like.

The events of SQLAlchemy are heard for every engine of the process, so `op.*`, raw SQL through the
bind and what a helper of the project runs are all seen. Connections are turned to the scratch
database as they are made: an `env.py` that reads its own settings cannot reach any other.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event

from ticket_schema.errors import TicketSchemaError, redact
from ticket_schema.gate.trace import Failure, Table, Trace, Tracer

# What names a server in the arguments of any driver.
_TARGET = {
    "database",
    "dbname",
    "dsn",
    "host",
    "hostaddr",
    "passfile",
    "passwd",
    "password",
    "port",
    "service",
    "ssl",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
}


@dataclass
class Watch:
    """One run of Alembic, seen statement by statement.

    Args:
        url: where every connection goes.
        observe: opens a superuser's connection to the same database.
        modules: the files of the revisions.
        tables: what was there before the run.
        split: cuts a text into its statements.
        kill_after: number of the statement, from 0, after which the server ends the session; None
            to let it live.
        traces: what was seen.
    """

    url: sa.URL
    observe: Callable[[], psycopg.Connection]
    modules: frozenset[str]
    tables: Mapping[int, Table]
    split: Callable[[str], list[str]]
    kill_after: int | None = None
    traces: list[Trace] = field(default_factory=list)

    _tracers: dict[int, Tracer] = field(default_factory=dict)
    _running: ExitStack | None = None
    _place: tuple[str, int] | None = None
    _started: float = 0.0
    _known: dict[str, str | None] = field(default_factory=dict)
    _checked: set[int] = field(default_factory=set)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listens to every engine of the process, until the block ends."""
        heard: list[tuple[str, Callable[..., Any], dict[str, bool]]] = [
            ("do_connect", self._connect, {}),
            ("before_cursor_execute", self._before, {"retval": True}),
            ("after_cursor_execute", self._after, {}),
            ("handle_error", self._failed, {}),
            ("begin", self._begin_transaction, {}),
            ("commit", self._commit, {}),
        ]
        for name, function, options in heard:
            event.listen(sa.Engine, name, function, **options)
        try:
            yield
        finally:
            for name, function, _ in heard:
                event.remove(sa.Engine, name, function)

    def _connect(self, dialect: Any, _record: Any, given: list[Any], named: dict[str, Any]) -> None:
        if dialect.name != "postgresql":
            raise TicketSchemaError(
                f"The project connects to {dialect.name}, not to PostgreSQL.",
                hint="The gate rehearses migrations of PostgreSQL only; run it with --static.",
            )
        arguments, parameters = dialect.create_connect_args(self.url)
        given[:] = arguments
        for name in _TARGET & named.keys():
            del named[name]
        named.update(parameters)

    def _before(
        self,
        connection: sa.Connection,
        _cursor: Any,
        statement: str,
        parameters: Any,
        _context: Any,
        many: bool,
    ) -> tuple[str, Any]:
        raw: Any = connection.connection.dbapi_connection
        self._refuse_elsewhere(raw)
        self._place = self._module_line()
        if self._place is None:
            return statement, parameters
        tracer = self._tracer(raw)
        *first, last = [statement] if many or parameters else self._pieces(raw, statement)
        for piece in first:
            self._run_piece(connection, tracer, raw, piece, parameters)
        self._begin(tracer, last)
        return last, parameters

    def _pieces(self, raw: Any, statement: str) -> list[str]:
        # Outside a transaction several statements are one implicit transaction, and stay that.
        if ";" not in statement.strip().rstrip(";") or getattr(raw, "autocommit", False):
            return [statement]
        return self.split(statement) or [statement]

    def _run_piece(
        self, connection: sa.Connection, tracer: Tracer, raw: Any, piece: str, parameters: Any
    ) -> None:
        self._begin(tracer, piece)
        cursor = raw.cursor()
        try:
            cursor.execute(piece, parameters)
        except Exception as error:
            self._fail(tracer, piece, error)
            loaded = connection.dialect.loaded_dbapi
            raise sa.exc.DBAPIError.instance(
                piece, parameters, error, loaded.Error, dialect=connection.dialect
            ) from error
        else:
            self._end(tracer, piece, cursor.rowcount)
        finally:
            cursor.close()

    def _begin(self, tracer: Tracer, statement: str) -> None:
        tracer.before(statement)
        self._running = ExitStack()
        self._running.enter_context(tracer.sampling(statement))
        self._started = time.monotonic()

    def _after(
        self,
        connection: sa.Connection,
        cursor: Any,
        statement: str,
        _parameters: Any,
        _context: Any,
        _many: bool,
    ) -> None:
        if self._place is not None:
            tracer = self._tracer(connection.connection.dbapi_connection)
            self._end(tracer, statement, cursor.rowcount)

    def _end(self, tracer: Tracer, statement: str, count: int) -> None:
        seconds = time.monotonic() - self._started
        self._stop_sampling()
        file, line = self._place or ("", 0)
        found = tracer.after(_plain(statement), seconds, file, line)
        self.traces.append(replace(found, affected=count))
        if self.kill_after is not None and len(self.traces) > self.kill_after:
            with self.observe() as observer:
                observer.execute("SELECT pg_terminate_backend(%s, 5000)", [tracer.pid])

    def _failed(self, failing: Any) -> None:
        connection = failing.connection
        if self._place is None or connection is None or failing.statement is None:
            return
        if self._running is not None:
            tracer = self._tracer(connection.connection.dbapi_connection)
            self._fail(tracer, failing.statement, failing.original_exception)

    def _fail(self, tracer: Tracer, statement: str, error: BaseException) -> None:
        self._stop_sampling()
        file, line = self._place or ("", 0)
        self.traces.append(tracer.failed(_plain(statement), failure_of(error), file, line))

    def _begin_transaction(self, connection: sa.Connection) -> None:
        # So that what a revision sends past SQLAlchemy is compared with what was there before.
        raw: Any = connection.connection.dbapi_connection
        if self.tables and not getattr(raw, "autocommit", False):
            self._refuse_elsewhere(raw)
            self._tracer(raw).before("")

    def _commit(self, connection: sa.Connection) -> None:
        tracer = self._tracers.get(id(connection.connection.dbapi_connection))
        rest = tracer.rest() if tracer else None
        if rest is not None:
            file, line = self._module_line() or ("", 0)
            self.traces.append(replace(rest, file=file, line=line))

    def _stop_sampling(self) -> None:
        if self._running is not None:
            self._running.close()
            self._running = None

    def _tracer(self, raw: Any) -> Tracer:
        return self._tracers.setdefault(id(raw), Tracer(raw, self.tables, self.observe))

    def _refuse_elsewhere(self, raw: Any) -> None:
        """Makes sure that a connection which was not made through SQLAlchemy goes nowhere else."""
        if id(raw) in self._checked:
            return
        cursor = raw.cursor()
        cursor.execute("SELECT pg_catalog.current_database()")
        (name,) = cursor.fetchone()
        cursor.close()
        if name != self.url.database:
            raise TicketSchemaError(
                f"env.py connects by itself to database {name}, which is not the scratch one.",
                hint="Let env.py take sqlalchemy.url, or DATABASE_URL, or an engine of SQLAlchemy.",
            )
        self._checked.add(id(raw))

    def _module_line(self) -> tuple[str, int] | None:
        """Returns the line of a revision from which the statement comes."""
        frame = sys._getframe(1)
        found = None
        while frame is not None:
            name = frame.f_code.co_filename
            if name not in self._known:
                path = str(Path(name).resolve())
                self._known[name] = path if path in self.modules else None
            path_of = self._known[name]
            if path_of is not None:
                found = (path_of, frame.f_lineno)
                break
            if frame.f_back is None:
                break
            frame = frame.f_back
        return found


def failure_of(error: BaseException) -> Failure:
    """Returns what the server said of a failed statement.

    Args:
        error: of any driver, or SQLAlchemy's around it.
    """
    original: Any = getattr(error, "orig", None) or error
    original = getattr(original, "__cause__", None) if _is_adapted(original) else original
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or ""
    lines = str(original).strip().splitlines()
    # asyncpg has these at the error itself.
    diagnostics = getattr(original, "diag", original)
    schema = getattr(diagnostics, "schema_name", None) or ""
    table = getattr(diagnostics, "table_name", None) or ""
    return Failure(
        state,
        redact(lines[0] if lines else type(original).__name__).rstrip("."),
        f"{schema}.{table}" if table else "",
        getattr(diagnostics, "constraint_name", None) or "",
    )


def _is_adapted(error: Any) -> bool:
    # The drivers of asyncio come wrapped once more.
    return type(error).__module__.startswith("sqlalchemy.dialects") and bool(error.__cause__)


def _plain(statement: str) -> str:
    # SQLAlchemy doubles percent signs for drivers that read them as placeholders.
    return statement.replace("%%", "%").strip()
