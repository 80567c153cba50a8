"""require_replica_key: a message names its tenant, its row and its version."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT ticketing.require_replica_key(%s, %s, %s)"
SOME = UUID(int=7)


@pytest.mark.parametrize("version", [0, 1, 2**63 - 1])
def test_a_whole_key_passes(as_worker: Acting, version: int) -> None:
    with as_worker() as worker:
        worker.value(CALL, SOME, SOME, version)


@pytest.mark.parametrize(
    "key", [(None, SOME, 1), (SOME, None, 1), (SOME, SOME, None), (SOME, SOME, -1)]
)
def test_a_key_with_a_gap_is_refused(as_worker: Acting, key: tuple[object, ...]) -> None:
    with as_worker() as worker, worker.refused("TK001"):
        worker.value(CALL, *key)


def test_a_tenant_that_is_set_is_meant(tenant: UUID, as_worker: Acting) -> None:
    with as_worker(tenant=tenant) as worker:
        worker.value(CALL, tenant, SOME, 1)
        with worker.refused("TK702"):
            worker.value(CALL, uuid4(), SOME, 1)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
def test_only_a_worker_may(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.value(CALL, SOME, SOME, 1)
