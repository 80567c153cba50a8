"""ticket_types: rules of the table."""

from uuid import UUID

from support.factories import Make
from support.session import Session


def test_a_negative_price_is_refused(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("23514", "chk_ticket_types_price_positive"):
        make.row("ticket_types", tenant, price_cents=-1)


def test_a_free_ticket_is_allowed(make: Make, tenant: UUID) -> None:
    assert make.row("ticket_types", tenant, price_cents=0)["price_cents"] == 0
