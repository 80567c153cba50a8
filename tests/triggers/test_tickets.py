"""Triggers of tickets: purchases, attendance and what a holder may change."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGE = "UPDATE ticketing.tickets SET seat = 'new' WHERE id = %s"


# What else a ticket needs in a status.
NEEDS: dict[str, Row] = {
    "minted": {"is_nft": True, "token_mint": "So11111111111111111111111111111111111111112"},
    "checked_in": {"checked_in_at": "now"},
    "used": {"checked_in_at": "now"},
    "revoked": {"status_reason": "fraud"},
    "refunded": {"status_reason": "asked for"},
    "cancelled": {"status_reason": "cancelled"},
}


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


def bought(db: Session, user: UUID) -> tuple[int, int]:
    row = db.one("SELECT * FROM ticketing.users WHERE id = %s", user)
    return row["ticket_purchase_count"], row["total_spent_cents"]


def attended(db: Session, user: UUID) -> int:
    count: int = db.value("SELECT events_attended FROM ticketing.users WHERE id = %s", user)
    return count


def move(db: Session, ticket: UUID, status: str, **values: object) -> None:
    values = {"status": status, **NEEDS.get(status, {}), **values}
    columns = ", ".join(f'"{name}" = %s' for name in values)
    with db.saying(actor="admin", reason="on its way"):
        db.run(f"UPDATE ticketing.tickets SET {columns} WHERE id = %s", *values.values(), ticket)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("reserved", (0, 0)),
        ("sold", (1, 2500)),
        ("minted", (0, 0)),
        ("active", (1, 2500)),
        ("transferred", (0, 0)),
        ("checked_in", (0, 0)),
        ("used", (0, 0)),
        ("revoked", (0, 0)),
        ("refunded", (0, 0)),
        ("expired", (0, 0)),
        ("cancelled", (0, 0)),
    ],
)
def test_a_ticket_counts_as_bought_when_it_is_made_as_sold_or_active(
    make: Make, tenant: UUID, user: UUID, status: str, expected: tuple[int, int]
) -> None:
    values = {"user_id": user, "price_cents": 2500, **NEEDS.get(status, {})}
    make.id("tickets", tenant, status=status, **values)

    assert bought(make.session, user) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("available > sold", 1),
        ("reserved > sold", 1),
        ("reserved > available > reserved > sold", 1),
        ("available > reserved", 0),
        ("reserved > expired", 0),
        ("reserved > cancelled", 0),
        ("sold > active", 1),
        ("sold > minted > active", 1),
        ("sold > minted > sold", 1),
        ("reserved > sold > active > transferred > active", 1),
        ("active > refunded", 1),
    ],
)
def test_a_ticket_counts_as_bought_once_on_its_way(
    make: Make, tenant: UUID, user: UUID, steps: str, expected: int
) -> None:
    first, *later = steps.split(" > ")
    held = {} if first == "available" else {"user_id": user}
    ticket = make.id("tickets", tenant, status=first, price_cents=2500, **held)
    for status in later:
        move(make.session, ticket, status, user_id=None if status == "available" else user)

    assert bought(make.session, user) == (expected, expected * 2500)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("active > checked_in", 1),
        ("transferred > checked_in", 1),
        ("active > checked_in > checked_in", 1),
        ("active > checked_in > used", 1),
        ("active > checked_in > active", 0),
        ("transferred > checked_in > transferred", 0),
        ("active > checked_in > active > checked_in", 1),
        ("active > checked_in > refunded", 1),
        ("active > checked_in > revoked", 1),
        ("active > transferred > active", 0),
        ("active > refunded", 0),
        ("active > expired", 0),
    ],
)
def test_an_event_counts_as_attended_once_the_ticket_is_checked_in(
    make: Make, tenant: UUID, user: UUID, steps: str, expected: int
) -> None:
    first, *later = steps.split(" > ")
    ticket = make.id("tickets", tenant, status=first, user_id=user)
    for status in later:
        move(make.session, ticket, status)

    assert attended(make.session, user) == expected


def test_a_ticket_without_a_person_is_checked_in_for_nobody(
    make: Make, tenant: UUID, user: UUID
) -> None:
    ticket = make.id("tickets", tenant, status="active", purchaser_email="a@example.org")
    move(make.session, ticket, "checked_in")
    move(make.session, ticket, "active")

    assert attended(make.session, user) == 0


def test_another_change_of_a_checked_in_ticket_counts_nothing(
    make: Make, tenant: UUID, user: UUID, as_tenant: Acting
) -> None:
    ticket = make.id("tickets", tenant, status="active", user_id=user)
    move(make.session, ticket, "checked_in")
    with as_tenant(tenant) as service:
        service.run("UPDATE ticketing.tickets SET scan_count = 2 WHERE id = %s", ticket)

    assert attended(make.session, user) == 1


def test_a_customer_is_held_back_and_a_service_is_not(
    make: Make, tenant: UUID, user: UUID, as_user: Acting, as_tenant: Acting
) -> None:
    ticket = make.id("tickets", tenant, status="active", user_id=user)
    with as_user(tenant, user) as customer, customer.refused("TK004"):
        customer.run(CHANGE, ticket)
    with as_tenant(tenant) as service:
        assert service.run(CHANGE, ticket) == 1


CALLED = """
    SELECT funcname, calls FROM pg_stat_xact_user_functions
    WHERE funcname IN ('rotate_ticket_code', 'retire_ticket_code', 'register_ticket_codes')
    ORDER BY funcname
"""
NEW_TICKETS = """
    INSERT INTO ticketing.tickets (
        tenant_id, event_id, ticket_type_id, ticket_number, status, qr_code
    )
    SELECT tenant_id, event_id, ticket_type_id, format('T %%s', n), 'available', n::text
    FROM ticketing.tickets, generate_series(1, 3) AS n WHERE id = %s
"""


@pytest.mark.parametrize(
    ("change", "called"),
    [
        ("seat = 'new'", []),
        ("scan_count = scan_count + 1", []),
        ("status = 'checked_in'", []),
        ("barcode = 'b'", []),
        ("user_id = user_id, qr_code = qr_code, credential_version = credential_version", []),
        ("qr_code = 'new'", ["retire_ticket_code", "rotate_ticket_code"]),
        ("credential_version = 2", ["retire_ticket_code", "rotate_ticket_code"]),
        (
            "user_id = NULL, purchaser_email = 'a@b.cd'",
            ["retire_ticket_code", "rotate_ticket_code"],
        ),
        *(
            (f"status = '{status}'", ["retire_ticket_code"])
            for status in ("revoked", "refunded", "cancelled", "expired")
        ),
    ],
)
def test_triggers_of_codes_run_for_what_ends_a_code_and_nothing_else(
    db: Session, make: Make, tenant: UUID, user: UUID, *, change: str, called: list[str]
) -> None:
    ticket = make.id("tickets", tenant, status="active", user_id=user, qr_code="old")
    db.run("SET LOCAL track_functions = 'pl'")
    with db.saying(actor="admin", reason="so"):
        db.run(f"UPDATE ticketing.tickets SET {change} WHERE id = %s", ticket)
    assert db.all(CALLED) == [{"funcname": name, "calls": 1} for name in called]


def test_the_codes_of_new_tickets_are_registered_once_a_statement(
    db: Session, make: Make, tenant: UUID
) -> None:
    ticket = make.id("tickets", tenant)
    db.run("SET LOCAL track_functions = 'pl'")
    assert db.run(NEW_TICKETS, ticket) == 3
    assert db.all(CALLED) == [{"funcname": "register_ticket_codes", "calls": 1}]
    assert db.value("SELECT count(*) FROM ticketing.ticket_credentials") == 3
