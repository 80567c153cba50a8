"""ticket_types: rules of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

START = datetime(2030, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def restricted(db: Session) -> str:
    """Returns the SQLSTATE of ON DELETE RESTRICT, which version 18 changed."""
    return "23001" if db.connection.info.server_version >= 180000 else "23503"


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_ticket_types_price_positive", {"price_cents": -1}),
        ("chk_ticket_types_purchase_limits", {"min_purchase": 0}),
        ("chk_ticket_types_purchase_limits", {"min_purchase": -1}),
        ("chk_ticket_types_purchase_limits", {"min_purchase": 3, "max_purchase": 2}),
        ("chk_ticket_types_purchase_limits", {"max_per_user": 0}),
        ("chk_ticket_types_sale_period", {"sale_start": START, "sale_end": START}),
        ("chk_ticket_types_sale_period", {"sale_start": START + INSTANT, "sale_end": START}),
        ("chk_ticket_types_currency", {"currency": ""}),
        ("chk_ticket_types_currency", {"currency": "US"}),
        ("chk_ticket_types_currency", {"currency": "USDT"}),
        ("chk_ticket_types_currency", {"currency": "usd"}),
        ("chk_ticket_types_currency", {"currency": "EUR\n"}),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("ticket_types", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"price_cents": 0},
        {"price_cents": 99_999_999_999_999},
        {"min_purchase": 1, "max_purchase": 1},
        {"max_per_user": 1},
        {"max_per_user": None},
        {"sale_start": START, "sale_end": START + INSTANT},
        {"currency": "EUR"},
    ],
)
def test_a_value_at_the_edge_of_the_rules_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    row = make.row("ticket_types", tenant, **given)
    assert {name: row[name] for name in given} == given


def test_an_event_has_no_two_types_of_one_name(db: Session, make: Make, tenant: UUID) -> None:
    event = make.id("events", tenant)
    make.row("ticket_types", tenant, event_id=event, name="Standing")
    with db.refused("23505", "uq_ticket_types_event_name"):
        make.row("ticket_types", tenant, event_id=event, name="Standing")
    make.row("ticket_types", tenant, event_id=event, name="standing")
    make.row("ticket_types", tenant, name="Standing")


def test_an_id_exists_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    made = make.id("ticket_types", tenant)
    with db.refused("23505", "pk_ticket_types"):
        make.row("ticket_types", tenant, id=made)
    assert make.id("ticket_types", other_tenant, id=made) == made


def test_the_event_is_part_of_a_key_for_rows_that_name_both(db: Session) -> None:
    row = db.one(
        """
        SELECT contype, conkey = ARRAY(
            SELECT a.attnum FROM unnest(ARRAY['tenant_id', 'event_id', 'id'])
                WITH ORDINALITY AS c (name, place)
            INNER JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attname = c.name
            ORDER BY c.place
        ) AS whole
        FROM pg_constraint WHERE conname = 'uq_ticket_types_event_id'
        """
    )
    assert (row["contype"], row["whole"]) == ("u", True)


def test_the_event_must_be_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for event in (uuid4(), make.id("events", other_tenant)):
        with db.refused("23503", "fk_ticket_types_event_id"):
            make.row("ticket_types", tenant, event_id=event)


def test_the_tenant_must_exist(db: Session, make: Make) -> None:
    nobody = uuid4()
    db.run("SET LOCAL session_replication_role = replica")
    event = make.id("events", nobody)
    db.run("SET LOCAL session_replication_role = origin")
    with db.refused("23503", "fk_ticket_types_tenant_id"):
        make.row("ticket_types", nobody, event_id=event)


def test_an_event_with_types_cannot_be_deleted(db: Session, make: Make, tenant: UUID) -> None:
    event = make.row("ticket_types", tenant)["event_id"]
    with db.refused(restricted(db), "fk_ticket_types_event_id"):
        db.run("DELETE FROM ticketing.events WHERE id = %s", event)


@pytest.mark.parametrize(
    ("cents", "price"), [(0, "0.00"), (1, "0.01"), (2599, "25.99"), (100_000, "1000.00")]
)
def test_the_price_follows_the_cents(make: Make, tenant: UUID, cents: int, price: str) -> None:
    assert make.row("ticket_types", tenant, price_cents=cents)["price"] == Decimal(price)


def test_a_price_that_has_no_decimal_form_is_refused(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("22003"):
        make.row("ticket_types", tenant, price_cents=100_000_000_000_000)


def test_the_price_itself_cannot_be_written(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("428C9"):
        make.row("ticket_types", tenant, price=Decimal("1.00"))


@pytest.mark.parametrize("column", ["tenant_id", "id", "event_id", "version", "created_at"])
def test_a_service_cannot_change_what_a_type_is(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, column: str
) -> None:
    make.row("ticket_types", tenant)
    with as_tenant(tenant), db.refused("42501"):
        db.run(f"UPDATE ticketing.ticket_types SET {column} = {column}")


def test_a_service_withdraws_a_type_and_cannot_delete_it(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.id("ticket_types", tenant)
    with as_tenant(tenant):
        assert db.run("UPDATE ticketing.ticket_types SET is_active = FALSE WHERE id = %s", kind)
        with db.refused("42501"):
            db.run("DELETE FROM ticketing.ticket_types WHERE id = %s", kind)
