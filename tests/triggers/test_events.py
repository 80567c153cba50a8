"""Triggers of events: an old message touches no pass, and a new one after it is stored.

What they do is in test_every_replica.py and tests/functions/test_refresh_event_passes.py.
"""

from __future__ import annotations

from uuid import UUID

from support.factories import Make
from support.session import Session
from support.triggers import in_order


def test_passes_follow_what_is_stored(db: Session) -> None:
    assert in_order(db, "events") == [
        ("BEFORE", "UPDATE", "ROW", "trg_events_10_ignore_stale"),
        ("BEFORE", "UPDATE", "ROW", "trg_events_90_stamp_updated_at"),
        ("AFTER", "UPDATE", "ROW", "trg_events_60_refresh_passes"),
    ]


def test_a_stale_message_has_no_pass_built_anew(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row("ticket_passes", tenant)
    event = db.value("SELECT event_id FROM ticketing.tickets WHERE id = %s", row["ticket_id"])
    with db.acting("ticketing_worker"):
        stale = "UPDATE ticketing.events SET name = 'old', version = 1 WHERE id = %s"
        assert db.run(stale, event) == 0
    assert db.one("SELECT * FROM ticketing.ticket_passes WHERE id = %s", row["id"]) == row
