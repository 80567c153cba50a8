"""Triggers of ticket_passes: in which order they fire.

What the guard does is in tests/functions/test_guard_ticket_pass.py, the statuses in
test_every_transition.py, the version in test_every_row_version.py.
"""

from __future__ import annotations

from support.session import Session
from support.triggers import in_order


def test_the_status_is_judged_before_the_guard_follows_it_and_the_version_is_last(
    db: Session,
) -> None:
    assert in_order(db, "ticket_passes") == [
        ("BEFORE", "INSERT", "ROW", "trg_ticket_passes_05_start_status"),
        ("BEFORE", "INSERT", "ROW", "trg_ticket_passes_10_guard"),
        ("BEFORE", "UPDATE", "ROW", "trg_ticket_passes_05_change_status"),
        ("BEFORE", "UPDATE", "ROW", "trg_ticket_passes_10_guard"),
        ("BEFORE", "UPDATE", "ROW", "trg_ticket_passes_90_raise_version"),
    ]
