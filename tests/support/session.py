"""A connection that plays every role in turn inside one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

CONTEXT = (
    "app.current_tenant_id",
    "app.current_user_id",
    "app.current_user_role",
    "app.status_change_reason",
    "app.actor_type",
    "app.status_change_source",
)


class Session:
    """Wraps a connection inside an open transaction; outside `acting` it is the superuser.

    Args:
        connection: a superuser's connection, not in autocommit mode.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection

    def all(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Returns every row of a query as a dictionary."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def one(self, query: str, *values: Any) -> dict[str, Any]:
        """Returns the only row of a query."""
        rows = self.all(query, *values)
        assert len(rows) == 1, f"{len(rows)} rows instead of one: {query}"
        return rows[0]

    def value(self, query: str, *values: Any) -> Any:
        """Returns the only value of the only row of a query."""
        (only,) = self.one(query, *values).values()
        return only

    def run(self, query: str, *values: Any) -> int:
        """Runs a statement and returns how many rows it touched."""
        return self.connection.execute(query.encode(), values or None).rowcount

    @contextmanager
    def acting(
        self,
        role: str,
        *,
        tenant: UUID | str | None = None,
        user: UUID | str | None = None,
        user_role: str | None = None,
        reason: str | None = None,
        actor: str | None = None,
        source: str | None = None,
    ) -> Iterator[Session]:
        """Acts under a role and a context until the block ends; nothing set means never set."""
        role_before = self.value("SELECT current_setting('role')")
        self.connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        given = (tenant, user, user_role, reason, actor, source)
        try:
            with self._context(dict(zip(CONTEXT, given, strict=True))):
                yield self
        finally:
            if self._usable():
                self.connection.execute(
                    sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role_before))
                    if role_before != "none"
                    else sql.SQL("SET LOCAL ROLE NONE")
                )

    @contextmanager
    def logged_in(self, login: str) -> Iterator[Session]:
        """Is another login until the block ends, where a role alone would not do.

        The server tells session_user by it, so row level security and functions that test who
        logged in see that login and not the superuser.
        """
        self.connection.execute(
            sql.SQL("SET LOCAL SESSION AUTHORIZATION {}").format(sql.Identifier(login))
        )
        try:
            yield self
        finally:
            status = self.connection.info.transaction_status
            if status == psycopg.pq.TransactionStatus.INTRANS:
                self.connection.execute("SET LOCAL SESSION AUTHORIZATION DEFAULT")
                for name in CONTEXT:
                    self.all("SELECT set_config(%s, '', TRUE)", name)

    @contextmanager
    def saying(self, *, actor: str | None = None, reason: str | None = None) -> Iterator[Session]:
        """Gives an actor type and a reason to the changes of a block, under the role it has."""
        with self._context({"app.actor_type": actor, "app.status_change_reason": reason}):
            yield self

    @contextmanager
    def unguarded(self, table: str, guard: str) -> Iterator[Session]:
        """Turns a trigger off for a block, to reach what stands behind it.

        Args:
            table: its table; only the superuser may do so.
            guard: the trigger's name without the table's, such as "10_guard".
        """
        switch = f"ALTER TABLE ticketing.{table} {{}} TRIGGER trg_{table}_{guard}"
        self.run(switch.format("DISABLE"))
        try:
            yield self
        finally:
            if self._usable():
                self.run(switch.format("ENABLE"))

    @contextmanager
    def _context(self, given: dict[str, object]) -> Iterator[None]:
        """Sets what is not None; when the block ends, every variable is what it was before."""
        one = "coalesce(current_setting('{0}', TRUE), '') AS \"{0}\""
        before = self.one(f"SELECT {', '.join(one.format(name) for name in CONTEXT)}")
        self._set({name: str(value) for name, value in given.items() if value is not None})
        try:
            yield
        finally:
            if self._usable():
                self._set(before)

    def _set(self, settings: dict[str, str]) -> None:
        for name, value in settings.items():
            self.all("SELECT set_config(%s, %s, TRUE)", name, value)

    def _usable(self) -> bool:
        return self.connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS

    @contextmanager
    def refused(self, code: str, constraint: str | None = None) -> Iterator[RefusedBy]:
        """Expects the block to fail with an SQLSTATE, and undoes what it did before that.

        Args:
            code: the SQLSTATE.
            constraint: name of the constraint that must be the one to refuse.
        """
        by = RefusedBy()
        with pytest.raises(psycopg.Error) as refused, self.connection.transaction():
            yield by
        by.error = refused.value
        assert by.error.sqlstate == code, f"{by.error.sqlstate} instead of {code}: {by.error}"
        if constraint is not None:
            assert by.error.diag.constraint_name == constraint, str(by.error)
        if code.startswith("TK"):
            assert by.error.diag.message_hint, f"{code} gives no hint"


class RefusedBy:
    """What refused; `error` is filled in when the block has failed."""

    error: psycopg.Error
