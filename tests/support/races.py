"""Callers that meet: real connections in real threads, let go at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID

import psycopg

from .databases import Database

T = TypeVar("T")


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
