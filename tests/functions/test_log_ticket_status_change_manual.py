"""log_ticket_status_change_manual: what happened to a ticket before it came here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

NAMES = {
    "ticket": "p_ticket_id",
    "tenant": "p_tenant_id",
    "before": "p_previous_status",
    "after": "p_new_status",
    "by": "p_changed_by",
    "by_type": "p_changed_by_type",
    "reason": "p_reason",
    "source": "p_source",
    "metadata": "p_metadata",
    "at": "p_changed_at",
}
READ = "SELECT * FROM ticketing.ticket_state_history WHERE id = %s"


@pytest.fixture
def ticket(make: Make, tenant: UUID) -> UUID:
    return make.id("tickets", tenant, status="sold", user_id=make.id("users", tenant))


def log(db: Session, tenant: UUID, ticket: UUID | None, **given: Any) -> UUID:
    values = {"ticket": ticket, "tenant": tenant, "before": "reserved", "after": "sold", **given}
    arguments = ", ".join(f"{NAMES[name]} => %s" for name in values)
    made: UUID = db.value(
        f"SELECT ticketing.log_ticket_status_change_manual({arguments})", *values.values()
    )
    return made


def test_an_import_adds_the_past_as_it_was(
    db: Session, tenant: UUID, ticket: UUID, as_worker: Acting
) -> None:
    by, when = uuid4(), datetime(2024, 2, 3, tzinfo=UTC)
    with as_worker(tenant=tenant):
        made = log(
            *(db, tenant, ticket),
            by=by,
            by_type="user",
            reason="bought there",
            source="migration",
            metadata=Jsonb({"old": 1}),
            at=when,
        )
        row = db.one(READ, made)
    assert (row["tenant_id"], row["ticket_id"]) == (tenant, ticket)
    assert (row["previous_status"], row["new_status"]) == ("reserved", "sold")
    assert (row["changed_by"], row["changed_by_type"]) == (by, "user")
    assert (row["reason"], row["source"]) == ("bought there", "migration")
    assert (row["metadata"], row["changed_at"]) == ({"old": 1}, when)
    assert row["ticket_version"] is None


def test_the_seeds_order_of_arguments_holds(
    db: Session, tenant: UUID, ticket: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        made = db.value(
            "SELECT ticketing.log_ticket_status_change_manual(%s, %s, NULL, 'available')",
            *(ticket, tenant),
        )
        row = db.one(READ, made)
    assert (row["changed_by_type"], row["source"], row["metadata"]) == ("system", "import", {})
    assert row["changed_at"] > db.value("SELECT now()")


def test_it_moves_no_status_and_publishes_no_event(
    db: Session, tenant: UUID, ticket: UUID, as_worker: Acting
) -> None:
    events = "SELECT count(*) FROM ticketing.outbox WHERE tenant_id = %s"
    before = db.value(events, tenant)
    with as_worker(tenant=tenant):
        log(db, tenant, ticket, before="sold", after="refunded")
    assert db.value("SELECT status FROM ticketing.tickets WHERE id = %s", ticket) == "sold"
    assert db.value(events, tenant) == before


@pytest.mark.parametrize("source", ["api", "", None, "Import", "job"])
def test_any_other_source_is_refused(
    db: Session, tenant: UUID, ticket: UUID, as_worker: Acting, source: str | None
) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        log(db, tenant, ticket, source=source)


def test_the_future_is_refused(db: Session, tenant: UUID, ticket: UUID, as_worker: Acting) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        log(db, tenant, ticket, at=datetime.now(UTC) + timedelta(minutes=1))


def test_it_works_in_the_tenant_of_the_transaction_only(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, ticket: UUID, as_worker: Acting
) -> None:
    foreign = make.id("tickets", other_tenant)
    with as_worker(tenant=tenant):
        with db.refused("TK702"):
            log(db, other_tenant, foreign)
        with db.refused("23503", "fk_ticket_state_history_ticket_id"):
            log(db, tenant, foreign)
        with db.refused("23503", "fk_ticket_state_history_ticket_id"):
            log(db, tenant, uuid4())
    with as_worker(), db.refused("TK701"):
        log(db, tenant, ticket)


@pytest.mark.parametrize(
    ("given", "constraint"),
    [
        ({"after": "lost"}, "chk_ticket_state_history_statuses"),
        ({"before": "lost"}, "chk_ticket_state_history_statuses"),
        ({"before": "sold"}, "chk_ticket_state_history_statuses"),
        ({"by_type": "robot"}, "chk_ticket_state_history_actor"),
        ({"metadata": Jsonb([1])}, "chk_ticket_state_history_metadata"),
    ],
)
def test_what_no_history_could_say_is_refused(
    db: Session, tenant: UUID, *, ticket: UUID, as_worker: Acting, given: Any, constraint: str
) -> None:
    with as_worker(tenant=tenant), db.refused("23514", constraint):
        log(db, tenant, ticket, **given)


def test_no_status_and_no_ticket_are_refused(
    db: Session, tenant: UUID, ticket: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        with db.refused("TK001"):
            log(db, tenant, ticket, after=None)
        with db.refused("TK001"):
            log(db, tenant, None)


def test_nulls_for_the_optional_ones_are_their_defaults(
    db: Session, tenant: UUID, ticket: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        row = db.one(READ, log(db, tenant, ticket, by_type=None, metadata=None, at=None))
    assert (row["changed_by_type"], row["metadata"]) == ("system", {})


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
def test_only_the_worker_may(db: Session, tenant: UUID, ticket: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        log(db, tenant, ticket)
