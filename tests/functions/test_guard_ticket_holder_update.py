"""guard_ticket_holder_update: of his ticket, a holder changes the resale price and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

MINT = "So11111111111111111111111111111111111111112"
# A valid new value for each other column that ticketing_app may update.
OTHERS: Row = {
    "purchaser_email": "new@example.org",
    "ticket_number": "T-forged",
    "qr_code": "forged",
    "barcode": "forged",
    "credential_version": 2,
    "external_version": 2,
    "payment_id": "forged",
    "price_cents": 1,
    "face_value_cents": 1,
    "max_resale_price_cents": 999_999,
    "currency": "EUR",
    "section": "A",
    "row": "1",
    "seat": "1",
    "seat_number": 1,
    "status": "transferred",  # as anybody may, says the state machine
    "status_reason": "forged",
    "status_changed_by": str(uuid4()),
    "status_changed_at": "2001-01-01",
    "checked_in_at": "2001-01-01",
    "checked_in_by": str(uuid4()),
    "scan_count": 1,
    "check_in_round": 2,
    "is_transferable": False,
    "transfer_count": 1,
    "max_transfers": 9,
    "validated_by": str(uuid4()),
    "is_nft": True,
    "valid_from": "2001-01-01",
    "expires_at": "2999-01-01",
    "purchased_at": "2001-01-01",
    "metadata": '{"forged": true}',
}


@pytest.fixture
def holder(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def ticket(make: Make, tenant: UUID, holder: UUID) -> UUID:
    return make.id(
        "tickets",
        tenant,
        status="active",
        user_id=holder,
        price_cents=2500,
        max_resale_price_cents=3000,
    )


@pytest.fixture
def customer(tenant: UUID, holder: UUID, ticket: UUID, as_user: Acting) -> Iterator[Session]:
    """The session of the holder, once his ticket is there."""
    with as_user(tenant, holder) as session:
        yield session


@pytest.fixture
def neighbours(make: Make, tenant: UUID) -> Row:
    """Rows that a ticket could refer to, by the column that would."""
    return {
        "venue_id": make.id("venues", tenant),
        "original_purchaser_id": make.id("users", tenant),
        "order_id": make.id("orders", tenant),
        "reservation_id": make.id("reservations", tenant),
    }


def change(session: Session, ticket: UUID, **values: Any) -> int:
    columns = ", ".join(f'"{name}" = %s' for name in values)
    return session.run(
        f"UPDATE ticketing.tickets SET {columns} WHERE id = %s", *values.values(), ticket
    )


@pytest.mark.parametrize("price", [0, 2999, 3000, None])
def test_a_holder_sets_his_resale_price(customer: Session, ticket: UUID, price: int | None) -> None:
    assert change(customer, ticket, resale_price_cents=price) == 1

    row = customer.one("SELECT * FROM ticketing.tickets")
    assert row["resale_price_cents"] == price
    assert row["version"] == 2


def test_a_resale_price_above_the_limit_is_refused(customer: Session, ticket: UUID) -> None:
    with customer.refused("23514", "chk_tickets_resale_within_max"):
        change(customer, ticket, resale_price_cents=3001)


@pytest.mark.parametrize(("column", "value"), OTHERS.items(), ids=OTHERS)
def test_a_holder_changes_nothing_else(
    customer: Session, ticket: UUID, column: str, value: object
) -> None:
    before = customer.one("SELECT * FROM ticketing.tickets")
    with customer.refused("TK004"):
        change(customer, ticket, **{column: value})

    assert customer.one("SELECT * FROM ticketing.tickets") == before


@pytest.mark.parametrize(
    "column", ["venue_id", "original_purchaser_id", "order_id", "reservation_id"]
)
def test_a_holder_does_not_tie_it_to_other_rows(
    neighbours: Row, customer: Session, ticket: UUID, column: str
) -> None:
    with customer.refused("TK004"):
        change(customer, ticket, **{column: neighbours[column]})


@pytest.mark.parametrize(
    "values",
    [
        {"is_nft": True, "token_mint": MINT},
        {"is_validated": True, "validated_at": "2001-01-01"},
        {"status": "refunded", "status_reason": "forged", "deleted_at": "2001-01-01"},
        {"resale_price_cents": 100, "price_cents": 100},
    ],
    ids=["mint", "validated", "deleted", "beside-the-resale-price"],
)
def test_a_holder_changes_no_group_of_columns(customer: Session, ticket: UUID, values: Row) -> None:
    # Whatever the session says about who acts.
    with customer.saying(actor="admin"), customer.refused("TK004"):
        change(customer, ticket, **values)


def test_writing_what_stands_there_already_is_no_change(customer: Session, ticket: UUID) -> None:
    assert change(customer, ticket, status="active", price_cents=2500) == 1


def test_every_column_that_a_service_may_update_is_tried_here(db: Session) -> None:
    granted = db.all("""
        SELECT column_name AS name FROM information_schema.column_privileges
        WHERE
            table_schema = 'ticketing' AND table_name = 'tickets'
            AND privilege_type = 'UPDATE' AND grantee = 'ticketing_app'
    """)
    tried = {*OTHERS, "resale_price_cents", "user_id", "venue_id", "order_id", "reservation_id"}
    tried |= {"original_purchaser_id", "token_mint", "is_validated", "validated_at", "deleted_at"}

    assert {row["name"] for row in granted} == tried


@pytest.mark.parametrize("user_role", ["staff", "scanner", "admin", "superadmin"])
def test_the_people_of_the_tenant_are_not_held_back(
    tenant: UUID, holder: UUID, ticket: UUID, as_user: Acting, user_role: str
) -> None:
    with as_user(tenant, holder, user_role) as person:
        assert change(person, ticket, seat="A1", status="transferred") == 1


def test_a_service_is_not_held_back(tenant: UUID, ticket: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant) as service:
        assert change(service, ticket, seat="A1", status="transferred") == 1


def test_a_function_of_the_owner_is_not_held_back(
    db: Session, tenant: UUID, holder: UUID, ticket: UUID
) -> None:
    # No such function updates tickets yet, hence the policy that one would need.
    db.run("CREATE POLICY later ON ticketing.tickets FOR UPDATE TO ticketing_owner USING (TRUE)")
    with db.acting("ticketing_owner", tenant=tenant, user=holder, user_role="user"):
        assert change(db, ticket, status="transferred") == 1


def test_a_holder_who_writes_several_tickets_is_refused_for_one(
    make: Make, tenant: UUID, holder: UUID, ticket: UUID, as_user: Acting
) -> None:
    make.id("tickets", tenant, status="active", user_id=holder, seat="B2")
    with as_user(tenant, holder) as customer, customer.refused("TK004"):
        customer.run("UPDATE ticketing.tickets SET resale_price_cents = 1, seat = 'B2'")
