"""create_approval_request: asks, and says what of whom."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

OPERATION = {"order": "o-1", "amount_cents": 900_000}
READ = "SELECT * FROM ticketing.multisig_approval_requests WHERE id = %s"


@pytest.fixture
def person(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant, role="staff")


def ask(db: Session, person: UUID | None, **given: Any) -> UUID:
    given = {
        "p_operation_type": "refund.large",
        "p_operation_data": Jsonb(OPERATION),
        "p_requested_by": person,
        **given,
    }
    arguments = ", ".join(f"{name} => %s" for name in given)
    made: UUID = db.value(f"SELECT ticketing.create_approval_request({arguments})", *given.values())
    return made


def test_it_asks_two_people_within_a_day(
    db: Session, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        row = db.one(READ, ask(db, person))
    expected = {
        "tenant_id": tenant,
        "operation_type": "refund.large",
        "operation_data": OPERATION,
        "requested_by": person,
        "required_approvals": 2,
        "required_rejections": 1,
        "approver_roles": [],
        "status": "pending",
        "decided_at": None,
        "executed_by": None,
    }
    assert expected.items() <= row.items()
    assert row["expires_at"] - row["requested_at"] == timedelta(hours=24)


def test_the_hash_is_that_of_the_operation_as_postgresql_prints_it(
    db: Session, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    # Keys in another order and other white space are the same operation.
    written = '{"b" : 1,\n "a": "\u00fc"}'
    with as_tenant(tenant):
        row = db.one(READ, ask(db, person, p_operation_data=written))
    printed = '{"a": "\u00fc", "b": 1}'
    assert row["operation_hash"] == hashlib.sha256(printed.encode()).hexdigest()


def test_who_and_how_long_may_be_said(
    db: Session, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    given = {
        "p_required_approvals": 20,
        "p_required_rejections": 3,
        "p_approver_roles": ["admin", "superadmin"],
        "p_expires_in": "30 days",
    }
    with as_tenant(tenant):
        row = db.one(READ, ask(db, person, **given))
    assert (row["required_approvals"], row["required_rejections"]) == (20, 3)
    assert row["approver_roles"] == ["admin", "superadmin"]
    assert row["expires_at"] - row["requested_at"] == timedelta(days=30)


@pytest.mark.parametrize(
    "given",
    [
        {"p_operation_type": None},
        {"p_operation_type": " "},
        {"p_operation_type": "o" * 101},
        {"p_operation_data": None},
        {"p_requested_by": None},
        {"p_required_approvals": None},
        {"p_required_approvals": 0},
        {"p_required_approvals": 21},
        {"p_required_rejections": None},
        {"p_required_rejections": 0},
        {"p_required_rejections": 21},
        {"p_approver_roles": None},
        {"p_approver_roles": ["boss"]},
        {"p_approver_roles": [None]},
        {"p_expires_in": None},
        {"p_expires_in": "0 seconds"},
        {"p_expires_in": "-1 day"},
        {"p_expires_in": "30 days 1 second"},
    ],
)
def test_what_is_missing_or_out_of_range_is_refused(
    db: Session, tenant: UUID, *, person: UUID, as_tenant: Acting, given: dict[str, Any]
) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        ask(db, person, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"p_operation_type": "o"},
        {"p_operation_type": "o" * 100},
        {"p_operation_data": "{}"},
        {"p_operation_data": "null"},
        {"p_required_approvals": 1, "p_required_rejections": 20},
        {"p_expires_in": "1 microsecond"},
        {
            "p_approver_roles": [
                *("user", "staff", "scanner"),
                *("venue_owner", "admin", "superadmin"),
            ]
        },
    ],
)
def test_the_edges_of_the_ranges_are_accepted(
    db: Session, tenant: UUID, *, person: UUID, as_tenant: Acting, given: dict[str, Any]
) -> None:
    with as_tenant(tenant):
        assert db.one(READ, ask(db, person, **given))["status"] == "pending"


def test_a_requester_of_another_tenant_is_refused(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    theirs = make.id("users", other_tenant)
    with as_tenant(tenant):
        for stranger in (theirs, uuid4()):
            with db.refused("23503", "fk_multisig_approval_requests_requested_by"):
                ask(db, stranger)


def test_nobody_asks_in_anothers_name(
    db: Session, make: Make, tenant: UUID, *, person: UUID, as_user: Acting
) -> None:
    other = make.id("users", tenant)
    with as_user(tenant, person, "staff"):
        assert db.one(READ, ask(db, person))["requested_by"] == person
        with db.refused("TK738"):
            ask(db, other)


def test_it_needs_a_tenant_and_a_role_that_may(
    db: Session, tenant: UUID, *, person: UUID, as_worker: Acting, as_readonly: Acting
) -> None:
    with as_worker(), db.refused("TK701"):
        ask(db, person)
    with as_worker(tenant=tenant):
        ask(db, person)
    with as_readonly(tenant), db.refused("42501"):
        ask(db, person)
