"""Counters with several owners."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

from .defect import Rewrite, attempt, prove

if TYPE_CHECKING:
    from conftest import Acting

TAKE = "update_ticket_availability_on_reservation"
GIVE_BACK = "release_ticket_availability"
Counted = tuple[int, int, int]


def counted(db: Session, kind: UUID) -> Counted:
    """Returns what is reserved and sold of a type, and how many types drifted."""
    row = db.one("SELECT * FROM ticketing.ticket_inventory WHERE ticket_type_id = %s", kind)
    drift = db.value("SELECT count(*) FROM ticketing.ticket_inventory_drift")
    return row["reserved_quantity"], row["sold_quantity"], drift


@pytest.mark.parametrize(
    ("way", "defect", "promised", "broken"),
    [
        pytest.param(
            (),
            Rewrite(
                TAKE,
                "FROM new_rows AS n\n            GROUP BY",
                "FROM new_rows AS n WHERE n.status = 'confirmed' GROUP BY",
            ),
            (2, 0, 0),
            (0, 0, 1),
            id="pending-takes-nothing",
        ),
        pytest.param(
            ("cancelled",),
            Rewrite(GIVE_BACK, "o.status IN ('pending', 'confirmed')", "o.status = 'confirmed'"),
            (0, 0, 0),
            (2, 0, 1),
            id="only-confirmed-gives-back",
        ),
        pytest.param(
            ("confirmed",),
            Rewrite(TAKE, "p_reserved => -v_move.quantity,", "p_reserved => 0,"),
            (0, 2, 0),
            (2, 2, 1),
            id="confirming-counts-twice",
        ),
    ],
)
def test_01_a_counter_that_drifts_from_its_reservations(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    way: tuple[str, ...],
    defect: Rewrite,
    promised: Counted,
    broken: Counted,
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    order = make.id("orders", tenant)

    def look() -> Counted:
        claim = make.id("reservations", tenant, ticket_type_id=kind, quantity=2, order_id=order)
        make.advance("reservations", claim, *way)
        return counted(db, kind)

    prove(db, look, defect, promised=promised, broken=broken)


def test_01_a_service_that_moves_the_counter_itself(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.ticket_type(tenant, 10)

    def look() -> str:
        with as_tenant(tenant):
            return attempt(db, "UPDATE ticketing.ticket_inventory SET sold_quantity = 5")

    prove(
        db,
        look,
        "GRANT UPDATE (sold_quantity) ON ticketing.ticket_inventory TO ticketing_app",
        "CREATE POLICY everybody ON ticketing.ticket_inventory FOR UPDATE TO ticketing_app "
        "USING (TRUE)",
        promised="42501",
        broken="done",
    )


def test_01_a_cart_of_several_types_that_gives_one_back(
    db: Session, make: Make, tenant: UUID
) -> None:
    event = make.id("events", tenant)
    kinds = [make.ticket_type(tenant, 10, event_id=event)["id"] for _ in range(2)]

    def look() -> list[int]:
        for kind in kinds:
            make.id("reservations", tenant, ticket_type_id=kind, quantity=2)
        with db.saying(actor="admin", reason="the buyer left"):
            db.run("UPDATE ticketing.reservations SET status = 'cancelled'")
        return sorted(counted(db, kind)[0] for kind in kinds)

    defect = Rewrite(
        GIVE_BACK,
        "ORDER BY n.tenant_id, n.ticket_type_id\n    LOOP",
        "ORDER BY n.tenant_id, n.ticket_type_id LIMIT 1\n    LOOP",
    )
    prove(db, look, defect, promised=[0, 0], broken=[0, 2])
