"""lock_approval_request: the request as of now, kept from everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import in_turn
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

LOCK = "SELECT * FROM ticketing.lock_approval_request(%s)"
READ = "SELECT * FROM ticketing.multisig_approval_requests WHERE id = %s"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_returns_the_row(db: Session, make: Make, tenant: UUID, role: str) -> None:
    asked = make.id("multisig_approval_requests", tenant)
    with db.acting(role, tenant=tenant) as session:
        assert session.one(LOCK, asked) == session.one(READ, asked)


def test_an_unknown_request_and_another_tenants_are_refused(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    theirs = make.id("multisig_approval_requests", other_tenant)
    # The superuser as well, whom no policy keeps from the row.
    for role in ("ticketing_app", "none"):
        with db.acting(role, tenant=tenant) as session:
            for unknown in (uuid4(), None, theirs):
                with session.refused("TK731"):
                    session.all(LOCK, unknown)


def test_a_reader_locks_nothing(
    make: Make, tenant: UUID, as_readonly: Acting, as_nobody: Acting
) -> None:
    asked = make.id("multisig_approval_requests", tenant)
    for acting in (as_readonly, as_nobody):
        with acting(tenant=tenant) as session, session.refused("42501"):
            session.all(LOCK, asked)


def test_whoever_comes_second_waits_and_sees_what_the_first_did(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        asked = make.row("multisig_approval_requests", tenant, required_approvals=1)
        voter = make.id("users", tenant, role="admin")

    def vote(at: psycopg.Connection) -> object:
        values = [asked["id"], voter, asked["operation_hash"]]
        return at.execute(b"SELECT status FROM ticketing.approve_request(%s, %s, %s)", values)

    def look(at: psycopg.Connection) -> object:
        query = b"SELECT status FROM ticketing.lock_approval_request(%s)"
        return at.execute(query, [asked["id"]]).fetchone()

    _, seen, waited = in_turn(clone, "ts_test_app", vote, look, tenant=tenant)
    assert (seen, waited) == (("approved",), True)
