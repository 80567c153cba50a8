"""Triggers of waitlist: what an update leaves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make

if TYPE_CHECKING:
    from conftest import Acting

CHANGE = "UPDATE ticketing.waitlist SET priority = 5 WHERE id = %s"


def test_the_place_in_the_queue_stays(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    first, second = make.row("waitlist", tenant), make.row("waitlist", tenant)
    assert first["position"] < second["position"]
    with as_tenant(tenant) as service:
        service.run(CHANGE, first["id"])
        read = "SELECT position FROM ticketing.waitlist WHERE id = %s"
        assert service.value(read, first["id"]) == first["position"]
