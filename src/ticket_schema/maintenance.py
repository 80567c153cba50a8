"""Runs the sweepers and the retention of a database, batch by batch.

Each batch is a transaction of its own, so a run may be killed at any moment and run any number of
times at once: what was committed stays, and nothing is left half done.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import errors, sql

from ticket_schema import status
from ticket_schema.errors import Exit, TicketSchemaError, redact

ROLE = "ticketing_worker"

# In the order in which they begin. What expires gives places back, so it comes before what deletes.
SWEEPERS = (
    "expire_reservations",
    "expire_offers",
    "expire_holds",
    "expire_house_holds",
    "expire_transfers",
    "expire_approval_requests",
    "expire_transactions",
    "expire_unpaid_orders",
    "cleanup_expired_idempotency_keys",
    "cleanup_expired_webhook_nonces",
)
PRUNERS = (
    "prune_outbox",
    "prune_notifications",
    "prune_reservations",
    "prune_holds",
    "prune_lockout_events",
    "prune_access_violations",
)
TASKS = (*SWEEPERS, *PRUNERS)

# Another transaction is in the way, and soon is not.
_IN_THE_WAY = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)
_TRIES = 5
_FIRST_PAUSE = 0.1
_ROW_LEFT = "TK042"
_SETTINGS = {
    # Nobody waits long for a sweeper, which comes again; nor does it hold what it has for long.
    "lock_timeout": "2s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "30s",
    "client_min_messages": "warning",
    # Of every tenant, whatever the login's own settings say.
    "app.current_tenant_id": "",
    "app.current_user_id": "",
    "app.current_user_role": "",
    "app.actor_type": "",
}


@dataclass
class Task:
    """What became of one function.

    Args:
        name: of the function.
        batch: how many rows it is asked for at a time; less after a batch that took too long.
        state: "waiting", then "done", "failed", or "unfinished" when the time was over first.
        rows: how many it changed or deleted.
        batches: how many transactions it took.
        retries: how often a batch was tried again.
        seconds: how long it worked.
        left: what it said of rows that it had to leave.
        error: why it failed.
    """

    name: str
    batch: int
    state: str = "waiting"
    rows: int = 0
    batches: int = 0
    retries: int = 0
    seconds: float = 0.0
    left: list[str] = field(default_factory=list)
    error: str | None = None


@dataclass(frozen=True)
class Pause:
    """Something is in the way of a task, and it is tried again after a pause."""

    task: str
    why: str
    seconds: float


Note = Callable[[Task | Pause], None]


def choose(only: Iterable[str], skip: Iterable[str]) -> tuple[str, ...]:
    """Returns the names of the tasks to run.

    Args:
        only: the tasks that are wanted; all of them when it is empty.
        skip: those that are not.

    Raises:
        TicketSchemaError: there is no task of such a name, or none is left.
    """
    only, skip = list(only), list(skip)
    for name in (*only, *skip):
        if name not in TASKS:
            raise TicketSchemaError(
                # It may be a connection string in the wrong place, so it is not repeated.
                "There is no task of that name.",
                hint="List them with: ticket-schema maintain --dry-run.",
                exit_code=Exit.USAGE,
            )
    chosen = tuple(name for name in TASKS if name in (only or TASKS) and name not in skip)
    if not chosen:
        raise TicketSchemaError(
            "No task is left to run.",
            hint="Skip fewer tasks, or name others.",
            exit_code=Exit.USAGE,
        )
    return chosen


def run(
    connection: psycopg.Connection,
    tasks: Sequence[Task],
    *,
    max_seconds: float | None,
    note: Note,
) -> None:
    """Runs tasks until nothing is due or the time is over.

    Args:
        connection: a login that may act as ticketing_worker, in autocommit mode.
        tasks: what to run; right at any moment, also when the run is broken off.
        max_seconds: when no further batch is begun; None for never.
        note: called when a task is through, and when one has to pause.

    Raises:
        TicketSchemaError: the database is not fit for it, or the connection was lost.
    """
    _prepare(connection, [task.name for task in tasks])
    began = time.monotonic()
    # In turn, a batch each: a long backlog of one task does not keep the others waiting.
    queue = deque(tasks)
    while queue:
        task = queue.popleft()
        if max_seconds is not None and time.monotonic() - began >= max_seconds:
            task.state = "unfinished"
            note(task)
            continue
        started = time.monotonic()
        changed = _try(connection, task, note)
        task.seconds += time.monotonic() - started
        if changed is None:
            task.state = "failed"
        elif changed < task.batch:
            task.state = "done"
        else:
            queue.append(task)
            continue
        note(task)


def backlog(connection: psycopg.Connection, names: Sequence[str]) -> list[dict[str, Any]]:
    """Returns what each task would find to do, and changes nothing.

    Args:
        connection: a login that may act as ticketing_worker, in autocommit mode.
        names: the tasks.

    Raises:
        TicketSchemaError: the database is not fit for it.
    """
    _prepare(connection, names)
    with connection.transaction():
        _enter(connection)
        connection.execute("SET TRANSACTION READ ONLY")
        connection.execute("SET LOCAL statement_timeout = '10min'")
        rows = connection.execute(
            "SELECT task, due, oldest FROM ticketing.maintenance_backlog WHERE task = ANY (%s)",
            [list(names)],
        ).fetchall()
    found = {task: {"task": task, "due": due, "oldest": oldest} for task, due, oldest in rows}
    return [found[name] for name in names]


def _prepare(connection: psycopg.Connection, names: Sequence[str]) -> None:
    # Whatever the login's default is: the functions are made for this one.
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
    # Behind a transaction-pooling proxy the next batch may be on another server session.
    connection.prepare_threshold = None
    ((standby, missing),) = connection.execute(
        """
        SELECT
            pg_catalog.pg_is_in_recovery(),
            ARRAY(
                SELECT n.name
                FROM unnest(%s::text[]) AS n (name)
                WHERE NOT EXISTS (
                    SELECT
                    FROM pg_catalog.pg_proc AS p
                    WHERE
                        p.pronamespace = pg_catalog.to_regnamespace('ticketing')
                        AND p.proname = n.name
                )
            )
        """,
        [[*names, "require_batch"]],
    )
    if standby:
        raise TicketSchemaError(
            "This server is a standby and cannot be written to.", hint="Name the primary in --url."
        )
    if missing:
        raise TicketSchemaError(
            f"The database stands at {status.revision_of(connection) or 'base'}"
            f" and has no {missing[0]}.",
            hint="Run: ticket-schema upgrade.",
        )
    with connection.transaction():
        _enter(connection)


def _enter(connection: psycopg.Connection) -> None:
    """Becomes a background job, for the transaction: what else the login may do counts for less."""
    try:
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(ROLE)))
    except errors.InsufficientPrivilege as error:
        login = connection.info.user
        raise TicketSchemaError(
            f"Role {login} may not act as {ROLE}.", hint=f"Run as a DBA: GRANT {ROLE} TO {login}."
        ) from error
    setting = sql.SQL("pg_catalog.set_config({}, {}, TRUE)")
    settings = [setting.format(name, value) for name, value in _SETTINGS.items()]
    connection.execute(sql.SQL("SELECT {}").format(sql.SQL(", ").join(settings)))


def _try(connection: psycopg.Connection, task: Task, note: Note) -> int | None:
    """Runs a batch, again if need be; returns how many rows, None when it failed."""
    for attempt in range(1, _TRIES + 1):
        try:
            changed, left = _batch(connection, task)
        except (*_IN_THE_WAY, errors.QueryCanceled) as error:
            why = _line(error)
            if isinstance(error, errors.QueryCanceled):
                why = f"{task.batch} rows took too long"
                task.batch = max(1, task.batch // 4)
            if attempt == _TRIES:
                task.error = f"{why}, {_TRIES} times"
                return None
            task.retries += 1
            pause = _FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1)  # noqa: S311 - no secret
            note(Pause(task.name, why, pause))
            time.sleep(pause)
        except psycopg.Error as error:
            if connection.closed:
                raise TicketSchemaError(
                    f"The connection was lost during {task.name}; what was committed stays.",
                    hint="Run it again: it goes on where it stopped.",
                    exit_code=Exit.UNREACHABLE,
                ) from None
            task.error = _line(error)
            return None
        else:
            task.rows += changed
            task.batches += 1
            task.left.extend(row for row in left if row not in task.left)
            return changed
    return None


def _batch(connection: psycopg.Connection, task: Task) -> tuple[int, list[str]]:
    left: list[str] = []

    def hear(said: errors.Diagnostic) -> None:
        if said.sqlstate == _ROW_LEFT:
            left.append(said.message_primary or "")

    call = sql.SQL("SELECT ticketing.{}(p_batch => %s)").format(sql.Identifier(task.name))
    connection.add_notice_handler(hear)
    try:
        with connection.transaction():
            _enter(connection)
            ((changed,),) = connection.execute(call, [task.batch])
    finally:
        connection.remove_notice_handler(hear)
    return int(changed), left


def _line(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error).strip() or type(error).__name__
    return f"{redact(said.splitlines()[0])} [{error.sqlstate}]"
