"""refresh_event_passes: an event that moves takes its passes along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.passes import READ, bring
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

START = datetime(2030, 5, 1, 20, tzinfo=UTC)


def at(make: Make, tenant: UUID, event: UUID) -> UUID:
    """Returns a new ticket of an event."""
    user = make.id("users", tenant)
    return make.id("tickets", tenant, event_id=event, status="active", user_id=user)


@pytest.fixture
def event(make: Make, tenant: UUID) -> Row:
    return make.row("events", tenant, starts_at=START, ends_at=START + timedelta(hours=3))


@pytest.fixture
def row(make: Make, tenant: UUID, event: Row) -> Row:
    return make.row("ticket_passes", tenant, ticket_id=at(make, tenant, event["id"]))


def change(db: Session, event: Row, **columns: Any) -> None:
    """Writes a newer version of the event, as the consumer does: with no tenant set."""
    sets = "".join(f", {column} = %s" for column in columns)
    with db.acting("ticketing_worker"):
        assert (
            db.run(
                f"UPDATE ticketing.events SET version = version + 1{sets}"
                " WHERE tenant_id = %s AND id = %s",
                *(*columns.values(), event["tenant_id"], event["id"]),
            )
            == 1
        )


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "Another name"},
        {"starts_at": START - timedelta(hours=1)},
        {"ends_at": START + timedelta(hours=9)},
        {"timezone": "Europe/Berlin"},
        {"status": "postponed"},
        {"status": "cancelled"},
    ],
    ids=shown,
)
@pytest.mark.parametrize("status", ["claimed", "sent"])
def test_a_change_that_passes_show_has_them_built_anew(
    db: Session, tenant: UUID, *, event: Row, row: Row, status: str, changed: Row
) -> None:
    bring(db, tenant, row, status)
    change(db, event, **changed)
    after = db.one(READ, row["id"])
    assert (after["status"], after["pass_version"], after["voided_at"]) == ("pending", 2, None)


def test_another_venue_has_them_built_anew(
    db: Session, make: Make, tenant: UUID, *, event: Row, row: Row
) -> None:
    change(db, event, venue_id=make.id("venues", tenant))
    assert db.one(READ, row["id"])["pass_version"] == 2


@pytest.mark.parametrize(
    "changed",
    [{}, {"status": "completed"}, {"transfer_deadline_hours": 5}, {"starts_at": START}],
    ids=shown,
)
def test_any_other_change_leaves_them_alone(
    db: Session, event: Row, row: Row, changed: Row
) -> None:
    change(db, event, **changed)
    assert db.one(READ, row["id"]) == row


def test_a_message_of_the_event_service_moves_them_once(
    db: Session, *, tenant: UUID, event: Row, row: Row, as_worker: Acting
) -> None:
    call = "SELECT ticketing.apply_event(%s, %s, 9, 'Moved', %s, %s)"
    values = tenant, event["id"], START, START
    with as_worker(tenant=tenant):
        assert [db.value(call, *values) for _ in range(2)] == ["applied", "repeated"]
    assert db.one(READ, row["id"])["pass_version"] == 2


def test_every_living_pass_of_the_event_and_no_other(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, event: Row, row: Row
) -> None:
    second = make.row("ticket_passes", tenant, ticket_id=at(make, tenant, event["id"]))
    void = make.row(
        "ticket_passes", tenant, ticket_id=at(make, tenant, event["id"]), voided_at=START
    )
    elsewhere = make.row("ticket_passes", tenant)
    make.row("events", other_tenant, id=event["id"])
    # The same ids, as far as ids can be the same.
    theirs = make.row(
        "ticket_passes", other_tenant, id=row["id"], ticket_id=at(make, other_tenant, event["id"])
    )
    change(db, event, name="Another name")
    read = f"{READ} AND tenant_id = %s"
    for one in (row, second):
        assert db.one(read, one["id"], tenant)["pass_version"] == 2
    for one in (void, elsewhere, theirs):
        assert db.one(read, one["id"], one["tenant_id"]) == one


def test_two_changes_of_one_event_do_not_deadlock_with_each_other(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        event = make.id("events", tenant)
        for _ in range(5):
            make.row("ticket_passes", tenant, ticket_id=at(make, tenant, event))
    rename = b"UPDATE ticketing.events SET name = %s, version = version + 1"

    def act(connection: psycopg.Connection, number: int) -> int:
        return connection.execute(rename, [f"name {number}"]).rowcount

    assert race(clone, "ts_test_worker", 4, act) == [1] * 4
    with psycopg.connect(clone.superuser_url) as connection:
        rows = Session(connection).all("SELECT pass_version FROM ticketing.ticket_passes")
    assert [row["pass_version"] for row in rows] == [5] * 5
