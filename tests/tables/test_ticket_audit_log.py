"""ticket_audit_log: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_ticket_audit_log_actor", {"performed_by_type": "ghost"}),
        ("chk_ticket_audit_log_action", {"action": ""}),
        ("chk_ticket_audit_log_action", {"action": "a" * 51}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("ticket_audit_log", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        *({"performed_by_type": actor} for actor in ("user", "system", "admin", "service")),
        {"action": "a"},
        {"action": "a" * 50},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("ticket_audit_log", tenant, **given).items()


def test_an_entry_outlives_its_ticket(db: Session, make: Make, tenant: UUID) -> None:
    ticket = make.id("tickets", tenant)
    entry = make.id("ticket_audit_log", tenant, ticket_id=ticket)
    with db.unguarded("ticket_state_history", "refuse_change"):
        db.run("DELETE FROM ticketing.ticket_state_history WHERE ticket_id = %s", ticket)
    db.run("DELETE FROM ticketing.tickets WHERE id = %s", ticket)
    query = "SELECT ticket_id FROM ticketing.ticket_audit_log WHERE id = %s"
    assert db.value(query, entry) == ticket


def test_a_service_records_an_action_on_a_ticket_that_is_gone(
    make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    ticket = uuid4()
    with as_tenant(tenant):
        assert make.row("ticket_audit_log", tenant, ticket_id=ticket)["ticket_id"] == ticket


def test_an_entry_is_the_systems_unless_told_otherwise(make: Make, tenant: UUID) -> None:
    row = make.row("ticket_audit_log", tenant)
    assert (row["performed_by_type"], row["performed_by"]) == ("system", None)


def test_two_entries_of_one_transaction_keep_their_order(make: Make, tenant: UUID) -> None:
    first, second = make.row("ticket_audit_log", tenant), make.row("ticket_audit_log", tenant)
    assert first["performed_at"] < second["performed_at"]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ticketing.ticket_audit_log SET action = 'other'",
        "DELETE FROM ticketing.ticket_audit_log",
        "TRUNCATE ticketing.ticket_audit_log",
    ],
)
def test_an_entry_stays(db: Session, tenant: UUID, role: str, statement: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(statement)
