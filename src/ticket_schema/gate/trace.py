"""What a statement does to tables that are in use, seen while it runs.

Nothing is read off the text. Locks come from `pg_locks` of the own backend, rewrites from
`pg_relation_filenode` before and after, rows from the counters of the statistics system, so what
happens inside a DO block, a function or a trigger is seen like anything else. Tables that are
younger than the run are left out: nobody else can wait for them.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import psycopg
from psycopg import sql

# Weakest first; https://www.postgresql.org/docs/current/explicit-locking.html, table 13.2.
MODES = (
    "AccessShare",
    "RowShare",
    "RowExclusive",
    "ShareUpdateExclusive",
    "Share",
    "ShareRowExclusive",
    "Exclusive",
    "AccessExclusive",
)
# From here on, writers wait.
STRONG = frozenset(MODES[4:])

# Statements of which a transaction block may consist, though they were sent outside of one.
_WRAPPED = re.compile(
    r"^(?:\s|--[^\n]*\n|/\*.*?\*/)*"
    r"(?:ALTER|COMMENT|CREATE|DELETE|DROP|GRANT|INSERT|REVOKE|TRUNCATE|UPDATE|WITH)\b",
    re.IGNORECASE | re.DOTALL,
)
_UNWRAPPED = re.compile(
    r"\b(?:CONCURRENTLY|ALTER\s+SYSTEM|(?:CREATE|DROP|ALTER)\s+(?:DATABASE|TABLESPACE|SUBSCRIPTION)"
    r"|ADD\s+VALUE)\b|;\s*\S",
    re.IGNORECASE,
)
# What may hold other statements.
_INSIDE = re.compile(
    r"^(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:DO|SELECT|CALL|WITH|INSERT|UPDATE|DELETE)\b",
    re.IGNORECASE | re.DOTALL,
)
NESTED_SCHEMA = "gate_nested"
_SAMPLE_SECONDS = 0.002
_PATIENCE_SECONDS = 1.0
_FIRST_USER_OID = 16384

# The lock_timeout of the scratch database, which stands for none.
PATIENCE_MS = 20_001


class Executes(Protocol):
    """What a connection of any driver can do."""

    def cursor(self) -> Any:
        """Returns a cursor of the database API."""


@dataclass(frozen=True)
class Table:
    """A table that was there before the run.

    Args:
        oid: its object id.
        name: with its schema.
        rows: how many it holds.
    """

    oid: int
    name: str
    rows: int


@dataclass(frozen=True)
class Settings:
    """What was in force when a statement began.

    Args:
        lock_timeout: milliseconds, 0 for none.
        statement_timeout: milliseconds, 0 for none.
        row_security: whether row security filters instead of failing.
        role: the current role.
    """

    lock_timeout: int = 0
    statement_timeout: int = 0
    row_security: bool = True
    role: str = ""


@dataclass(frozen=True)
class Written:
    """Rows of one table that a statement wrote.

    Args:
        inserted: rows that are new.
        updated: rows that were changed.
        deleted: rows that are gone.
    """

    inserted: int = 0
    updated: int = 0
    deleted: int = 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key of a table that was there before the run.

    Args:
        table: whose rows refer.
        name: of the constraint.
        parent: the table they refer to.
    """

    table: str
    name: str
    parent: str


@dataclass(frozen=True)
class Failure:
    """How a statement failed.

    Args:
        sqlstate: five characters, empty when the server did not answer.
        message: the first line of what it said.
        table: the table it named.
        constraint: the constraint it named.
    """

    sqlstate: str
    message: str
    table: str = ""
    constraint: str = ""


@dataclass(frozen=True)
class Trace:
    """What one statement did.

    Args:
        statement: its text.
        transaction: number of its transaction in the run, from 1.
        alone: whether it was committed by itself, outside a transaction.
        locks: strongest lock it took on each table, without what the transaction had before.
        held: strongest lock the transaction had on each table when it began.
        rewritten: tables and indexes whose file it replaced by a new one with the same rows.
        emptied: tables whose file it replaced by an empty one.
        built: indexes that it built on tables that were there before.
        scanned: rows it read of each table.
        written: rows it wrote of each table.
        validated: foreign keys that hold for all rows since.
        nested: the DDL that ran inside it, in order, where `tell_nested` has prepared the database.
        filtered: tables locked by the transaction on which row security applies to the role.
        settings: what was in force when it began.
        seconds: how long it ran.
        affected: rows that the server said it affected; -1 where it said nothing.
        failure: how it failed.
        file: the module it came from.
        line: the line there, from 1.
    """

    statement: str
    transaction: int = 0
    alone: bool = False
    locks: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, str] = field(default_factory=dict)
    rewritten: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    built: tuple[str, ...] = ()
    scanned: Mapping[str, int] = field(default_factory=dict)
    written: Mapping[str, Written] = field(default_factory=dict)
    validated: tuple[ForeignKey, ...] = ()
    nested: tuple[str, ...] = ()
    filtered: tuple[str, ...] = ()
    settings: Settings = Settings()
    seconds: float = 0.0
    affected: int = -1
    failure: Failure | None = None
    file: str = ""
    line: int = 0

    def strongest(self, table: str) -> str | None:
        """Returns the strongest lock that the transaction has on a table after the statement.

        Args:
            table: with its schema.
        """
        modes = [m for m in (self.locks.get(table), self.held.get(table)) if m]
        return max(modes, key=MODES.index, default=None)

    @property
    def did_something(self) -> bool:
        """Whether any table that was there before noticed it."""
        return bool(
            self.locks or self.rewritten or self.emptied or self.built or self.scanned
        ) or bool(self.written)


@dataclass(frozen=True)
class _Seen:
    """One table at one moment, as far as the own transaction sees it."""

    name: str
    gone: bool
    modes: frozenset[str]
    filenode: int
    scanned: int
    written: tuple[int, int, int]
    indexes: Mapping[str, int]
    keys: Mapping[str, tuple[bool, str]]
    filtered: bool


def inventory(connection: psycopg.Connection) -> dict[int, Table]:
    """Returns the tables of a database, with their numbers of rows.

    Args:
        connection: a login from whom row security hides nothing.
    """
    found = connection.execute(
        f"""
        SELECT c.oid::bigint, pg_catalog.format('%I.%I', n.nspname, c.relname)
        FROM pg_catalog.pg_class AS c
        INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
        WHERE c.relkind IN ('r', 'p', 'm') AND c.oid >= {_FIRST_USER_OID}
            AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
            AND (c.relkind <> 'm' OR c.relispopulated)
        ORDER BY 1
        """
    ).fetchall()
    if not found:
        return {}
    counting = " UNION ALL ".join(
        f"SELECT {oid}::bigint, count(*) FROM {name}"  # format('%I') has quoted it
        for oid, name in found
    )
    rows: dict[int, int] = dict(connection.execute(counting.encode()).fetchall())
    return {oid: Table(oid, name.replace('"', ""), rows[oid]) for oid, name in found}


def tell_nested(connection: psycopg.Connection) -> None:
    """Prepares a database so that the DDL inside functions and DO blocks is seen one by one.

    Args:
        connection: a superuser's; the database gets event triggers in a schema of their own.
    """
    connection.execute(_NESTED.encode())


def trace(
    connection: psycopg.Connection,
    statement: str,
    observe: Callable[[], psycopg.Connection] | None = None,
) -> Trace:
    """Runs one statement in the open transaction and returns what it did.

    Args:
        connection: inside a transaction, or in autocommit mode for a statement that cannot run in
            one.
        statement: one statement.
        observe: see `Tracer`.

    Raises:
        psycopg.Error: the statement failed.
    """
    tracer = Tracer(connection, inventory(connection), observe)
    tracer.before(statement)
    started = time.monotonic()
    with tracer.sampling(statement):
        connection.execute(statement.encode())
    return tracer.after(statement, time.monotonic() - started)


class Tracer:
    """Follows the statements of one connection.

    Args:
        connection: of any driver; the tracer reads catalogs through it between the statements.
        tables: what was there before the run.
        observe: opens a second connection, of a superuser and in autocommit mode, that watches
            statements which cannot run in a transaction; without it their locks are not seen.

    Attributes:
        pid: the backend's process, once a statement ran.
    """

    def __init__(
        self,
        connection: Executes,
        tables: Mapping[int, Table],
        observe: Callable[[], psycopg.Connection] | None = None,
    ) -> None:
        self._connection = connection
        self._tables = tables
        self._observe = observe
        self.pid = 0
        self._moment = ""
        self._transactions = 0
        self._settings = Settings()
        self._seen: dict[int, _Seen] = {}
        self._sampled: dict[int, set[str]] = {}
        self._wrapped = False

    def before(self, statement: str) -> None:
        """Looks at the transaction before a statement runs.

        Args:
            statement: what will run next on the connection.
        """
        self._sampled = {}
        self._wrapped = (
            self._autocommit
            and _WRAPPED.match(statement) is not None
            and _UNWRAPPED.search(statement) is None
            and self._outside()
        )
        if self._wrapped:
            # Alone it is a transaction as well, but one that has ended before anybody can look.
            self._run("BEGIN")
        ((moment, pid, lock, limit, security, role, _),) = self._run(_STATE)
        self.pid = pid
        lock = 0 if int(lock) == PATIENCE_MS else int(lock)
        self._settings = Settings(lock, int(limit), security == "on", role)
        if moment != self._moment:
            self._moment = moment
            self._transactions += 1
            self._seen = self._look(every=True)

    def after(self, statement: str, seconds: float, file: str = "", line: int = 0) -> Trace:
        """Returns what the statement did.

        Args:
            statement: what ran since `before`.
            seconds: how long it took.
            file: the module it came from.
            line: the line there.
        """
        nested: tuple[str, ...] = ()
        if _INSIDE.match(statement):
            ((told,),) = self._run("SELECT pg_catalog.current_setting('gate.nested', TRUE)")
            nested = tuple((told or "").splitlines())
        # Only in autocommit mode can a transaction have ended meanwhile.
        alone = self._autocommit and self._run(_STATE)[0][0] != self._moment
        now = self._look(every=alone)
        for oid, modes in self._sampled.items():
            if oid in now:
                now[oid] = replace(now[oid], modes=frozenset(modes))
        found = self._compare(statement, now, alone=alone or self._wrapped)
        if self._wrapped:
            self._run("COMMIT")
            self._wrapped = False
        self._seen = {**self._seen, **now}
        return replace(found, seconds=seconds, nested=nested, file=file, line=line)

    def failed(self, statement: str, failure: Failure, file: str = "", line: int = 0) -> Trace:
        """Returns the trace of a statement that failed.

        Args:
            statement: what ran since `before`.
            failure: how it failed.
            file: the module it came from.
            line: the line there.
        """
        if self._wrapped:
            self._run("ROLLBACK")
            self._wrapped = False
        held = self._strongest(self._seen)
        return Trace(
            statement,
            self._transactions,
            held=held,
            settings=self._settings,
            failure=failure,
            file=file,
            line=line,
        )

    def rest(self) -> Trace | None:
        """Returns what happened since the last statement, past the tracer; None for nothing."""
        if not self._seen or self._outside():
            return None
        ((moment, *_),) = self._run(_STATE)
        if moment != self._moment:
            return None
        now = self._look(every=False)
        found = self._compare("", now, alone=False)
        self._seen = {**self._seen, **now}
        return found if found.did_something else None

    @contextmanager
    def sampling(self, statement: str) -> Iterator[None]:
        """Watches the locks of a statement that cannot run in a transaction, while it runs.

        Args:
            statement: what runs inside.
        """
        if self._wrapped or self._observe is None or not self._outside():
            yield
            return
        over, ready = threading.Event(), threading.Event()
        watcher = threading.Thread(
            target=self._sample,
            args=(self._observe, self._named_in(statement), ready, over),
            daemon=True,
        )
        watcher.start()
        ready.wait()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def _named_in(self, statement: str) -> list[str]:
        """Returns the tables that a statement names, or whose index it names."""
        words = set(re.findall(r"\w+", statement))
        return [
            one.name
            for one in self._seen.values()
            if words & {one.name.partition(".")[2], *one.indexes}
        ]

    def _sample(
        self,
        observe: Callable[[], psycopg.Connection],
        tables: Sequence[str],
        ready: threading.Event,
        over: threading.Event,
    ) -> None:
        try:
            with observe() as observer:
                with suppress(psycopg.Error), observer.transaction():
                    # A writer in the middle of something: a concurrent build waits for it with its
                    # own lock in hand, so that even a short one is seen.
                    observer.execute("SET LOCAL lock_timeout = '1s'")
                    for table in tables:
                        name = sql.Identifier(*table.split(".", 1))
                        observer.execute(
                            sql.SQL("LOCK TABLE ONLY {} IN ROW EXCLUSIVE MODE").format(name)
                        )
                    ready.set()
                    patience = time.monotonic() + _PATIENCE_SECONDS
                    while tables and time.monotonic() < patience and not over.is_set():
                        self._look_at_locks(observer)
                        if self._sampled:
                            break
                        over.wait(_SAMPLE_SECONDS)
                ready.set()
                while not over.is_set():
                    self._look_at_locks(observer)
                    over.wait(_SAMPLE_SECONDS)
        finally:
            ready.set()

    def _look_at_locks(self, observer: psycopg.Connection) -> None:
        for oid, mode in observer.execute(
            "SELECT relation::bigint, mode FROM pg_catalog.pg_locks"
            " WHERE pid = %s AND locktype = 'relation' AND granted AND relation = ANY(%s)",
            [self.pid, list(self._tables)],
        ):
            self._sampled.setdefault(oid, set()).add(mode.removesuffix("Lock"))

    @property
    def _autocommit(self) -> bool:
        return bool(getattr(self._connection, "autocommit", False))

    def _outside(self) -> bool:
        """Whether the connection is in autocommit mode and in no transaction."""
        if not self._autocommit:
            return False
        moments = {self._run(_STATE)[0][0] for _ in range(2)}
        return len(moments) > 1

    def _run(self, text: str) -> list[Any]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(text)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            cursor.close()

    def _look(self, *, every: bool) -> dict[int, _Seen]:
        if not self._tables:
            return {}
        oids = ",".join(map(str, self._tables))
        join = "LEFT" if every else "INNER"
        seen = {}
        for row in self._run(_LOOK.format(oids=oids, join=join)):
            oid, gone, modes, filenode, scanned, inserted, updated, deleted = row[:8]
            indexes, keys, filtered = row[8:]
            seen[int(oid)] = _Seen(
                name=self._tables[int(oid)].name,
                gone=gone,
                modes=frozenset(m.removesuffix("Lock") for m in modes.split(",") if m),
                filenode=int(filenode),
                scanned=int(scanned),
                written=(int(inserted), int(updated), int(deleted)),
                indexes={name: int(node) for name, node in _pairs(indexes)},
                keys={name: (rest.startswith("t"), rest[1:]) for name, rest in _pairs(keys)},
                filtered=filtered,
            )
        return seen

    def _strongest(self, seen: Mapping[int, _Seen]) -> dict[str, str]:
        return {one.name: max(one.modes, key=MODES.index) for one in seen.values() if one.modes}

    def _compare(self, statement: str, now: Mapping[int, _Seen], *, alone: bool) -> Trace:
        locks: dict[str, str] = {}
        rewritten: list[str] = []
        emptied: list[str] = []
        built: list[str] = []
        scanned: dict[str, int] = {}
        written: dict[str, Written] = {}
        validated: list[ForeignKey] = []
        held = {} if alone else self._strongest(self._seen)
        for oid, one in now.items():
            old = self._seen.get(oid)
            if old is None:
                continue
            before = frozenset() if alone else old.modes
            if one.modes - before:
                locks[one.name] = max(one.modes - before, key=MODES.index)
            read = max(0, one.scanned - old.scanned)
            counts = [max(0, a - b) for a, b in zip(one.written, old.written, strict=True)]
            if read:
                scanned[one.name] = read
            if any(counts):
                written[one.name] = Written(*counts)
            if one.gone:
                continue
            if one.filenode != old.filenode:
                (rewritten if read or not self._tables[oid].rows else emptied).append(one.name)
            schema = one.name.partition(".")[0]
            for name, node in one.indexes.items():
                if name not in old.indexes:
                    built.append(f"{schema}.{name}")
                elif node != old.indexes[name] and one.name not in emptied:
                    rewritten.append(f"{schema}.{name}")
            for name, (valid, parent) in one.keys.items():
                if valid and not old.keys.get(name, (False, ""))[0]:
                    validated.append(ForeignKey(one.name, name, parent))
        return Trace(
            statement=statement,
            transaction=self._transactions,
            alone=alone,
            locks=locks,
            held=held,
            rewritten=tuple(rewritten),
            emptied=tuple(emptied),
            built=tuple(built),
            scanned=scanned,
            written=written,
            validated=tuple(validated),
            filtered=tuple(sorted(one.name for one in now.values() if one.filtered and one.modes)),
            settings=self._settings,
        )


def _pairs(text: str) -> Sequence[tuple[str, str]]:
    parts = [part.split("\x02") for part in text.split("\x01") if part]
    return [(first, second) for first, second in parts]


_STATE = """
SELECT
    extract(epoch FROM pg_catalog.now())::text,
    pg_catalog.pg_backend_pid(),
    (extract(epoch FROM pg_catalog.current_setting('lock_timeout')::interval) * 1000)::bigint,
    (extract(epoch FROM pg_catalog.current_setting('statement_timeout')::interval) * 1000)::bigint,
    pg_catalog.current_setting('row_security'),
    current_user::text,
    pg_catalog.set_config('gate.nested', '', TRUE)
"""

# Pending counters of the own backend may be from earlier transactions, and are flushed into the
# shared ones only between two of them: their sum never jumps. Reads through an index are counted
# at the index.
_LOOK = """
SELECT
    t.oid::bigint,
    c.oid IS NULL,
    coalesce(l.modes, ''),
    coalesce(pg_catalog.pg_relation_filenode(t.oid), 0)::bigint,
    pg_catalog.pg_stat_get_tuples_returned(t.oid)
        + coalesce(pg_catalog.pg_stat_get_xact_tuples_returned(t.oid), 0)
        + pg_catalog.pg_stat_get_tuples_fetched(t.oid)
        + coalesce(pg_catalog.pg_stat_get_xact_tuples_fetched(t.oid), 0)
        + coalesce(i.fetched, 0),
    pg_catalog.pg_stat_get_tuples_inserted(t.oid)
        + coalesce(pg_catalog.pg_stat_get_xact_tuples_inserted(t.oid), 0),
    pg_catalog.pg_stat_get_tuples_updated(t.oid)
        + coalesce(pg_catalog.pg_stat_get_xact_tuples_updated(t.oid), 0),
    pg_catalog.pg_stat_get_tuples_deleted(t.oid)
        + coalesce(pg_catalog.pg_stat_get_xact_tuples_deleted(t.oid), 0),
    coalesce(i.files, ''),
    coalesce(k.keys, ''),
    coalesce(c.relrowsecurity AND pg_catalog.row_security_active(t.oid), FALSE)
FROM pg_catalog.unnest('{{{oids}}}'::oid[]) AS t (oid)
LEFT JOIN pg_catalog.pg_class AS c ON t.oid = c.oid
{join} JOIN (
    SELECT
        l.relation,
        pg_catalog.string_agg(DISTINCT l.mode, ',') AS modes
    FROM pg_catalog.pg_locks AS l
    WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.granted
    GROUP BY l.relation
) AS l ON t.oid = l.relation
LEFT JOIN LATERAL (
    SELECT
        pg_catalog.string_agg(
            pg_catalog.concat(
                n.relname, E'\\x02', coalesce(pg_catalog.pg_relation_filenode(n.oid), 0)
            ),
            E'\\x01'
        ) AS files,
        sum(
            pg_catalog.pg_stat_get_tuples_fetched(n.oid)
            + coalesce(pg_catalog.pg_stat_get_xact_tuples_fetched(n.oid), 0)
        )::bigint AS fetched
    FROM pg_catalog.pg_index AS x
    INNER JOIN pg_catalog.pg_class AS n ON x.indexrelid = n.oid
    WHERE x.indrelid = t.oid
) AS i ON TRUE
LEFT JOIN LATERAL (
    SELECT
        pg_catalog.string_agg(
            pg_catalog.concat(
                k.conname, E'\\x02', CASE WHEN k.convalidated THEN 't' ELSE 'f' END,
                m.nspname, '.', p.relname
            ),
            E'\\x01'
        ) AS keys
    FROM pg_catalog.pg_constraint AS k
    INNER JOIN pg_catalog.pg_class AS p ON k.confrelid = p.oid
    INNER JOIN pg_catalog.pg_namespace AS m ON p.relnamespace = m.oid
    WHERE k.conrelid = t.oid AND k.contype = 'f'
) AS k ON TRUE
"""

_NESTED = f"""
CREATE SCHEMA {NESTED_SCHEMA};
CREATE FUNCTION {NESTED_SCHEMA}.tell() RETURNS event_trigger LANGUAGE plpgsql AS $function$
DECLARE
    v_what text;
BEGIN
    IF tg_event = 'table_rewrite' THEN
        v_what := pg_catalog.format(
            'rewrite of %s', pg_catalog.pg_event_trigger_table_rewrite_oid()::pg_catalog.regclass
        );
    ELSE
        SELECT pg_catalog.string_agg(
            DISTINCT pg_catalog.concat_ws(' ', c.command_tag, c.object_identity), E'\\n'
        )
        INTO v_what
        FROM pg_catalog.pg_event_trigger_ddl_commands() AS c;
    END IF;
    PERFORM pg_catalog.set_config(
        'gate.nested',
        pg_catalog.concat_ws(
            E'\\n',
            nullif(pg_catalog.current_setting('gate.nested', TRUE), ''),
            coalesce(v_what, tg_tag)
        ),
        TRUE
    );
END;
$function$;
CREATE EVENT TRIGGER gate_nested_ddl ON ddl_command_end
    EXECUTE FUNCTION {NESTED_SCHEMA}.tell();
CREATE EVENT TRIGGER gate_nested_rewrite ON table_rewrite
    EXECUTE FUNCTION {NESTED_SCHEMA}.tell();
"""
