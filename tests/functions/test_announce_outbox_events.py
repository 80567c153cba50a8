"""announce_outbox_events: one wake-up a transaction, and a number before the first event."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.relays import publish
from support.session import Session

ADD = """
    INSERT INTO ticketing.outbox (tenant_id, aggregate_type, aggregate_id, event_type, payload)
    SELECT %s, 'ticket', g::text, 'ticket.sold', '{}' FROM generate_series(1, %s) AS g
"""


@pytest.fixture
def tenant_of(clone: Database) -> UUID:
    """A tenant in a database of the test's own."""
    return publish(clone)[0]


def heard(listener: psycopg.Connection) -> list[str]:
    """Returns what has arrived, once everything sent before has."""
    listener.execute("NOTIFY last")
    found: list[str] = []
    for notice in listener.notifies(timeout=10):
        if notice.channel == "last":
            return found
        found.append(notice.channel)
    raise AssertionError("nothing arrived")


def listening(clone: Database) -> psycopg.Connection:
    listener = clone.connect("ts_test_worker")
    listener.execute("LISTEN ticketing_outbox")
    listener.execute("LISTEN last")
    return listener


def add(connection: psycopg.Connection, tenant: UUID, events: int = 1) -> None:
    connection.execute("SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)])
    connection.execute(ADD, [tenant, events])


def test_a_transaction_wakes_a_relay_once_when_it_commits(clone: Database, tenant_of: UUID) -> None:
    with listening(clone) as listener, clone.connect("ts_test_app") as service:
        with service.transaction():
            for _ in range(3):
                add(service, tenant_of, events=100)
            assert heard(listener) == []
        assert heard(listener) == ["ticketing_outbox"]


def test_one_that_is_rolled_back_wakes_nobody(clone: Database, tenant_of: UUID) -> None:
    with listening(clone) as listener, clone.connect("ts_test_app") as service:
        with service.transaction(force_rollback=True):
            add(service, tenant_of)
        assert heard(listener) == []


def test_of_transactions_side_by_side_one_wakes_the_relay(clone: Database, tenant_of: UUID) -> None:
    with (
        listening(clone) as listener,
        clone.connect("ts_test_app") as first,
        clone.connect("ts_test_app") as second,
    ):
        with first.transaction():
            add(first, tenant_of)
            with second.transaction():
                add(second, tenant_of)
            assert heard(listener) == []
        assert heard(listener) == ["ticketing_outbox"]
        with second.transaction():
            add(second, tenant_of)
        assert heard(listener) == ["ticketing_outbox"]


def test_a_relay_that_marks_events_wakes_nobody(clone: Database, tenant_of: UUID) -> None:
    publish(clone, "a", tenant=tenant_of)
    with listening(clone) as listener, clone.connect("ts_test_worker") as relay:
        relay.execute("UPDATE ticketing.outbox SET attempts = 1")
        relay.execute("DELETE FROM ticketing.outbox")
        assert heard(listener) == []


def test_a_transaction_has_its_number_before_its_event_has_one(db: Session) -> None:
    """Else a reader could take the seq for settled and pass the event."""
    db.run("SAVEPOINT before")
    tenant = db.value("SELECT gen_random_uuid()")
    number = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS given"
    assert db.value(number) is False
    # The statement writes no row, takes no seq, and is numbered all the same.
    assert db.run(ADD, tenant, 0) == 0
    assert db.value(number) is True
