"""What maintenance works on: rows whose deadline is so far from now, and rows of some age."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg.errors import Diagnostic

from .factories import Make
from .session import Session

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Sweeper:
    """A function that ends overdue rows of one table.

    Args:
        function: its name; it takes the size of a batch.
        table: whose rows it ends.
        make: makes a row whose deadline was so long ago, and returns its id.
    """

    function: str
    table: str
    make: Callable[[Make, UUID, timedelta], UUID]

    def sweep(self, db: Session, batch: int = 1000) -> int:
        """Calls it once."""
        swept: int = db.value(f"SELECT ticketing.{self.function}(%s)", batch)
        return swept

    def status(self, db: Session, row: UUID) -> str:
        """Returns the status of a row."""
        found: str = db.value(f"SELECT status FROM ticketing.{self.table} WHERE id = %s", row)
        return found


def _timed(table: str, begin: str = "created_at") -> Callable[[Make, UUID, timedelta], UUID]:
    def make_row(make: Make, tenant: UUID, ago: timedelta) -> UUID:
        deadline = datetime.now(UTC) - ago
        times = {begin: deadline - timedelta(hours=1), "expires_at": deadline}
        return make.id(table, tenant, **times)

    return make_row


def offer(make: Make, tenant: UUID, ago: timedelta) -> UUID:
    """Returns the id of an offer of the waitlist, which lapses with its reservation."""
    deadline = datetime.now(UTC) - ago
    times = {"created_at": deadline - timedelta(hours=1), "expires_at": deadline}
    reservation = make.row("reservations", tenant, **times)
    return make.id(
        "waitlist",
        tenant,
        ticket_type_id=reservation["ticket_type_id"],
        user_id=reservation["user_id"],
        reservation_id=reservation["id"],
        status="notified",
        notified_at=deadline - timedelta(hours=1),
        offer_expires_at=deadline,
    )


SWEEPERS = (
    Sweeper("expire_reservations", "reservations", _timed("reservations")),
    Sweeper("expire_offers", "waitlist", offer),
    Sweeper("expire_holds", "holds", _timed("holds")),
    Sweeper("expire_house_holds", "ticket_holds", _timed("ticket_holds")),
    Sweeper("expire_transfers", "ticket_transfers", _timed("ticket_transfers")),
    Sweeper(
        "expire_approval_requests",
        "multisig_approval_requests",
        _timed("multisig_approval_requests", "requested_at"),
    ),
)


@dataclass(frozen=True)
class Pruner:
    """A function that deletes rows of one table by age.

    Args:
        function: its name; it takes how long rows are kept and the size of a batch.
        table: whose rows it deletes.
        least: what rows are kept for, whatever it is asked.
        usual: what they are kept for unless told.
        make: makes a row of that age that nothing needs, and returns its id.
    """

    function: str
    table: str
    least: timedelta
    usual: timedelta
    make: Callable[[Make, UUID, timedelta], UUID]

    def prune(self, db: Session, keep: timedelta | None = None, batch: int = 1000) -> int:
        """Calls it once; the least age is what it keeps unless told."""
        query = f"SELECT ticketing.{self.function}(%s, %s)"
        pruned: int = db.value(query, self.least if keep is None else keep, batch)
        return pruned

    def left(self, db: Session) -> set[UUID]:
        """Returns the ids of the rows that are there."""
        return {row["id"] for row in db.all(f"SELECT id FROM ticketing.{self.table}")}


def delivered(make: Make, tenant: UUID, age: timedelta) -> UUID:
    """Returns the id of an event that was delivered so long ago."""
    then = datetime.now(UTC) - age
    return make.id("outbox", tenant, status="processed", processed_at=then, created_at=then)


def _message(make: Make, tenant: UUID, age: timedelta) -> UUID:
    then = datetime.now(UTC) - age
    return make.id("ticket_notifications", tenant, status="sent", sent_at=then, updated_at=then)


def ended_reservation(make: Make, tenant: UUID, age: timedelta) -> UUID:
    """Returns the id of a reservation that expired so long ago, with its history."""
    then = datetime.now(UTC) - age
    db = make.session
    row = make.id("reservations", tenant, created_at=then - MINUTE, expires_at=then)
    with db.saying(actor="system"):
        db.run("UPDATE ticketing.reservations SET status = 'expired' WHERE id = %s", row)
    with db.unguarded("reservations", "10_guard"), db.unguarded("reservations", "90_raise_version"):
        db.run("UPDATE ticketing.reservations SET released_at = %s WHERE id = %s", then, row)
    with _freely(db, "reservation_history"):
        db.run(
            "UPDATE ticketing.reservation_history SET created_at = %s WHERE reservation_id = %s",
            *(then, row),
        )
    return row


def ended_hold(make: Make, tenant: UUID, age: timedelta) -> UUID:
    """Returns the id of a hold that expired so long ago."""
    then = datetime.now(UTC) - age
    db = make.session
    row = make.id("holds", tenant, created_at=then - MINUTE, expires_at=then)
    with db.saying(actor="system"):
        db.run("UPDATE ticketing.holds SET status = 'expired' WHERE id = %s", row)
    with db.unguarded("holds", "10_guard"):
        db.run("UPDATE ticketing.holds SET released_at = %s WHERE id = %s", then, row)
    return row


def _attempt(make: Make, tenant: UUID, age: timedelta) -> UUID:
    return make.id("account_lockout_events", tenant, created_at=datetime.now(UTC) - age)


def _crossing(make: Make, tenant: UUID, age: timedelta) -> UUID:
    return make.id("tenant_access_violations", tenant, occurred_at=datetime.now(UTC) - age)


PRUNERS = (
    Pruner("prune_outbox", "outbox", timedelta(hours=1), 7 * DAY, delivered),
    Pruner("prune_notifications", "ticket_notifications", 30 * DAY, 180 * DAY, _message),
    Pruner("prune_reservations", "reservations", 30 * DAY, 90 * DAY, ended_reservation),
    Pruner("prune_holds", "holds", 30 * DAY, 90 * DAY, ended_hold),
    Pruner("prune_lockout_events", "account_lockout_events", 90 * DAY, 180 * DAY, _attempt),
    Pruner("prune_access_violations", "tenant_access_violations", 90 * DAY, 366 * DAY, _crossing),
)


@dataclass(frozen=True)
class Chore:
    """A task of maintenance.

    Args:
        task: the function that does it.
        table: whose rows it ends or deletes.
        make: makes a row that is due.
        make_early: makes one that is not, and soon may be.
    """

    task: str
    table: str
    make: Callable[[Make, UUID], object]
    make_early: Callable[[Make, UUID], object]


def _swept(sweeper: Sweeper) -> Chore:
    return Chore(
        sweeper.function,
        sweeper.table,
        lambda make, tenant: sweeper.make(make, tenant, MINUTE),
        lambda make, tenant: sweeper.make(make, tenant, -MINUTE),
    )


def _pruned(pruner: Pruner) -> Chore:
    return Chore(
        pruner.function,
        pruner.table,
        lambda make, tenant: pruner.make(make, tenant, pruner.usual + DAY),
        lambda make, tenant: pruner.make(make, tenant, pruner.usual - 2 * DAY),
    )


def _order(ago: timedelta) -> Callable[[Make, UUID], object]:
    return lambda make, tenant: make.id("orders", tenant, expires_at=datetime.now(UTC) - ago)


def _key(ago: timedelta) -> Callable[[Make, UUID], object]:
    def make_row(make: Make, tenant: UUID) -> object:
        past = datetime.now(UTC) - ago
        return make.id(
            "idempotency_keys", tenant, created_at=past - timedelta(hours=1), expires_at=past
        )

    return make_row


def _nonce(ago: timedelta) -> Callable[[Make, UUID], object]:
    def make_row(make: Make, tenant: UUID) -> object:
        past = datetime.now(UTC) - ago
        times = {"received_at": past - timedelta(hours=1), "expires_at": past}
        return make.row("webhook_nonces", tenant, **times)

    return make_row


def _transaction(height: int) -> Callable[[Make, UUID], object]:
    return lambda make, tenant: make.id(
        "pending_transactions",
        tenant,
        last_valid_block_height=1000,
        not_found_at_height=height,
    )


CHORES = (
    *map(_swept, SWEEPERS),
    Chore("expire_transactions", "pending_transactions", _transaction(1001), _transaction(1000)),
    Chore("expire_unpaid_orders", "orders", _order(MINUTE), _order(-MINUTE)),
    Chore("cleanup_expired_idempotency_keys", "idempotency_keys", _key(MINUTE), _key(-MINUTE)),
    Chore("cleanup_expired_webhook_nonces", "webhook_nonces", _nonce(MINUTE), _nonce(-MINUTE)),
    *map(_pruned, PRUNERS),
)


@dataclass(frozen=True)
class Warned:
    """What the server warned of."""

    code: str | None
    message: str
    detail: str | None


@contextmanager
def warnings(db: Session) -> Iterator[list[Warned]]:
    """Collects what the server warns of."""
    heard: list[Warned] = []

    def hear(said: Diagnostic) -> None:
        heard.append(Warned(said.sqlstate, said.message_primary or "", said.message_detail))

    db.connection.add_notice_handler(hear)
    try:
        yield heard
    finally:
        db.connection.remove_notice_handler(hear)


def poison(db: Session, table: str, row: UUID, code: str = "P0001") -> None:
    """Lets every change of a row fail, with an SQLSTATE; undone with the transaction."""
    name = f"poison_{row.hex}"
    db.run(f"""
        CREATE FUNCTION public.{name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'poisoned' USING ERRCODE = '{code}'; END $$
    """)
    db.run(f"""
        CREATE TRIGGER trg_{name} BEFORE UPDATE ON ticketing.{table} FOR EACH ROW
        WHEN (OLD.id = '{row}') EXECUTE FUNCTION public.{name}()
    """)


@contextmanager
def _freely(db: Session, table: str) -> Iterator[None]:
    """Lets history be written as the test needs it."""
    db.run(f"ALTER TABLE ticketing.{table} DISABLE TRIGGER USER")
    try:
        yield
    finally:
        db.run(f"ALTER TABLE ticketing.{table} ENABLE TRIGGER USER")
