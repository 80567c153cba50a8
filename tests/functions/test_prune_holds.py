"""prune_holds: holds that came to nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session
from support.sweeps import DAY, MINUTE, ended_hold

if TYPE_CHECKING:
    from conftest import Acting

PRUNE = "SELECT ticketing.prune_holds('30 days')"


@pytest.mark.parametrize(
    ("status", "goes"), [("released", 1), ("expired", 1), ("active", 0), ("confirmed", 0)]
)
def test_only_what_was_given_back_goes(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, status: str, goes: int
) -> None:
    old = datetime.now(UTC) - 99 * DAY
    given = {"created_at": old - MINUTE, "expires_at": old, "status": status}
    if goes:
        given["released_at"] = old
    if status == "confirmed":
        given |= {
            "order_id": make.id("orders", tenant),
            "confirmed_at": old,
            "confirm_idempotency_key": "key",
        }
    make.row("holds", tenant, **given)
    before = db.all("SELECT * FROM ticketing.zone_inventory")
    with as_worker():
        assert db.value(PRUNE) == goes
    assert db.all("SELECT * FROM ticketing.zone_inventory") == before


def test_what_is_free_stays_what_it_is(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    ended_hold(make, tenant, 99 * DAY)
    make.row("holds", tenant)
    with as_worker():
        assert db.value(PRUNE) == 1
    assert db.all("SELECT * FROM ticketing.zone_inventory_drift") == []
