"""apply_event: the events that the event service tells of, the newest message alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from support.factories import Make
from support.replicas import Messages
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


class TestMessages(Messages):
    """What holds for every copy."""

    table = "events"


def test_what_is_left_out_is_the_default_of_the_column(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = uuid4()
    call = "SELECT ticketing.apply_event(%s, %s, 1, 'Gala', '2030-06-01', '2030-06-02')"
    with as_worker() as worker:
        worker.value(call, tenant, row)
    plain = make.row("events", tenant)
    found = db.one("SELECT * FROM ticketing.events WHERE id = %s", row)
    for column in ("timezone", "status", "check_in_opens_before", "check_in_closes_after"):
        assert found[column] == plain[column]
    assert found["venue_id"] is found["transfer_deadline_hours"] is None
