"""Triggers of blockchain_sync_log: what they refuse does not hinder a new row."""

from __future__ import annotations

from uuid import UUID

from support.factories import Make
from support.relay import Relay


def test_a_change_of_status_still_adds_a_row(make: Make, tenant: UUID) -> None:
    relay = Relay(make, tenant)
    tx = relay.bring(relay.ticket(), "confirming")
    relay.confirm(tx)
    assert [event for event, _ in relay.log(tx)] == ["status_changed", "transaction_confirmed"]
