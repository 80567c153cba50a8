"""Triggers of outbox: what each does, and when."""

from __future__ import annotations

from support.session import Session


def test_it_fires_once_a_statement_before_the_first_row(db: Session) -> None:
    rows = db.all(
        """
        SELECT action_timing, event_manipulation, action_orientation, trigger_name
        FROM information_schema.triggers
        WHERE event_object_schema = 'ticketing' AND event_object_table = 'outbox'
        """
    )
    assert [tuple(row.values()) for row in rows] == [
        ("BEFORE", "INSERT", "STATEMENT", "trg_outbox_10_announce"),
    ]
