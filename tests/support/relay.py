"""A chain relay: calls the functions of the schema by the names of their arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from .databases import Database
from .factories import Make, Row, blockhash, signature
from .session import Session

HEIGHT = 1000  # the last valid height of what is signed here
SLOT = 5000
LANDED = datetime(2030, 1, 1, 12, tzinfo=UTC)
STATUSES = ("pending", "confirming", "confirmed", "failed", "expired", "replaced")
OPEN = ("pending", "confirming")


def spell(function: str, arguments: Row) -> tuple[str, list[Any]]:
    """Returns a query that calls a function, and its values."""
    named = ", ".join(f"p_{name} => %s" for name in arguments)
    values = [Jsonb(value) if isinstance(value, dict) else value for value in arguments.values()]
    return f"SELECT ticketing.{function}({named})", values


def call(connection: psycopg.Connection, function: str, **arguments: Any) -> Any:
    """Returns what a function answers on a connection that has its context."""
    query, values = spell(function, arguments)
    row = connection.execute(query.encode(), values or None).fetchone()
    assert row is not None
    return row[0]


def calling(function: str, **arguments: Any) -> Callable[[psycopg.Connection], Any]:
    """Returns what calls a function on the connection that it is given."""
    return lambda connection: call(connection, function, **arguments)


class Relay:
    """Works for one tenant, each call as a service would.

    Args:
        make: makes what a relay finds there.
        tenant: whom it works for.
        role: the group role that it is a member of.
        context: what else the session says, as for `Session.acting`.
    """

    def __init__(
        self, make: Make, tenant: UUID, role: str = "ticketing_app", **context: Any
    ) -> None:
        self.make = make
        self.db: Session = make.session
        self.tenant = tenant
        self.role = role
        self.context = context

    def commit(self) -> None:
        """Commits what was made so far, for connections of their own to find."""
        self.db.connection.commit()

    def acting(self) -> AbstractContextManager[Session]:
        return self.db.acting(self.role, tenant=self.tenant, **self.context)

    def call(self, function: str, **arguments: Any) -> Any:
        query, values = spell(function, arguments)
        with self.acting():
            return self.db.value(query, *values)

    # What there is.

    def ticket(self, status: str = "sold", **given: Any) -> UUID:
        """Returns a ticket that somebody bought."""
        holder = given.pop("user_id", None) or self.make.id("users", self.tenant)
        return self.make.id("tickets", self.tenant, status=status, user_id=holder, **given)

    def row(self, tx: str) -> Row:
        return self.db.one(
            "SELECT * FROM ticketing.pending_transactions WHERE tx_signature = %s", tx
        )

    def status(self, tx: str) -> str:
        status: str = self.row(tx)["status"]
        return status

    def find_ticket(self, ticket: UUID) -> Row:
        return self.db.one("SELECT * FROM ticketing.tickets WHERE id = %s", ticket)

    def log(self, tx: str) -> list[tuple[str, str]]:
        """Returns event type and severity of each entry about a transaction, oldest first."""
        rows = self.db.all(
            """
            SELECT event_type, severity FROM ticketing.blockchain_sync_log
            WHERE tx_signature = %s ORDER BY created_at
            """,
            tx,
        )
        return [(row["event_type"], row["severity"]) for row in rows]

    # What it does.

    def content(self, ticket: UUID | None, **given: Any) -> Row:
        """Returns the arguments with which a transaction is recorded."""
        return {
            "tenant_id": self.tenant,
            "tx_signature": signature(),
            "tx_type": "mint",
            "ticket_id": ticket,
            "event_id": None,
            "from_user_id": None,
            "to_user_id": None,
            "blockhash": blockhash(),
            "last_valid_block_height": HEIGHT,
            **given,
        }

    def create(self, ticket: UUID | None, **given: Any) -> str:
        """Returns the signature of a new transaction."""
        content = self.content(ticket, **given)
        self.call("create_pending_transaction", **content)
        made: str = content["tx_signature"]
        return made

    def see(self, tx: str, commitment: str = "confirmed", slot: int = SLOT, **given: Any) -> Any:
        return self.call("mark_tx_seen", tx_signature=tx, commitment=commitment, slot=slot, **given)

    def miss(self, tx: str, height: int = HEIGHT + 1, **given: Any) -> Any:
        return self.call("mark_tx_not_found", tx_signature=tx, finalized_height=height, **given)

    def confirm(self, tx: str, slot: int = SLOT, **given: Any) -> Any:
        """Confirms; a mint names a token unless told."""
        if "token_mint" not in given and self.row(tx)["tx_type"] == "mint":
            token = self.find_ticket(self.row(tx)["ticket_id"])["token_mint"]
            given["token_mint"] = token or blockhash()
        given = {name: value for name, value in given.items() if value is not None}
        given = {"block_time": LANDED, **given}
        return self.call("confirm_transaction", tx_signature=tx, slot=slot, **given)

    def fail(self, tx: str, code: str | None = "Custom:1", **given: Any) -> Any:
        given = {"error_message": "it did not work", **given}
        return self.call("fail_transaction", tx_signature=tx, error_code=code, **given)

    def expire(self, batch: int | None = 100) -> Any:
        return self.call("expire_transactions", batch=batch)

    def replace(self, tx: str, new: str | None = None, **given: Any) -> str:
        """Returns the signature of the successor."""
        new = new or signature()
        given = {"blockhash": blockhash(), "last_valid_block_height": HEIGHT + 150, **given}
        self.call("replace_transaction", tx_signature=tx, new_signature=new, **given)
        return new

    def resend(self, tx: str) -> Any:
        return self.call("record_rebroadcast", tx_signature=tx)

    def bring(self, ticket: UUID | None, status: str, **given: Any) -> str:
        """Returns a transaction that came to a status along the allowed way."""
        tx = self.create(ticket, **given)
        if status == "confirming":
            self.see(tx)
        elif status == "confirmed":
            self.confirm(tx)
        elif status == "failed":
            self.fail(tx, slot=SLOT)
        elif status in ("expired", "replaced"):
            self.miss(tx)
            self.expire()
            if status == "replaced":
                self.replace(tx)
        assert self.status(tx) == status
        return tx


@contextmanager
def committing(target: Database) -> Iterator[Relay]:
    """Yields a relay of a new tenant in a database of the test's own, where it may commit."""
    with psycopg.connect(target.superuser_url) as connection:
        make = Make(Session(connection))
        yield Relay(make, make.tenant())


def outcome(result: object) -> object:
    """Returns the SQLSTATE of an error, and a result as it is."""
    return result.sqlstate if isinstance(result, psycopg.Error) else result
