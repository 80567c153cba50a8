"""ticket_notifications: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
PARENTS = [
    ("fk_ticket_notifications_user_id", "user_id", "users"),
    ("fk_ticket_notifications_ticket_id", "ticket_id", "tickets"),
]


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_ticket_notifications_type", {"type": "advert"}),
        ("chk_ticket_notifications_channel", {"channel": "pigeon"}),
        ("chk_ticket_notifications_status", {"status": "lost"}),
        ("chk_ticket_notifications_sent", {"status": "sent"}),
        ("chk_ticket_notifications_sent", {"status": "pending", "sent_at": NOW}),
        ("chk_ticket_notifications_sent", {"status": "failed", "sent_at": NOW}),
        ("chk_ticket_notifications_attempts", {"attempts": -1}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("ticket_notifications", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        *({"type": kind} for kind in ("purchase", "transfer", "validation", "cancellation")),
        *({"type": kind} for kind in ("reminder", "refund", "waitlist_offer")),
        *({"channel": channel} for channel in ("email", "sms", "push", "in_app")),
        {"status": "pending"},
        {"status": "failed"},
        {"status": "sent", "sent_at": NOW},
        {"attempts": 0},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("ticket_notifications", tenant, **given).items()


def test_a_message_is_stored_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    make.row("ticket_notifications", tenant, dedupe_key="k", status="sent", sent_at=NOW)
    with db.refused("23505", "uq_ticket_notifications_dedupe"):
        make.row("ticket_notifications", tenant, dedupe_key="k")
    assert make.row("ticket_notifications", other_tenant, dedupe_key="k")["dedupe_key"] == "k"


@pytest.mark.parametrize(("constraint", "column", "parent"), PARENTS)
def test_a_parent_of_another_tenant_is_refused(
    db: Session,
    make: Make,
    *,
    tenant: UUID,
    other_tenant: UUID,
    constraint: str,
    column: str,
    parent: str,
) -> None:
    stranger = make.id(parent, other_tenant)
    with db.refused("23503", constraint):
        make.row("ticket_notifications", tenant, **{column: stranger})


@pytest.mark.parametrize(("constraint", "column", "parent"), PARENTS)
def test_a_parent_must_exist(
    db: Session, make: Make, *, tenant: UUID, constraint: str, column: str, parent: str
) -> None:
    with db.refused("23503", constraint):
        make.row("ticket_notifications", tenant, **{column: uuid4()})


def test_a_new_message_is_an_untried_email_that_is_due(make: Make, tenant: UUID) -> None:
    row = make.row("ticket_notifications", tenant)
    assert (row["channel"], row["status"], row["attempts"]) == ("email", "pending", 0)
    assert row["next_attempt_at"] == row["created_at"]


@pytest.mark.parametrize(
    "column",
    [
        "tenant_id",
        "id",
        "user_id",
        "ticket_id",
        "type",
        "channel",
        "dedupe_key",
        "created_at",
        "updated_at",
    ],
)
def test_a_service_cannot_change(db: Session, tenant: UUID, as_tenant: Acting, column: str) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.ticket_notifications SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_a_service_may_change_all_the_rest(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    columns = "status, message, attempts, next_attempt_at, last_error, sent_at"
    make.row("ticket_notifications", tenant)
    with as_tenant(tenant):
        assert (
            db.run(f"UPDATE ticketing.ticket_notifications SET ({columns}) = ROW ({columns})") == 1
        )


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_no_service_deletes(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.ticket_notifications")
