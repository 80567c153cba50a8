"""reservations: rules of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

NOW = datetime(2030, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


@pytest.fixture
def bare(db: Session) -> None:
    """Switches triggers off, so that the constraints answer for themselves."""
    db.run("SET LOCAL session_replication_role = replica")


def restricted(db: Session) -> str:
    """Returns the SQLSTATE of ON DELETE RESTRICT, which version 18 changed."""
    return "23001" if db.connection.info.server_version >= 180000 else "23503"


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_reservations_quantity_positive", {"quantity": 0}),
        ("chk_reservations_quantity_positive", {"quantity": -1}),
        ("chk_reservations_status", {"status": "sold"}),
        ("chk_reservations_status", {"status": ""}),
        ("chk_reservations_owner", {"guest_session": None}),
        ("chk_reservations_owner", {"guest_session": "guest", "user_id": uuid4()}),
        ("chk_reservations_expiry", {"created_at": NOW, "expires_at": NOW}),
        ("chk_reservations_expiry", {"created_at": NOW, "expires_at": NOW - INSTANT}),
        ("chk_reservations_confirmed", {"status": "confirmed"}),
        ("chk_reservations_confirmed", {"status": "confirmed", "confirmed_at": NOW}),
        ("chk_reservations_confirmed", {"status": "confirmed", "order_id": uuid4()}),
        ("chk_reservations_released", {"status": "expired"}),
        ("chk_reservations_released", {"status": "cancelled"}),
        ("chk_reservations_released", {"status": "pending", "released_at": NOW}),
        (
            "chk_reservations_released",
            {
                "status": "confirmed",
                "order_id": uuid4(),
                "confirmed_at": NOW,
                "released_at": NOW,
            },
        ),
        ("chk_reservations_idem", {"idempotency_key": ""}),
        ("chk_reservations_idem", {"idempotency_key": "k" * 256}),
        ("chk_reservations_price", {"total_cents": 1}),
        ("chk_reservations_price", {"currency": "USD"}),
        ("chk_reservations_price", {"total_cents": -1, "currency": "USD"}),
        ("chk_reservations_price", {"total_cents": 1, "currency": "usd"}),
        ("chk_reservations_price", {"total_cents": 1, "currency": "EURO"}),
        ("chk_reservations_returned", {"returned_quantity": -1}),
        ("chk_reservations_returned", {"returned_quantity": 1}),
        (
            "chk_reservations_returned",
            {"returned_quantity": 1, "status": "expired", "released_at": NOW},
        ),
        (
            "chk_reservations_returned",
            {"returned_quantity": 2, "status": "cancelled", "released_at": NOW},
        ),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    owner = {} if "guest_session" in given else {"guest_session": "guest"}
    with db.refused("23514", constraint):
        make.row("reservations", tenant, **owner, **given)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    "given",
    [
        {"quantity": 1},
        {"guest_session": "guest"},
        {"user_id": uuid4()},
        {"created_at": NOW, "expires_at": NOW + INSTANT},
        {"status": "pending"},
        {"status": "confirmed", "order_id": uuid4(), "confirmed_at": NOW},
        {"status": "expired", "released_at": NOW},
        {"status": "cancelled", "released_at": NOW},
        {"status": "cancelled", "released_at": NOW, "confirmed_at": NOW},
        {"idempotency_key": None},
        {"idempotency_key": "k"},
        {"idempotency_key": "k" * 255},
        {"total_cents": 0, "currency": "EUR"},
        {"total_cents": None, "currency": None},
        {"returned_quantity": 1, "status": "cancelled", "released_at": NOW},
        {
            "returned_quantity": 1,
            "status": "confirmed",
            "order_id": uuid4(),
            "confirmed_at": NOW,
        },
    ],
)
def test_a_value_at_the_edge_of_the_rules_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    row = make.row("reservations", tenant, **given)
    assert {name: row[name] for name in given} == given


def test_a_reservation_lasts_a_quarter_of_an_hour_unless_told(make: Make, tenant: UUID) -> None:
    row = make.row("reservations", tenant)
    assert row["expires_at"] - row["created_at"] == timedelta(minutes=15)


def test_an_idempotency_key_claims_a_type_once(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    kind = make.ticket_type(tenant)["id"]
    first = make.id("reservations", tenant, ticket_type_id=kind, idempotency_key="key")
    make.advance("reservations", first, "cancelled")
    with db.refused("23505", "uq_reservations_idempotency"):
        make.row("reservations", tenant, ticket_type_id=kind, idempotency_key="key")
    make.row("reservations", tenant, ticket_type_id=kind, idempotency_key="KEY")
    make.row("reservations", tenant, idempotency_key="key")
    make.row("reservations", other_tenant, idempotency_key="key")


def test_reservations_without_an_idempotency_key_do_not_collide(make: Make, tenant: UUID) -> None:
    kind = make.ticket_type(tenant)["id"]
    made = [make.id("reservations", tenant, ticket_type_id=kind) for _ in range(2)]
    assert made[0] != made[1]


def test_an_id_exists_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    made = make.id("reservations", tenant)
    with db.refused("23505", "pk_reservations"):
        make.row("reservations", tenant, id=made)
    assert make.id("reservations", other_tenant, id=made) == made


def test_the_type_must_be_one_of_the_event_and_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    kind, stranger = make.ticket_type(tenant), make.ticket_type(other_tenant)
    for given in (
        {"event_id": make.id("events", tenant), "ticket_type_id": kind["id"]},
        {"event_id": kind["event_id"], "ticket_type_id": uuid4()},
        {"event_id": stranger["event_id"], "ticket_type_id": stranger["id"]},
    ):
        with db.refused("23503", "fk_reservations_ticket_type_id"):
            db.run(
                """
                INSERT INTO ticketing.reservations (
                    tenant_id, event_id, ticket_type_id, guest_session, quantity
                ) VALUES (%s, %s, %s, 'guest', 1)
                """,
                *(tenant, given["event_id"], given["ticket_type_id"]),
            )


@pytest.mark.parametrize(
    ("constraint", "column", "table"),
    [
        ("fk_reservations_user_id", "user_id", "users"),
        ("fk_reservations_order_id", "order_id", "orders"),
    ],
)
def test_the_buyer_and_the_order_must_be_of_the_tenant(
    make: Make, tenant: UUID, other_tenant: UUID, *, constraint: str, column: str, table: str
) -> None:
    for stranger in (uuid4(), make.id(table, other_tenant)):
        with make.session.refused("23503", constraint):
            make.row("reservations", tenant, **{column: stranger})


@pytest.mark.parametrize(
    ("constraint", "column", "table"),
    [
        ("fk_reservations_user_id", "user_id", "users"),
        ("fk_reservations_order_id", "order_id", "orders"),
    ],
)
def test_a_buyer_or_order_with_reservations_cannot_be_deleted(
    make: Make, tenant: UUID, constraint: str, column: str, table: str
) -> None:
    parent = make.id(table, tenant)
    make.row("reservations", tenant, **{column: parent})
    with make.session.refused(restricted(make.session), constraint):
        make.session.run(f"DELETE FROM ticketing.{table} WHERE id = %s", parent)


def test_the_tenant_must_exist(db: Session, make: Make) -> None:
    nobody = uuid4()
    db.run("SET LOCAL session_replication_role = replica")
    kind = make.ticket_type(nobody, event_id=uuid4())["id"]
    db.run("SET LOCAL session_replication_role = origin")
    with db.refused("23503", "fk_reservations_tenant_id"):
        make.row("reservations", nobody, ticket_type_id=kind, guest_session="guest")


@pytest.mark.parametrize(
    "column",
    [
        "tenant_id",
        "id",
        "event_id",
        "ticket_type_id",
        "user_id",
        "guest_session",
        "group_id",
        "quantity",
        "idempotency_key",
        "request_hash",
        "total_cents",
        "currency",
        "version",
        "created_at",
    ],
)
def test_a_service_cannot_change_what_is_claimed_or_for_whom(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, column: str
) -> None:
    make.row("reservations", tenant)
    with as_tenant(tenant), db.refused("42501"):
        db.run(f"UPDATE ticketing.reservations SET {column} = {column}")


def test_a_service_cannot_delete_a_reservation(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.row("reservations", tenant)
    with as_tenant(tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.reservations")
