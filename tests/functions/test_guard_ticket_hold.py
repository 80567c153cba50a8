"""guard_ticket_hold: a house hold that ends keeps nothing back."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

END = "UPDATE ticketing.ticket_holds SET status = %s WHERE id = %s"
READ = "SELECT * FROM ticketing.ticket_holds WHERE id = %s"


@pytest.mark.parametrize("status", ["released", "expired"])
def test_a_hold_that_ends_is_emptied_and_stamped(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    over = datetime(2026, 1, 1, tzinfo=UTC)
    made = make.id("ticket_holds", tenant, quantity=3, expires_at=over)
    with as_tenant(tenant, actor="admin"):
        assert db.run(END, status, made) == 1

    after = db.one(READ, made)
    assert (after["status"], after["remaining_quantity"]) == (status, 0)
    assert after["released_at"] is not None


def test_a_moment_that_is_given_is_kept(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    made = make.id("ticket_holds", tenant)
    with as_tenant(tenant, actor="admin"):
        db.run(
            "UPDATE ticketing.ticket_holds SET status = 'released', released_at = %s WHERE id = %s",
            moment,
            made,
        )
    assert db.one(READ, made)["released_at"] == moment


def test_an_active_hold_may_shrink_without_ending(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("ticket_holds", tenant, quantity=3)
    with as_tenant(tenant):
        db.run("UPDATE ticketing.ticket_holds SET remaining_quantity = 1 WHERE id = %s", made)
    after = db.one(READ, made)
    assert (after["status"], after["remaining_quantity"]) == ("active", 1)
    assert after["released_at"] is None


def test_a_hold_without_a_deadline_is_released_and_does_not_expire(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("ticket_holds", tenant, expires_at=None)
    with as_tenant(tenant, actor="admin"):
        with db.refused("TK205"):
            db.run(END, "expired", made)
        assert db.run(END, "released", made) == 1
