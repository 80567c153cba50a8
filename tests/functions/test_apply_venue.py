"""apply_venue: the venues that the venue service tells of, the newest message alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from support.factories import Make
from support.replicas import Messages

if TYPE_CHECKING:
    from conftest import Acting


class TestMessages(Messages):
    """What holds for every copy."""

    table = "venues"


def test_a_venue_waits_for_its_owner(make: Make, tenant: UUID, as_worker: Acting) -> None:
    owner = uuid4()
    call = "SELECT ticketing.apply_venue(%s, %s, 1, 'Hall', %s)"
    with as_worker() as worker:
        with worker.refused("23503", "fk_venues_created_by"):
            worker.value(call, tenant, owner, owner)
        worker.value("SELECT ticketing.apply_user(%s, %s, 1)", tenant, owner)
        assert worker.value(call, tenant, owner, owner) == "applied"
