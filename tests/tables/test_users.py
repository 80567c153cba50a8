"""users: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_users_email_lower", {"email": "Ann@example.org"}),
        ("chk_users_role", {"role": "owner"}),
        ("chk_users_role", {"role": ""}),
        ("chk_users_status", {"status": "gone"}),
        ("chk_users_counts", {"ticket_purchase_count": -1}),
        ("chk_users_counts", {"events_attended": -1}),
        ("chk_users_counts", {"total_spent_cents": -1}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("users", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"email": None},
        {"email": "ann@example.org"},
        *({"role": role} for role in ("user", "staff", "scanner")),
        *({"role": role} for role in ("venue_owner", "admin", "superadmin")),
        *({"status": status} for status in ("active", "blocked", "deleted")),
        {"ticket_purchase_count": 0, "events_attended": 0, "total_spent_cents": 0},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("users", tenant, **given).items()


def test_an_email_is_used_once_in_a_tenant(db: Session, make: Make, tenant: UUID) -> None:
    make.row("users", tenant, email="ann@example.org")
    with db.refused("23505", "uq_users_tenant_email"):
        make.row("users", tenant, email="ann@example.org")


def test_users_without_an_email_do_not_collide(make: Make, tenant: UUID) -> None:
    first = make.id("users", tenant, email=None)
    assert make.id("users", tenant, email=None) != first


def test_one_person_may_be_known_to_two_tenants(
    make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    ann = make.id("users", tenant, email="ann@example.org")
    assert make.id("users", other_tenant, id=ann, email="ann@example.org") == ann


def test_one_person_is_one_row_of_a_tenant(db: Session, make: Make, tenant: UUID) -> None:
    ann = make.id("users", tenant)
    with db.refused("23505", "pk_users"):
        make.row("users", tenant, id=ann)


def test_a_new_user_is_an_active_buyer_without_purchases(make: Make, tenant: UUID) -> None:
    row = make.row("users", tenant)
    assert (row["role"], row["status"], row["version"]) == ("user", "active", 1)
    assert row["ticket_purchase_count"] == row["events_attended"] == row["total_spent_cents"] == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ticketing.users (tenant_id) VALUES (ticketing.current_tenant_id())",
        "UPDATE ticketing.users SET role = 'admin'",
        "DELETE FROM ticketing.users",
    ],
)
def test_a_service_cannot_write(
    db: Session, tenant: UUID, as_tenant: Acting, statement: str
) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(statement)
    assert "permission denied" in str(by.error)


def test_the_worker_copies_what_the_owner_sends(
    db: Session, tenant: UUID, as_worker: Acting
) -> None:
    with as_worker():
        db.run("INSERT INTO ticketing.users (tenant_id) VALUES (%s)", tenant)
        changed = db.run(
            "UPDATE ticketing.users SET email = 'ann@example.org', role = 'staff', "
            "status = 'blocked', version = 2 WHERE tenant_id = %s",
            tenant,
        )
    assert changed == 1


@pytest.mark.parametrize(
    "column",
    [
        "tenant_id",
        "id",
        "ticket_purchase_count",
        "events_attended",
        "total_spent_cents",
        "created_at",
        "updated_at",
    ],
)
def test_the_worker_cannot_change(db: Session, as_worker: Acting, column: str) -> None:
    with as_worker(), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.users SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_the_worker_cannot_delete(db: Session, as_worker: Acting) -> None:
    with as_worker(), db.refused("42501"):
        db.run("DELETE FROM ticketing.users")
