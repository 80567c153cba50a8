"""ticket_price_history: rules of the table."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_ticket_price_history_prices", {"new_price_cents": -1}),
        ("chk_ticket_price_history_prices", {"old_price_cents": -1}),
        ("chk_ticket_price_history_prices", {"old_price_cents": 100, "new_price_cents": 100}),
        ("chk_ticket_price_history_prices", {"old_price_cents": 0, "new_price_cents": 0}),
        ("chk_ticket_price_history_currency", {"currency": "usd"}),
        ("chk_ticket_price_history_currency", {"currency": "US"}),
        ("chk_ticket_price_history_currency", {"currency": "USDX"}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("ticket_price_history", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"old_price_cents": None, "new_price_cents": 0},
        {"old_price_cents": 1, "new_price_cents": 0},
        {"old_price_cents": 0, "new_price_cents": 1},
        {"currency": "EUR"},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("ticket_price_history", tenant, **given).items()


def test_the_ticket_type_may_not_be_of_another_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    stranger = make.id("ticket_types", other_tenant)
    with db.refused("23503", "fk_ticket_price_history_ticket_type_id"):
        make.row("ticket_price_history", tenant, ticket_type_id=stranger)


def test_the_ticket_type_must_exist(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("23503", "fk_ticket_price_history_ticket_type_id"):
        make.row("ticket_price_history", tenant, ticket_type_id=uuid4())


def test_a_price_is_in_dollars_and_unexplained_unless_told_otherwise(
    make: Make, tenant: UUID
) -> None:
    row = make.row("ticket_price_history", tenant)
    assert (row["currency"], row["changed_by"], row["reason"]) == ("USD", None, None)


def test_two_changes_of_one_transaction_keep_their_order(make: Make, tenant: UUID) -> None:
    kind = make.id("ticket_types", tenant)
    first = make.row("ticket_price_history", tenant, ticket_type_id=kind)
    second = make.row("ticket_price_history", tenant, ticket_type_id=kind)
    assert first["changed_at"] < second["changed_at"]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ticketing.ticket_price_history SET new_price_cents = 1",
        "DELETE FROM ticketing.ticket_price_history",
        "TRUNCATE ticketing.ticket_price_history",
    ],
)
def test_a_change_of_price_stays(db: Session, tenant: UUID, role: str, statement: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(statement)
