"""log_request_ticket_change: each thing that happens to a request leaves one event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

EVENTS = "SELECT * FROM ticketing.audit_events WHERE ticket_id = %s ORDER BY seq"
PUT = "UPDATE ticketing.request_tickets SET {} WHERE id = %s"
CLAIM = "claimed_by = 'w1', claimed_until = clock_timestamp() + interval '1 hour'"


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def request_id(make: Make, tenant: UUID, user: UUID) -> UUID:
    return make.id("request_tickets", tenant, created_by=user)


def since(db: Session, row: UUID) -> list[Row]:
    """Returns the events after the creation."""
    return db.all(EVENTS, row)[1:]


def test_the_creation_says_what_was_wanted(
    db: Session, tenant: UUID, user: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        made = db.value(
            """
            INSERT INTO ticketing.request_tickets (
                tenant_id, created_by, priority, tags, description, dest_path
            ) VALUES (%s, %s, 100, '{music,flac}', 'Abbey Road', '/media/music')
            RETURNING id
            """,
            *(tenant, user),
        )
        (event,) = db.all(EVENTS, made)
    assert event["event_type"] == "ticket_created"
    assert event["tenant_id"] == tenant
    assert event["data"] == {
        "ticket_id": str(made),
        "created_by": str(user),
        "priority": 100,
        "query_context": {"tags": ["music", "flac"], "description": "Abbey Road"},
        "dest_path": "/media/music",
    }


def test_the_creator_did_it_unless_the_session_names_another(
    db: Session, make: Make, tenant: UUID, *, user: UUID, as_tenant: Acting, as_user: Acting
) -> None:
    new = """
        INSERT INTO ticketing.request_tickets (tenant_id, created_by, dest_path)
        VALUES (%s, %s, '/') RETURNING id
    """
    clerk = make.id("users", tenant)
    with as_tenant(tenant):
        assert db.one(EVENTS, db.value(new, tenant, user))["user_id"] == user
    with as_user(tenant, clerk, user_role="staff"):
        event = db.one(EVENTS, db.value(new, tenant, user))
    assert (event["user_id"], event["data"]["created_by"]) == (clerk, str(user))


def test_requests_of_one_statement_leave_an_event_each_in_their_order(
    db: Session, tenant: UUID, user: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        made = db.all(
            """
            INSERT INTO ticketing.request_tickets (tenant_id, created_by, dest_path)
            SELECT %s, %s, '/' || n FROM generate_series(1, 5) AS n RETURNING id
            """,
            *(tenant, user),
        )
        events = db.all("SELECT ticket_id FROM ticketing.audit_events ORDER BY seq")
    assert [event["ticket_id"] for event in events] == [row["id"] for row in made]


CHANGES: list[tuple[str, str, Row]] = [
    ("priority = 9", "ticket_updated", {"changes": {"priority": {"from": 0, "to": 9}}}),
    (
        "tags = '{flac}', dest_path = '/new'",
        "ticket_updated",
        {
            "changes": {
                "tags": {"from": [], "to": ["flac"]},
                "dest_path": {"from": "/media/music", "to": "/new"},
            }
        },
    ),
    (
        "description = 'remaster'",
        "ticket_updated",
        {"changes": {"description": {"from": "", "to": "remaster"}}},
    ),
    (
        "state = 'completed'",
        "ticket_state_changed",
        {"previous_state": "pending", "new_state": "completed"},
    ),
    (
        "state = 'failed', error = 'no seeders'",
        "ticket_state_changed",
        {"previous_state": "pending", "new_state": "failed", "error": "no seeders"},
    ),
    (
        f"state = 'cancelled', cancelled_by = '{UUID(int=7)}', cancel_reason = 'found it'",
        "ticket_cancelled",
        {"cancelled_by": str(UUID(int=7)), "reason": "found it", "previous_state": "pending"},
    ),
    (
        f"state = 'cancelled', cancelled_by = '{UUID(int=7)}'",
        "ticket_cancelled",
        {"cancelled_by": str(UUID(int=7)), "reason": None, "previous_state": "pending"},
    ),
]


@pytest.mark.parametrize(("change", "kind", "data"), CHANGES)
@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_each_change_by_row_is_one_event(
    db: Session, tenant: UUID, *, request_id: UUID, role: str, change: str, kind: str, data: Row
) -> None:
    with db.acting(role, tenant=tenant):
        db.run(PUT.format(change), request_id)
        (event,) = since(db, request_id)
    assert event["event_type"] == kind
    assert event["data"] == {"ticket_id": str(request_id), **data}


def test_a_claim_and_its_return_are_events_and_its_extension_is_none(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.run(PUT.format(CLAIM), request_id)
        until = db.value(
            "SELECT claimed_until FROM ticketing.request_tickets WHERE id = %s", request_id
        )
        db.run(PUT.format(CLAIM), request_id)
        db.run(PUT.format("claimed_by = NULL, claimed_until = NULL"), request_id)
        claimed, released = since(db, request_id)
    assert claimed["event_type"] == "ticket_claimed"
    assert db.value("SELECT %s::timestamptz", claimed["data"].pop("claimed_until")) == until
    assert released["event_type"] == "ticket_released"
    who = {"ticket_id": str(request_id), "claimed_by": "w1", "claim_number": 1}
    assert claimed["data"] == released["data"] == who
    assert (claimed["user_id"], released["user_id"]) == (None, None)


def test_the_end_of_a_claimed_request_says_who_had_it(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.run(PUT.format(CLAIM), request_id)
        db.run(PUT.format("state = 'completed'"), request_id)
        _, closed = since(db, request_id)
    assert (closed["data"]["claimed_by"], closed["data"]["claim_number"]) == ("w1", 1)


def test_several_things_at_once_are_several_events_the_end_last(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        db.run(PUT.format(f"priority = 9, {CLAIM}"), request_id)
        db.run(PUT.format("priority = 8, state = 'completed'"), request_id)
        kinds = [event["event_type"] for event in since(db, request_id)]
    assert kinds == [
        "ticket_updated",
        "ticket_claimed",
        "ticket_updated",
        "ticket_state_changed",
    ]


@pytest.mark.parametrize(
    "change", ["priority = priority", "state = 'pending'", "claimed_by = NULL"]
)
def test_what_changes_nothing_leaves_nothing(
    db: Session, tenant: UUID, *, request_id: UUID, as_tenant: Acting, change: str
) -> None:
    with as_tenant(tenant):
        db.run(PUT.format(change), request_id)
        assert since(db, request_id) == []


def test_an_update_of_a_closed_request_that_changes_nothing_leaves_nothing(
    db: Session, tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        db.run(PUT.format("state = 'completed'"), request_id)
        db.run(PUT.format("state = 'completed', priority = priority"), request_id)
        assert len(since(db, request_id)) == 1


def test_the_same_id_in_two_tenants_is_two_requests(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, request_id: UUID
) -> None:
    make.id("request_tickets", other_tenant, id=request_id, priority=5)
    db.run(PUT.format("priority = 9"), request_id)
    events = "SELECT data FROM ticketing.audit_events WHERE tenant_id = %s ORDER BY seq"
    for each, before in ((tenant, 0), (other_tenant, 5)):
        _, event = db.all(events, each)
        assert event["data"]["changes"] == {"priority": {"from": before, "to": 9}}


def test_one_statement_over_many_logs_those_that_changed(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = [make.id("request_tickets", tenant, priority=n) for n in (1, 2, 9)]
    with as_tenant(tenant):
        db.run("UPDATE ticketing.request_tickets SET priority = 9")
        assert [len(since(db, row)) for row in made] == [1, 1, 0]


@pytest.mark.parametrize(
    ("change", "kind"),
    [("priority = 9", "ticket_updated"), ("state = 'cancelled'", "ticket_cancelled")],
)
def test_the_user_of_the_session_did_it(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    request_id: UUID,
    as_user: Acting,
    change: str,
    kind: str,
) -> None:
    clerk = make.id("users", tenant)
    with as_user(tenant, clerk, user_role="admin"):
        db.run(PUT.format(change), request_id)
        (event,) = since(db, request_id)
    assert (event["event_type"], event["user_id"]) == (kind, clerk)


def test_without_a_session_user_the_canceller_did_it(
    db: Session, tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    somebody = uuid4()
    with as_tenant(tenant):
        db.run(PUT.format(f"state = 'cancelled', cancelled_by = '{somebody}'"), request_id)
        (event,) = since(db, request_id)
    assert event["user_id"] == somebody


def test_what_is_refused_or_taken_back_leaves_nothing(
    db: Session, tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        with db.refused("TK203"):
            db.run(PUT.format("state = 'failed'"), request_id)
        with db.connection.transaction(force_rollback=True):
            db.run(PUT.format("state = 'completed'"), request_id)
        assert since(db, request_id) == []


def test_the_events_of_a_tenant_are_its_own(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    other_tenant: UUID,
    request_id: UUID,
    as_tenant: Acting,
) -> None:
    make.id("request_tickets", other_tenant)
    with as_tenant(other_tenant):
        assert db.all(EVENTS, request_id) == []
        assert len(db.all("SELECT 1 FROM ticketing.audit_events")) == 1


def test_a_superusers_change_across_tenants_is_logged_with_each_tenants(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    made: list[Any] = [make.row("request_tickets", each) for each in (tenant, other_tenant)]
    db.run("UPDATE ticketing.request_tickets SET priority = 9")
    for row in made:
        (event,) = since(db, row["id"])
        assert event["tenant_id"] == row["tenant_id"]
