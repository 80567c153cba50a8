"""Policies of tenant_access_violations: read by the platform alone, written by its function."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.databases import MIGRATOR
from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

STATEMENTS = {
    "select": "SELECT FROM ticketing.tenant_access_violations",
    "insert": "INSERT INTO ticketing.tenant_access_violations DEFAULT VALUES",
    "update": "UPDATE ticketing.tenant_access_violations SET user_name = 'innocent'",
    "delete": "DELETE FROM ticketing.tenant_access_violations",
    "truncate": "TRUNCATE ticketing.tenant_access_violations",
    "lock": "LOCK TABLE ticketing.tenant_access_violations IN ACCESS SHARE MODE",
    "copy": "COPY ticketing.tenant_access_violations TO STDOUT",
}
IDS = "SELECT id FROM ticketing.tenant_access_violations"


@pytest.fixture
def reported(make: Make, tenant: UUID, other_tenant: UUID) -> set[UUID]:
    """A row of each of two tenants, and one of none."""
    return {
        make.id("tenant_access_violations", tenant, actual_tenant_id=actual)
        for actual in (tenant, other_tenant, None)
    }


@pytest.mark.parametrize("with_tenant", [True, False])
def test_a_worker_reads_the_attempts_of_all_and_of_no_tenant(
    tenant: UUID, reported: set[UUID], as_worker: Acting, with_tenant: bool
) -> None:
    with as_worker(tenant=tenant if with_tenant else None) as worker:
        assert {row["id"] for row in worker.all(IDS)} == reported


@pytest.mark.usefixtures("reported")
@pytest.mark.parametrize("statement", ["insert", "update", "delete", "truncate"])
def test_a_worker_only_reads(as_worker: Acting, statement: str) -> None:
    with as_worker() as worker, worker.refused("42501"):
        worker.run(STATEMENTS[statement])


@pytest.mark.usefixtures("reported")
@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_everybody_else_is_refused(db: Session, tenant: UUID, role: str, statement: str) -> None:
    with db.acting(role, tenant=tenant, user_role="superadmin"), db.refused("42501") as by:
        db.run(statement)
    assert "permission denied" in str(by.error)


def test_the_owner_reads_and_adds_for_the_function(db: Session, reported: set[UUID]) -> None:
    with db.acting("ticketing_owner"):
        assert {row["id"] for row in db.all(IDS)} == reported
        assert db.run(STATEMENTS["insert"]) == 1


@pytest.mark.usefixtures("reported")
def test_a_member_of_the_owner_that_does_not_act_as_it_does_neither(db: Session) -> None:
    db.run(f"GRANT ticketing_owner TO {MIGRATOR}")
    with db.logged_in(MIGRATOR):
        assert db.all(IDS) == []
        with db.refused("42501") as by:
            db.run(STATEMENTS["insert"])
    assert "row-level security" in str(by.error)
