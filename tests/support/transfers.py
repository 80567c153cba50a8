"""Codes and transfers of one ticket, as services call the functions for them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from .databases import Database
from .factories import Make, Row
from .races import until_it_waits
from .session import Session

Act = Callable[[psycopg.Connection], Any]


def hashed(code: str) -> str:
    """Returns what a service stores of a code."""
    return hashlib.sha256(code.encode()).hexdigest()


def query(function: str, **named: Any) -> tuple[str, list[Any]]:
    """Returns the call of a function; arguments are named without their p_."""
    arguments = ", ".join(f"p_{name} => %s" for name in named)
    return f"SELECT * FROM ticketing.{function}({arguments})", list(named.values())


def calling(function: str, **named: Any) -> Act:
    """Returns what a caller of a race does: it calls a function and returns its row."""

    def act(connection: psycopg.Connection) -> Any:
        text, values = query(function, **named)
        with connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(text.encode(), values).fetchone()

    return act


def finds_the_offer_free(target: Database, desk: Desk, transfer: UUID, act: Act) -> Any:
    """Returns what a service did that came while another one held the ticket.

    The other one must find the offer free, or each would wait for what the other has.
    """
    tenant = "SELECT set_config('app.current_tenant_id', %s, TRUE)"
    lock = "SELECT id FROM ticketing.{} WHERE id = %s FOR NO KEY UPDATE NOWAIT"

    def come_later() -> Any:
        with later.transaction():
            later.execute(tenant, [str(desk.tenant)])
            return act(later)

    with (
        target.connect("ts_test_app") as sooner,
        target.connect("ts_test_app") as later,
        target.connect() as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        with sooner.transaction():
            sooner.execute(tenant, [str(desk.tenant)])
            sooner.execute(lock.format("tickets").encode(), [desk.ticket])
            done = pool.submit(come_later)
            until_it_waits(watcher, later, done)
            sooner.execute(lock.format("ticket_transfers").encode(), [transfer])
        return done.result(timeout=10)


class Desk:
    """A ticket with a code, its holder, a friend, and a door that is open.

    Args:
        db: a session of the superuser.
        tenant: whose they are.
        ticket: columns of the ticket.
    """

    def __init__(self, db: Session, tenant: UUID, **ticket: Any) -> None:
        self.db = db
        self.make = Make(db)
        self.tenant = tenant
        now = datetime.now(UTC)
        self.event: UUID = self.make.id(
            "events", tenant, starts_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=4)
        )
        self.sender: UUID = self.make.id("users", tenant)
        self.friend: UUID = self.make.id("users", tenant, email=f"{self.sender}@example.org")
        given = {"status": "active", "user_id": self.sender, "qr_code": "old code", **ticket}
        self.ticket: UUID = self.make.id("tickets", tenant, event_id=self.event, **given)

    def call(
        self,
        function: str,
        *,
        acting: Row | None = None,
        role: str = "ticketing_app",
        **named: Any,
    ) -> Row:
        """Returns what a function answers a service of the tenant, or whoever `acting` says."""
        text, values = query(function, **named)
        with self.db.acting(role, **{"tenant": self.tenant, **(acting or {})}) as session:
            return session.one(text, *values)

    def start(self, **named: Any) -> UUID:
        """Returns the id of a new offer to the friend, with the acceptance code `secret`."""
        given = {
            "ticket_id": self.ticket,
            "to_email": "friend@example.org",
            "acceptance_code_hash": hashed("secret"),
            **named,
        }
        if "acting" not in named:
            given = {"from_user_id": self.sender, **given}
        made: UUID = self.call("start_transfer", **given)["transfer_id"]
        return made

    def accept(self, transfer: UUID, **named: Any) -> Row:
        """Returns the answer to the friend who accepts with the right code."""
        given = {"acceptance_code_hash": hashed("secret"), **named}
        if "acting" not in named:
            given = {"user_id": self.friend, **given}
        return self.call("accept_transfer", transfer_id=transfer, **given)

    def hand_over(self, **named: Any) -> Row:
        """Returns the answer to a gift that is offered and accepted at once."""
        return self.accept(self.start(), **named)

    def scan(self, code: str, **named: Any) -> str:
        """Returns what the door says to a code."""
        given = {"tenant_id": self.tenant, "event_id": self.event, **named}
        result: str = self.call("scan_code", code_hash=hashed(code), **given)["result"]
        return result

    def resolve(self, code: str) -> tuple[str, str | None]:
        """Returns what is known of a code: its status, and why it died."""
        row = self.call("resolve_credential", code_hash=hashed(code))
        return row["status"], row["revoked_reason"]

    def read(self, table: str = "tickets", row: UUID | None = None) -> Row:
        """Returns a row as it is, of the ticket unless told otherwise."""
        return self.db.one(f"SELECT * FROM ticketing.{table} WHERE id = %s", row or self.ticket)

    def put(self, table: str, row: UUID, **values: Any) -> None:
        """Changes a row past every trigger."""
        self.db.run("SET LOCAL session_replication_role = replica")
        columns = ", ".join(f"{name} = %s" for name in values)
        change = f"UPDATE ticketing.{table} SET {columns} WHERE id = %s"
        assert self.db.run(change, *values.values(), row) == 1
        self.db.run("SET LOCAL session_replication_role = origin")

    def overdue(self, transfer: UUID) -> None:
        """Lets the time of an offer run out, with no sweeper coming by."""
        now = datetime.now(UTC)
        self.put(
            "ticket_transfers",
            transfer,
            created_at=now - timedelta(hours=2),
            expires_at=now - timedelta(seconds=1),
        )
