"""approver_role: by which role a person may vote, if at all."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ROLES = ("user", "staff", "scanner", "venue_owner", "admin", "superadmin")
ROLE = """
    SELECT ticketing.approver_role(r, %s)
    FROM ticketing.multisig_approval_requests AS r
    WHERE r.id = %s
"""


@pytest.mark.parametrize("role", ROLES)
def test_without_roles_those_who_run_the_tenant_vote(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, role: str
) -> None:
    request = make.id("multisig_approval_requests", tenant)
    person = make.id("users", tenant, role=role)
    with as_tenant(tenant):
        found = db.value(ROLE, person, request)
    assert found == (role if role not in ("user", "scanner") else None)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("named", ["{user}", "{admin,scanner}"])
def test_with_roles_those_vote_and_no_others(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, role: str, named: str
) -> None:
    request = make.id("multisig_approval_requests", tenant, approver_roles=named)
    person = make.id("users", tenant, role=role)
    with as_tenant(tenant):
        found = db.value(ROLE, person, request)
    assert found == (role if role in named.strip("{}").split(",") else None)


@pytest.mark.parametrize("status", ["blocked", "deleted"])
def test_only_active_users_vote(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, status: str
) -> None:
    request = make.id("multisig_approval_requests", tenant)
    person = make.id("users", tenant, role="admin", status=status)
    with as_tenant(tenant):
        assert db.value(ROLE, person, request) is None


def test_unknown_people_and_those_of_another_tenant_do_not(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    request = make.id("multisig_approval_requests", tenant)
    theirs = make.id("users", other_tenant, role="admin")
    with as_tenant(tenant):
        for nobody in (theirs, uuid4(), None):
            assert db.value(ROLE, nobody, request) is None
    # Where row level security does not help either.
    assert db.value(ROLE, theirs, request) is None


def test_the_role_of_this_moment_counts(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    request = make.id("multisig_approval_requests", tenant)
    person = make.id("users", tenant, role="admin")
    db.run("UPDATE ticketing.users SET role = 'user' WHERE id = %s", person)
    with as_tenant(tenant):
        assert db.value(ROLE, person, request) is None


def test_readers_may_ask(
    db: Session, make: Make, tenant: UUID, as_readonly: Acting, as_nobody: Acting
) -> None:
    request = make.id("multisig_approval_requests", tenant)
    person = make.id("users", tenant, role="admin")
    with as_readonly(tenant):
        assert db.value(ROLE, person, request) == "admin"
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.value(ROLE, person, request)
