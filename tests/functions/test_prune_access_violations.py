"""prune_access_violations: old attempts to cross tenants, whoever they concern."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make
from support.session import Session
from support.sweeps import DAY

if TYPE_CHECKING:
    from conftest import Acting

PRUNE = "SELECT ticketing.prune_access_violations('90 days')"


def test_a_row_without_a_known_tenant_goes_like_any_other(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    old = datetime.now(UTC) - 99 * DAY
    make.row("tenant_access_violations", tenant, actual_tenant_id=None, occurred_at=old)
    with as_worker(tenant=make.tenant()):
        assert db.value(PRUNE) == 1


def test_the_log_is_as_append_only_as_before(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    old = datetime.now(UTC) - 99 * DAY
    make.row("tenant_access_violations", tenant, occurred_at=old)
    with as_worker(), db.refused("42501"):
        db.run("DELETE FROM ticketing.tenant_access_violations")
    with db.refused("TK003"):
        db.run("DELETE FROM ticketing.tenant_access_violations")
    with db.acting("ticketing_owner"), db.refused("TK003"):
        db.run("TRUNCATE ticketing.tenant_access_violations")
