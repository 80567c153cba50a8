"""Callers that meet: real connections in real threads, let go at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from .databases import Database

T = TypeVar("T")
WAITS = "SELECT FROM pg_locks WHERE NOT granted AND pid = %s"


def race(
    target: Database,
    login: str,
    callers: int,
    act: Callable[[psycopg.Connection, int], T],
    *,
    tenant: UUID | None = None,
    actor: str | None = None,
    reason: str | None = None,
) -> list[T | psycopg.Error]:
    """Returns what each caller got: its result, or the error of the database.

    Args:
        target: a database of its own, since callers commit.
        login: who the callers are.
        callers: how many there are.
        act: what each does inside a transaction of its own; gets its connection and number.
        tenant: set as the context of each transaction.
        actor: what each transaction says about who acts.
        reason: what each transaction says about why.
    """
    context = {
        "app.current_tenant_id": tenant,
        "app.actor_type": actor,
        "app.status_change_reason": reason,
    }
    barrier = threading.Barrier(callers)

    def call(number: int) -> T | psycopg.Error:
        with target.connect(login) as connection:
            barrier.wait()
            try:
                with connection.transaction():
                    for name, value in context.items():
                        if value is not None:
                            connection.execute(
                                "SELECT set_config(%s, %s, TRUE)", [name, str(value)]
                            )
                    return act(connection, number)
            except psycopg.Error as error:
                return error

    with ThreadPoolExecutor(callers) as pool:
        return list(pool.map(call, range(callers)))


def until_it_waits(
    watcher: psycopg.Connection, caller: psycopg.Connection, answer: Future[Any]
) -> None:
    """Returns once a caller waits for a lock; it must not be through before.

    Args:
        watcher: a connection that can look meanwhile.
        caller: the connection of the caller.
        answer: what the caller is about to give.
    """
    while watcher.execute(WAITS, [caller.info.backend_pid]).fetchone() is None:
        assert not answer.done(), "it did not wait"


def in_turn(
    target: Database,
    login: str,
    first: Callable[[psycopg.Connection], T],
    second: Callable[[psycopg.Connection], T],
    *,
    tenant: UUID,
) -> tuple[T, T | psycopg.Error, bool]:
    """Lets a second caller begin while the first has done its work and not committed.

    Args:
        target: a database of its own, since callers commit.
        login: who both are.
        first: what the first does; it commits when the second waits for it, or is through.
        second: what the second does.
        tenant: set as the context of both transactions.

    Returns:
        The result of the first, the result or error of the second, and whether it had to wait.
    """

    def act(connection: psycopg.Connection, what: Callable[[psycopg.Connection], T]) -> T:
        connection.execute("SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)])
        return what(connection)

    def call() -> T | psycopg.Error:
        try:
            with later.transaction():
                return act(later, second)
        except psycopg.Error as error:
            return error

    with (
        target.connect(login) as sooner,
        target.connect(login) as later,
        target.connect() as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        with sooner.transaction():
            result = act(sooner, first)
            answer = pool.submit(call)
            while not answer.done():
                if watcher.execute(WAITS, [later.info.backend_pid]).fetchone() is not None:
                    break
            waited = not answer.done()
        return result, answer.result(timeout=10), waited
