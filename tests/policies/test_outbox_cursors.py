"""Policies of outbox_cursors: the platform's own, out of every tenant's reach."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

STATEMENTS = {
    "select": "SELECT FROM ticketing.outbox_cursors",
    "insert": "INSERT INTO ticketing.outbox_cursors (consumer) VALUES ('mine')",
    "update": "UPDATE ticketing.outbox_cursors SET seq = 0",
    "delete": "DELETE FROM ticketing.outbox_cursors",
    "truncate": "TRUNCATE ticketing.outbox_cursors",
    "copy": "COPY ticketing.outbox_cursors TO STDOUT",
}


@pytest.mark.parametrize("with_tenant", [True, False])
def test_a_worker_keeps_the_cursors(
    make: Make, tenant: UUID, as_worker: Acting, with_tenant: bool
) -> None:
    make.row("outbox_cursors", tenant)
    with as_worker(tenant=tenant if with_tenant else None) as worker:
        assert worker.run(STATEMENTS["insert"]) == 1
        assert worker.run(STATEMENTS["update"]) == 2
        assert len(worker.all("SELECT consumer FROM ticketing.outbox_cursors")) == 2
        assert worker.run(STATEMENTS["delete"]) == 2
        with worker.refused("42501"):
            worker.run(STATEMENTS["truncate"])


@pytest.mark.parametrize("column", ["consumer", "created_at", "updated_at"])
def test_a_worker_does_not_change(db: Session, as_worker: Acting, column: str) -> None:
    with as_worker(), db.refused("42501"):
        db.run(f"UPDATE ticketing.outbox_cursors SET {column} = DEFAULT")


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_everybody_else_is_refused(
    db: Session, make: Make, tenant: UUID, *, role: str, statement: str
) -> None:
    make.row("outbox_cursors", tenant)
    with db.acting(role, tenant=tenant, user_role="superadmin"), db.refused("42501") as by:
        db.run(statement)
    assert "permission denied" in str(by.error)


def test_the_owner_sees_none(db: Session, make: Make, tenant: UUID) -> None:
    make.row("outbox_cursors", tenant)
    with db.acting("ticketing_owner"):
        assert db.all(STATEMENTS["select"]) == []
