"""valid_approvals: how many approvals count at this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

COUNT = """
    SELECT ticketing.valid_approvals(r)
    FROM ticketing.multisig_approval_requests AS r
    WHERE r.id = %s
"""


@pytest.fixture
def request_id(make: Make, tenant: UUID) -> UUID:
    return make.id("multisig_approval_requests", tenant, required_approvals=5)


def approve(make: Make, tenant: UUID, request_id: UUID, times: int = 1) -> list[UUID]:
    rows = [make.row("multisig_approvals", tenant, request_id=request_id) for _ in range(times)]
    return [row["approver_id"] for row in rows]


def test_the_approvals_of_the_request_count(
    db: Session, make: Make, tenant: UUID, *, request_id: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        assert db.value(COUNT, request_id) == 0
    approve(make, tenant, request_id, 3)
    make.row("multisig_approvals", tenant)
    make.row(
        "multisig_rejections", tenant, request_id=make.id("multisig_approval_requests", tenant)
    )
    with as_tenant(tenant):
        assert db.value(COUNT, request_id) == 3


@pytest.mark.parametrize("change", ["role = 'user'", "status = 'blocked'", "status = 'deleted'"])
def test_a_vote_stops_counting_with_its_voters_rights_and_counts_again_with_them(
    db: Session, make: Make, tenant: UUID, *, request_id: UUID, as_tenant: Acting, change: str
) -> None:
    (first, _) = approve(make, tenant, request_id, 2)
    for set_to, expected in ((change, 1), ("role = 'staff', status = 'active'", 2)):
        db.run(f"UPDATE ticketing.users SET {set_to} WHERE id = %s", first)
        with as_tenant(tenant):
            assert db.value(COUNT, request_id) == expected


def test_the_same_ids_in_another_tenant_do_not_count(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, request_id: UUID
) -> None:
    (voter,) = approve(make, tenant, request_id)
    make.id("multisig_approval_requests", other_tenant, id=request_id, required_approvals=5)
    make.id("users", other_tenant, id=voter, role="admin")
    count = f"{COUNT} AND r.tenant_id = %s"
    assert db.value(count, request_id, tenant) == 1
    assert db.value(count, request_id, other_tenant) == 0


def test_readers_may_ask(
    db: Session, make: Make, tenant: UUID, *, request_id: UUID, as_readonly: Acting
) -> None:
    approve(make, tenant, request_id)
    with as_readonly(tenant):
        assert db.value(COUNT, request_id) == 1
    with db.acting("ts_test_nobody", tenant=tenant), db.refused("42501"):
        db.value(COUNT, request_id)
