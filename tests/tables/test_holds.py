"""holds: rules of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

NOW = datetime.now(UTC)
CONFIRMED = {"status": "confirmed", "confirmed_at": NOW, "confirm_idempotency_key": "key"}


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_holds_quantity_positive", {"quantity": 0}),
        ("chk_holds_quantity_positive", {"quantity": -1}),
        ("chk_holds_status", {"status": "sold", "bucket_no": 0}),
        ("chk_holds_idem", {"idempotency_key": ""}),
        ("chk_holds_idem", {"idempotency_key": "k" * 256}),
        ("chk_holds_idem", {"confirm_idempotency_key": ""}),
        ("chk_holds_idem", {"confirm_idempotency_key": "k" * 256}),
        ("chk_holds_expiry", {"created_at": NOW, "expires_at": NOW}),
        ("chk_holds_expiry", {"created_at": NOW, "expires_at": NOW - timedelta(seconds=1)}),
        ("chk_holds_confirmed", {**CONFIRMED}),
        ("chk_holds_confirmed", {"confirmed_at": NOW}),
        ("chk_holds_released", {"released_at": NOW}),
        ("chk_holds_released", {"status": "released"}),
        ("chk_holds_released", {"status": "expired"}),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("holds", tenant, **given)


@pytest.mark.parametrize("missing", ["confirmed_at", "confirm_idempotency_key", "status"])
def test_an_order_comes_with_moment_key_and_status(
    db: Session, make: Make, tenant: UUID, missing: str
) -> None:
    given = {**CONFIRMED, "order_id": make.id("orders", tenant)}
    given[missing] = "active" if missing == "status" else None
    with db.refused("23514", "chk_holds_confirmed"):
        make.row("holds", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"quantity": 100},
        {"idempotency_key": "k"},
        {"idempotency_key": "k" * 255},
        {"confirm_idempotency_key": "k" * 255},
        {"created_at": NOW, "expires_at": NOW + timedelta(milliseconds=1)},
        {"status": "released", "released_at": NOW},
        {"status": "expired", "released_at": NOW},
    ],
)
def test_a_value_at_the_edge_of_the_rules_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert make.row("holds", tenant, **given)["version"] == 1


@pytest.mark.parametrize("column", ["event_id", "zone_id", "quantity", "status", "idempotency_key"])
def test_a_missing_value_is_refused(db: Session, make: Make, tenant: UUID, column: str) -> None:
    made = make.row("zones", tenant)
    given = {
        "tenant_id": tenant,
        "event_id": made["event_id"],
        "zone_id": made["id"],
        "quantity": 1,
        "status": "active",
        "idempotency_key": "key",
        column: None,
    }
    with db.refused("23502"):
        db.run(
            f"INSERT INTO ticketing.holds ({', '.join(given)}) "
            f"VALUES ({', '.join(['%s'] * len(given))})",
            *given.values(),
        )


def test_a_new_hold_is_active_for_a_quarter_of_an_hour(make: Make, tenant: UUID) -> None:
    made = make.row("holds", tenant)
    assert made["status"] == "active"
    assert made["expires_at"] - made["created_at"] == timedelta(minutes=15)


def test_a_key_claims_places_of_a_zone_once(db: Session, make: Make, tenant: UUID) -> None:
    made = make.row("holds", tenant, idempotency_key="key")
    make.row("holds", tenant, idempotency_key="key")
    with db.refused("23505", "uq_holds_idempotency"):
        make.row("holds", tenant, zone_id=made["zone_id"], idempotency_key="key")


def test_an_order_comes_from_one_hold(db: Session, make: Make, tenant: UUID) -> None:
    order = make.id("orders", tenant)
    make.row("holds", tenant, order_id=order)
    with db.refused("23505", "uq_holds_order"):
        make.row("holds", tenant, order_id=order)


def test_zone_and_event_belong_together(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    here, there = make.row("zones", tenant), make.row("zones", tenant)
    foreign = make.row("zones", other_tenant)
    for event, place in (
        (there["event_id"], here["id"]),
        (here["event_id"], uuid4()),
        (foreign["event_id"], foreign["id"]),
    ):
        with db.refused("23503", "fk_holds_zone_id"):
            db.run(
                """
                INSERT INTO ticketing.holds (
                    tenant_id, event_id, zone_id, bucket_no, quantity, idempotency_key
                ) VALUES (%s, %s, %s, 0, 1, 'key')
                """,
                *(tenant, event, place),
            )


@pytest.mark.parametrize(
    ("constraint", "column", "parent"),
    [("fk_holds_user_id", "user_id", "users"), ("fk_holds_order_id", "order_id", "orders")],
)
def test_buyer_and_order_are_of_the_tenant(
    db: Session, make: Make, tenant: UUID, *, constraint: str, column: str, parent: str
) -> None:
    for other in (uuid4(), make.id(parent, make.tenant())):
        with db.refused("23503", constraint):
            make.row("holds", tenant, **{column: other})


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize(
    "column",
    ["event_id", "zone_id", "bucket_no", "user_id", "quantity", "idempotency_key", "version"],
)
def test_a_service_cannot_write_what_is_fixed(
    db: Session, make: Make, tenant: UUID, role: str, column: str
) -> None:
    make.row("holds", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(f"UPDATE ticketing.holds SET {column} = {column}")


def test_nobody_deletes_a_hold(db: Session, make: Make, tenant: UUID, as_tenant: Acting) -> None:
    make.row("holds", tenant)
    with as_tenant(tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.holds")
