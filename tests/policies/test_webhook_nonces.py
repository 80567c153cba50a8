"""Policies of webhook_nonces: background jobs alone, since a webhook comes before its tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ADD = "INSERT INTO ticketing.webhook_nonces (tenant_id, endpoint, nonce) VALUES (%s, 'stripe', %s)"
STATEMENTS = {
    "select": "SELECT FROM ticketing.webhook_nonces",
    "insert": "INSERT INTO ticketing.webhook_nonces (endpoint, nonce) VALUES ('stripe', 'n')",
    "update": "UPDATE ticketing.webhook_nonces SET expires_at = now()",
    "delete": "DELETE FROM ticketing.webhook_nonces",
    "truncate": "TRUNCATE ticketing.webhook_nonces",
}


def test_a_worker_reads_the_nonces_of_all_and_of_no_tenant(
    make: Make, tenant: UUID, other_tenant: UUID, as_worker: Acting
) -> None:
    for owner in (tenant, other_tenant, None):
        make.row("webhook_nonces", tenant, tenant_id=owner)
    with as_worker() as worker:
        owners = worker.all("SELECT tenant_id FROM ticketing.webhook_nonces")

    assert {row["tenant_id"] for row in owners} == {tenant, other_tenant, None}


@pytest.mark.parametrize("known", [True, False], ids=["of-a-tenant", "of-none-yet"])
def test_a_worker_adds_a_nonce_without_a_context(
    tenant: UUID, as_worker: Acting, known: bool
) -> None:
    with as_worker() as worker:
        assert worker.run(ADD, tenant if known else None, "n") == 1
        with worker.refused("23505", "pk_webhook_nonces"):
            worker.run(ADD, tenant if known else None, "n")


def test_a_worker_deletes_nonces_of_every_tenant(
    make: Make, tenant: UUID, other_tenant: UUID, as_worker: Acting
) -> None:
    for owner in (tenant, other_tenant, None):
        make.row("webhook_nonces", tenant, tenant_id=owner)
    with as_worker() as worker:
        assert worker.run(STATEMENTS["delete"]) == 3


@pytest.mark.parametrize("statement", ["update", "truncate"])
def test_a_worker_cannot_change_a_nonce(
    make: Make, tenant: UUID, as_worker: Acting, statement: str
) -> None:
    make.row("webhook_nonces", tenant)
    with as_worker() as worker, worker.refused("42501"):
        worker.run(STATEMENTS[statement])


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_everybody_else_is_refused(db: Session, tenant: UUID, role: str, statement: str) -> None:
    with db.acting(role, tenant=tenant, user_role="superadmin"), db.refused("42501"):
        db.run(statement)
