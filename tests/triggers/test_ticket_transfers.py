"""Triggers of ticket_transfers: the status first, then the rules of an offer, then the version."""

from __future__ import annotations

from support.session import Session
from support.triggers import in_order


def test_they_fire_in_the_order_of_their_names(db: Session) -> None:
    assert in_order(db, "ticket_transfers") == [
        ("BEFORE", "INSERT", "ROW", "trg_ticket_transfers_05_start_status"),
        ("BEFORE", "INSERT", "ROW", "trg_ticket_transfers_10_guard"),
        ("BEFORE", "UPDATE", "ROW", "trg_ticket_transfers_05_change_status"),
        ("BEFORE", "UPDATE", "ROW", "trg_ticket_transfers_10_guard"),
        ("BEFORE", "UPDATE", "ROW", "trg_ticket_transfers_90_raise_version"),
    ]
