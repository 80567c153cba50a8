"""Triggers of outbox_cursors: a consumer that stands still can be seen."""

from __future__ import annotations

from uuid import UUID

from support.factories import Make
from support.session import Session


def test_each_update_is_stamped_and_no_time_can_be_chosen(
    db: Session, make: Make, tenant: UUID
) -> None:
    row = make.row("outbox_cursors", tenant)
    db.run(
        "UPDATE ticketing.outbox_cursors SET updated_at = '2001-01-01' WHERE consumer = %s",
        row["consumer"],
    )
    after = db.one("SELECT * FROM ticketing.outbox_cursors WHERE consumer = %s", row["consumer"])
    assert row["updated_at"] < after["updated_at"] < db.value("SELECT clock_timestamp()")
