"""ticket_transfers: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DONE = {"accepted_at": NOW, "transferred_at": NOW}
PARENTS = [
    ("fk_ticket_transfers_ticket_id", "ticket_id", "tickets"),
    ("fk_ticket_transfers_from_user_id", "from_user_id", "users"),
    ("fk_ticket_transfers_to_user_id", "to_user_id", "users"),
]


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_ticket_transfers_status", {"status": "open"}),
        ("chk_ticket_transfers_price_positive", {"transfer_type": "resale", "price_cents": -1}),
        ("chk_ticket_transfers_type", {"transfer_type": "sale"}),
        ("chk_ticket_transfers_method", {"transfer_method": "fax"}),
        ("chk_ticket_transfers_gift_free", {"transfer_type": "gift", "price_cents": 1}),
        ("chk_ticket_transfers_email", {"to_email": "Bob@example.org"}),
        ("chk_ticket_transfers_expiry", {"created_at": NOW, "expires_at": NOW}),
        ("chk_ticket_transfers_accepted", {"status": "accepted"}),
        (
            "chk_ticket_transfers_accepted",
            {"status": "accepted", "accepted_at": NOW, "to_user_id": None},
        ),
        ("chk_ticket_transfers_accepted", {"status": "completed", "transferred_at": NOW}),
        ("chk_ticket_transfers_accepted", {"status": "completed", **DONE, "to_user_id": None}),
        ("chk_ticket_transfers_completed", {"status": "completed", "accepted_at": NOW}),
        ("chk_ticket_transfers_completed", {"transferred_at": NOW}),
        ("chk_ticket_transfers_cancelled", {"status": "cancelled"}),
        ("chk_ticket_transfers_cancelled", {"cancelled_at": NOW}),
        ("chk_ticket_transfers_rejected", {"status": "rejected"}),
        ("chk_ticket_transfers_rejected", {"rejected_at": NOW}),
        ("chk_ticket_transfers_chain", {"blockchain_confirmed": True, "tx_signature": "s"}),
        ("chk_ticket_transfers_chain", {"blockchain_confirmed_at": NOW, "tx_signature": "s"}),
        (
            "chk_ticket_transfers_chain",
            {"blockchain_confirmed": True, "blockchain_confirmed_at": NOW},
        ),
        ("chk_ticket_transfers_currency", {"currency": "usd"}),
        ("chk_ticket_transfers_currency", {"currency": "US"}),
        ("chk_ticket_transfers_currency", {"currency": "USDX"}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    bob = make.id("users", tenant)
    with db.refused("23514", constraint):
        make.row("ticket_transfers", tenant, **{"to_user_id": bob, **given})


@pytest.mark.parametrize(
    "given",
    [
        {"status": "pending", "to_user_id": None},
        {"status": "expired"},
        {"status": "accepted", "accepted_at": NOW},
        {"status": "completed", **DONE},
        {"status": "cancelled", "cancelled_at": NOW},
        {"status": "rejected", "rejected_at": NOW},
        {"transfer_type": "gift", "price_cents": 0},
        *({"transfer_type": kind, "price_cents": 1} for kind in ("resale", "admin")),
        {"transfer_type": "correction", "price_cents": 0},
        *({"transfer_method": method} for method in ("direct", "email", "link")),
        *({"transfer_method": method} for method in ("qr", "blockchain")),
        {"created_at": NOW, "expires_at": NOW + TICK},
        {
            "blockchain_confirmed": True,
            "blockchain_confirmed_at": NOW,
            "tx_signature": "s",
        },
        {"blockchain_confirmed": False, "tx_signature": "s"},
        {"currency": "EUR"},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    bob = make.id("users", tenant)
    made = make.row("ticket_transfers", tenant, **{"to_user_id": bob, **given})
    assert given.items() <= made.items()


def test_nobody_transfers_to_themselves(db: Session, make: Make, tenant: UUID) -> None:
    ann = make.id("users", tenant)
    with db.refused("23514", "chk_ticket_transfers_different_users"):
        make.row("ticket_transfers", tenant, from_user_id=ann, to_user_id=ann)


def test_a_code_is_used_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    make.row("ticket_transfers", tenant, transfer_code="TAKE-IT")
    with db.refused("23505", "uq_ticket_transfers_code"):
        make.row("ticket_transfers", tenant, transfer_code="TAKE-IT")
    again = make.row("ticket_transfers", other_tenant, transfer_code="TAKE-IT")
    assert again["transfer_code"] == "TAKE-IT"


def test_transfers_without_a_code_do_not_collide(make: Make, tenant: UUID) -> None:
    first = make.row("ticket_transfers", tenant)
    second = make.row("ticket_transfers", tenant)
    assert first["transfer_code"] is second["transfer_code"] is None


@pytest.mark.parametrize("given", [{"status": "pending"}, {"status": "accepted"}])
def test_a_ticket_has_one_open_transfer(
    db: Session, make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    ticket, bob = make.held_ticket(tenant), make.id("users", tenant)
    open_one = {"ticket_id": ticket, "to_user_id": bob, "accepted_at": NOW, **given}
    make.row("ticket_transfers", tenant, **open_one)
    with db.refused("23505", "uq_ticket_transfers_one_open"):
        make.row("ticket_transfers", tenant, ticket_id=ticket)


@pytest.mark.parametrize(
    "given",
    [
        {"status": "completed", **DONE},
        {"status": "cancelled", "cancelled_at": NOW},
        {"status": "rejected", "rejected_at": NOW},
        {"status": "expired"},
    ],
)
def test_a_closed_transfer_does_not_block_the_next(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    ticket, bob = make.held_ticket(tenant), make.id("users", tenant)
    make.row("ticket_transfers", tenant, ticket_id=ticket, to_user_id=bob, **given)
    assert make.row("ticket_transfers", tenant, ticket_id=ticket)["status"] == "pending"


def test_a_ticket_with_the_same_id_in_another_tenant_has_its_own_transfer(
    make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    ticket = make.row("ticket_transfers", tenant)["ticket_id"]
    holder = make.id("users", other_tenant)
    make.row("tickets", other_tenant, id=ticket, status="active", user_id=holder)
    assert make.row("ticket_transfers", other_tenant, ticket_id=ticket)["status"] == "pending"


def without_guard(db: Session) -> AbstractContextManager[Session]:
    """Lets a sender through who does not hold the ticket, as far as the foreign key."""
    return db.unguarded("ticket_transfers", "10_guard")


@pytest.mark.parametrize(("constraint", "column", "parent"), PARENTS)
def test_a_parent_of_another_tenant_is_refused(
    db: Session,
    make: Make,
    *,
    tenant: UUID,
    other_tenant: UUID,
    constraint: str,
    column: str,
    parent: str,
) -> None:
    given = {"ticket_id": make.held_ticket(tenant), column: make.id(parent, other_tenant)}
    with without_guard(db), db.refused("23503", constraint):
        make.row("ticket_transfers", tenant, **given)


@pytest.mark.parametrize(("constraint", "column", "parent"), PARENTS)
def test_a_parent_must_exist(
    db: Session, make: Make, *, tenant: UUID, constraint: str, column: str, parent: str
) -> None:
    given = {"ticket_id": make.held_ticket(tenant), column: uuid4()}
    with without_guard(db), db.refused("23503", constraint):
        make.row("ticket_transfers", tenant, **given)


def test_a_new_transfer_is_a_pending_gift_for_seven_days(make: Make, tenant: UUID) -> None:
    row = make.row("ticket_transfers", tenant)
    expected = {
        "status": "pending",
        "transfer_type": "gift",
        "transfer_method": "email",
        "price_cents": 0,
        "currency": "USD",
        "blockchain_confirmed": False,
        "version": 1,
    }
    assert expected.items() <= row.items()
    assert row["expires_at"] - row["created_at"] == timedelta(days=7)


@pytest.mark.parametrize(
    ("kind", "is_gift"),
    [("gift", True), ("resale", False), ("admin", False), ("correction", False)],
)
def test_is_gift_follows_the_type(make: Make, tenant: UUID, kind: str, is_gift: bool) -> None:
    assert make.row("ticket_transfers", tenant, transfer_type=kind)["is_gift"] is is_gift


@pytest.mark.parametrize(
    "column",
    [
        "tenant_id",
        "id",
        "ticket_id",
        "from_user_id",
        "is_gift",
        "version",
        "created_at",
        "updated_at",
    ],
)
def test_a_service_cannot_change(db: Session, tenant: UUID, as_tenant: Acting, column: str) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.ticket_transfers SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_a_service_may_change_all_the_rest(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    columns = """
        to_user_id, to_email, transfer_code, acceptance_code_hash, transfer_type,
        transfer_method, price_cents, currency, message, notes, status, expires_at, accepted_at,
        rejected_at, cancelled_at, cancellation_reason, transferred_at, tx_signature,
        blockchain_confirmed, blockchain_confirmed_at, blockchain_transferred_at
    """
    make.row("ticket_transfers", tenant)
    with as_tenant(tenant):
        assert db.run(f"UPDATE ticketing.ticket_transfers SET ({columns}) = ROW ({columns})") == 1


def test_a_service_cannot_delete(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.ticket_transfers")
