"""Policies of idempotency_keys: one tenant for services, expired rows of all for the clean-up."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.requests import acquire, bring, complete, pass_time
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

DELETE = "DELETE FROM ticketing.idempotency_keys"
LOCK = "SELECT id FROM ticketing.idempotency_keys FOR UPDATE"
SEE = "SELECT id FROM ticketing.idempotency_keys"
CHANGE = "UPDATE ticketing.idempotency_keys SET recovery_point = 'elsewhere'"
STATES = ["live", "over", "returned", "completed", "failed"]


@pytest.mark.parametrize("state", STATES)
def test_a_job_without_a_tenant_reaches_nothing_that_has_not_expired(
    db: Session, tenant: UUID, as_worker: Acting, state: str
) -> None:
    bring(db, tenant, state)
    with as_worker() as job:
        assert (job.all(SEE), job.all(LOCK), job.run(CHANGE), job.run(DELETE)) == ([], [], 0, 0)


@pytest.mark.parametrize("state", STATES[1:])
def test_a_job_without_a_tenant_reads_locks_and_deletes_what_has_expired(
    db: Session, tenant: UUID, other_tenant: UUID, as_worker: Acting, state: str
) -> None:
    for owner in (tenant, other_tenant):
        bring(db, owner, state)
    pass_time(db, "25 hours")
    with as_worker() as job:
        assert (len(job.all(SEE)), len(job.all(LOCK)), job.run(DELETE)) == (2, 2, 2)


@pytest.mark.parametrize("tenants_own", [True, False])
def test_a_job_changes_no_row_of_another_tenant(
    db: Session, tenant: UUID, other_tenant: UUID, *, as_worker: Acting, tenants_own: bool
) -> None:
    bring(db, other_tenant, "over")
    pass_time(db, "25 hours")
    context = {"tenant": tenant} if tenants_own else {}
    with as_worker(**context) as job, job.refused("42501"):
        job.run(CHANGE)


def test_a_job_adds_no_row_without_a_tenant(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    make.row("idempotency_keys", tenant)
    insert = """
        INSERT INTO ticketing.idempotency_keys (tenant_id, idempotency_key, operation, request_hash)
        VALUES (%s, 'k', 'o', repeat('0', 64))
    """
    with as_worker() as job, job.refused("42501"):
        job.run(insert, tenant)
    with as_worker(tenant=tenant) as job:
        assert job.run(insert, tenant) == 1


@pytest.mark.parametrize("state", STATES)
def test_a_service_deletes_nothing_that_still_protects_a_request(
    db: Session, tenant: UUID, as_tenant: Acting, state: str
) -> None:
    bring(db, tenant, state)
    with as_tenant(tenant):
        assert db.run(DELETE) == 0
    pass_time(db, "25 hours")
    with as_tenant(tenant):
        assert db.run(DELETE) == 1


def test_a_service_reaches_no_row_of_another_tenant(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    bring(db, other_tenant, "over")
    pass_time(db, "25 hours")
    with as_tenant(tenant):
        assert (db.all(SEE), db.all(LOCK), db.run(CHANGE), db.run(DELETE)) == ([], [], 0, 0)


def test_a_job_runs_requests_of_its_tenant_past_their_time(
    db: Session, tenant: UUID, as_worker: Acting
) -> None:
    held = bring(db, tenant, "expired-over")
    assert held is not None
    with as_worker(tenant=tenant):
        assert complete(db, held)
        assert acquire(db, tenant)["outcome"] == "replay"


def test_a_reader_reads_and_writes_nothing(
    db: Session, tenant: UUID, other_tenant: UUID, as_readonly: Acting
) -> None:
    for owner in (tenant, other_tenant):
        bring(db, owner, "completed")
    with as_readonly(tenant):
        assert len(db.all(SEE)) == 1
        for statement in (LOCK, CHANGE, DELETE):
            with db.refused("42501"):
                db.run(statement)
