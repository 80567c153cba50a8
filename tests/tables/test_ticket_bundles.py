"""ticket_bundles: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_ticket_bundles_price_positive", {"price_cents": -1}),
        ("chk_ticket_bundles_discount", {"discount_percentage": Decimal("-0.01")}),
        ("chk_ticket_bundles_discount", {"discount_percentage": Decimal("100.01")}),
        ("chk_ticket_bundles_dates", {"valid_from": NOW, "valid_until": NOW - TICK}),
        ("chk_ticket_bundles_currency", {"currency": "usd"}),
        ("chk_ticket_bundles_currency", {"currency": "US"}),
        ("chk_ticket_bundles_currency", {"currency": "USDX"}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("ticket_bundles", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"price_cents": 0},
        {"discount_percentage": None},
        {"discount_percentage": Decimal("0.00")},
        {"discount_percentage": Decimal("100.00")},
        {"valid_from": NOW, "valid_until": NOW},
        {"valid_from": NOW, "valid_until": None},
        {"valid_from": None, "valid_until": NOW},
        {"currency": "EUR"},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("ticket_bundles", tenant, **given).items()


def test_a_name_is_used_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    make.row("ticket_bundles", tenant, name="Weekend")
    with db.refused("23505", "uq_ticket_bundles_name"):
        make.row("ticket_bundles", tenant, name="Weekend")
    assert make.row("ticket_bundles", other_tenant, name="Weekend")["name"] == "Weekend"


def test_the_event_may_not_be_of_another_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    stranger = make.id("events", other_tenant)
    with db.refused("23503", "fk_ticket_bundles_event_id"):
        make.row("ticket_bundles", tenant, event_id=stranger)


def test_the_event_must_exist(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("23503", "fk_ticket_bundles_event_id"):
        make.row("ticket_bundles", tenant, event_id=uuid4())


def test_a_new_bundle_is_on_offer_for_every_event_without_limit_of_time(
    make: Make, tenant: UUID
) -> None:
    row = make.row("ticket_bundles", tenant)
    assert (row["is_active"], row["currency"], row["version"]) == (True, "USD", 1)
    assert (row["event_id"], row["valid_from"], row["valid_until"]) == (None, None, None)


@pytest.mark.parametrize("column", ["tenant_id", "id", "version", "created_at", "updated_at"])
def test_a_service_cannot_change(db: Session, tenant: UUID, as_tenant: Acting, column: str) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.ticket_bundles SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_a_service_may_change_all_the_rest_and_delete(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    columns = """
        event_id, name, description, price_cents, currency, discount_percentage, is_active,
        valid_from, valid_until
    """
    make.row("ticket_bundles", tenant)
    with as_tenant(tenant):
        assert db.run(f"UPDATE ticketing.ticket_bundles SET ({columns}) = ROW ({columns})") == 1
        assert db.run("DELETE FROM ticketing.ticket_bundles") == 1
