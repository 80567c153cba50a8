"""Triggers of ticket_price_history: what they refuse does not hinder a new row."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make

if TYPE_CHECKING:
    from conftest import Acting


def test_a_new_price_still_adds_a_row(make: Make, tenant: UUID, as_tenant: Acting) -> None:
    kind = make.id("ticket_types", tenant, price_cents=2500)
    with as_tenant(tenant) as service:
        service.run("UPDATE ticketing.ticket_types SET price_cents = 1 WHERE id = %s", kind)
        assert service.value("SELECT count(*) FROM ticketing.ticket_price_history") == 2
