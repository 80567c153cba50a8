"""expire_approval_requests: what was not executed in time is closed, approved or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

EXPIRE = "SELECT ticketing.expire_approval_requests()"
TABLE = "multisig_approval_requests"


def late() -> Row:
    """Returns the times of a request that is overdue."""
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    return {"requested_at": now - 2 * hour, "expires_at": now - hour}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pending", "expired"),
        ("approved", "expired"),
        ("rejected", "rejected"),
        ("executed", "executed"),
    ],
)
def test_only_an_open_one_expires(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, before: str, after: str
) -> None:
    request = make.id(TABLE, tenant, status=before, **late())
    with as_worker():
        assert db.value(EXPIRE) == int(before != after)
    assert db.value(f"SELECT status FROM ticketing.{TABLE} WHERE id = %s", request) == after


def test_a_job_does_nothing_else_across_tenants(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    make.row(TABLE, tenant, **late())
    make.row(TABLE, tenant)
    with as_worker(actor="system", reason="swept"):
        assert len(db.all(f"SELECT id FROM ticketing.{TABLE}")) == 1
        with db.refused("42501"):
            db.run(f"UPDATE ticketing.{TABLE} SET execution_result = NULL")
