"""apply_user: the users that the auth service tells of, the newest message alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make
from support.replicas import Messages
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


class TestMessages(Messages):
    """What holds for every copy."""

    table = "users"
    indexed = ("email",)


def test_the_counters_of_a_person_stay(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    user = make.row("users", tenant, ticket_purchase_count=3, total_spent_cents=900)
    with as_worker() as worker:
        worker.value("SELECT ticketing.apply_user(%s, %s, 2)", tenant, user["id"])
    found = db.one("SELECT * FROM ticketing.users WHERE id = %s", user["id"])
    assert (found["ticket_purchase_count"], found["total_spent_cents"]) == (3, 900)
    assert (found["email"], found["role"], found["status"]) == (None, "user", "active")
