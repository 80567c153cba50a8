"""close_ticket_claims: nobody accepts a ticket that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

END = "UPDATE ticketing.tickets SET status = %s WHERE id = ANY (%s)"
READ = "SELECT status, cancelled_at, cancellation_reason FROM ticketing.ticket_transfers"


@pytest.mark.parametrize("status", ["revoked", "refunded", "cancelled", "expired"])
@pytest.mark.parametrize("accepted", [False, True])
def test_a_ticket_that_ends_takes_its_open_offer_along(
    db: Session, make: Make, tenant: UUID, *, status: str, accepted: bool
) -> None:
    offer = make.row("ticket_transfers", tenant)
    if accepted:
        db.run(
            "UPDATE ticketing.ticket_transfers SET status = 'accepted', to_user_id = %s "
            "WHERE id = %s",
            *(make.id("users", tenant), offer["id"]),
        )
    with db.acting("ticketing_app", tenant=tenant, actor="admin", reason="chargeback"):
        db.run(END, status, [offer["ticket_id"]])
        who = db.value("SELECT current_setting('app.actor_type')")
    row = db.one(f"{READ} WHERE id = %s", offer["id"])
    assert row["status"] == "cancelled"
    assert row["cancelled_at"] is not None
    assert row["cancellation_reason"] == f"ticket {status}: chargeback"
    assert who == "admin"


def test_a_service_that_may_not_cancel_an_accepted_transfer_still_ends_it_with_the_ticket(
    db: Session, make: Make, tenant: UUID
) -> None:
    offer = make.row("ticket_transfers", tenant)
    db.run(
        "UPDATE ticketing.ticket_transfers SET status = 'accepted', to_user_id = %s WHERE id = %s",
        *(make.id("users", tenant), offer["id"]),
    )
    with db.acting("ticketing_app", tenant=tenant, actor="service", reason="paid back"):
        with db.refused("TK202"):
            db.run(
                "UPDATE ticketing.ticket_transfers SET status = 'cancelled' WHERE id = %s",
                offer["id"],
            )
        db.run(END, "refunded", [offer["ticket_id"]])
    assert db.one(f"{READ} WHERE id = %s", offer["id"])["status"] == "cancelled"


def test_many_tickets_of_one_statement_each_take_theirs(
    db: Session, make: Make, tenant: UUID
) -> None:
    offers = [make.row("ticket_transfers", tenant) for _ in range(3)]
    spared = make.row("ticket_transfers", tenant)
    with db.acting("ticketing_app", tenant=tenant, actor="admin", reason="event cancelled"):
        db.run(END, "cancelled", [offer["ticket_id"] for offer in offers])
    states = db.all(f"{READ} WHERE tenant_id = %s ORDER BY status", tenant)
    assert [state["status"] for state in states] == ["cancelled"] * 3 + ["pending"]
    assert db.one(f"{READ} WHERE id = %s", spared["id"])["status"] == "pending"


@pytest.mark.parametrize("ended", ["rejected", "completed"])
def test_an_offer_that_had_ended_is_left_as_it_was(
    db: Session, make: Make, tenant: UUID, ended: str
) -> None:
    offer = make.row("ticket_transfers", tenant)
    db.run(
        "UPDATE ticketing.ticket_transfers SET status = %s, to_user_id = %s WHERE id = %s",
        *(ended, make.id("users", tenant), offer["id"]),
    )
    with db.acting("ticketing_app", tenant=tenant, actor="admin", reason="chargeback"):
        db.run(END, "revoked", [offer["ticket_id"]])
    assert db.one(f"{READ} WHERE id = %s", offer["id"])["status"] == ended


def test_a_change_that_ends_nothing_leaves_the_offer(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    offer = make.row("ticket_transfers", tenant)
    with as_tenant(tenant):
        db.run(END, "transferred", [offer["ticket_id"]])
        db.run("UPDATE ticketing.tickets SET seat = '7' WHERE id = %s", offer["ticket_id"])
    assert db.one(f"{READ} WHERE id = %s", offer["id"])["status"] == "pending"


def test_an_error_leaves_ticket_and_offer_and_actor_as_they_were(
    db: Session, make: Make, tenant: UUID
) -> None:
    offer = make.row("ticket_transfers", tenant)
    with db.acting("ticketing_app", tenant=tenant, actor="admin", reason="x"):
        with db.refused("22012"):
            db.run(END, "revoked", [offer["ticket_id"]])
            db.value("SELECT 1 / 0")
        assert db.value("SELECT current_setting('app.actor_type')") == "admin"
    assert db.one(f"{READ} WHERE id = %s", offer["id"])["status"] == "pending"
