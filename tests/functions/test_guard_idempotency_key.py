"""guard_idempotency_key: what was answered is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.requests import bring, row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGES = [
    "response_status = 500",
    "response_headers = '{}'",
    "response_body = NULL",
    "resource_id = gen_random_uuid()",
    "resource_type = 'refund'",
    "completed_by = 'me'",
    "completed_at = now()",
    "expires_at = expires_at + interval '1 day'",
    "attempt_count = attempt_count",
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("state", ["completed", "expired-completed"])
def test_an_answered_key_is_not_changed(
    db: Session, tenant: UUID, as_tenant: Acting, *, change: str, state: str
) -> None:
    held = bring(db, tenant, state)
    assert held is not None
    before = row(db, held["key_id"])
    with as_tenant(tenant), db.refused("TK402"):
        db.run(f"UPDATE ticketing.idempotency_keys SET {change}")
    assert row(db, held["key_id"]) == before


def test_the_superuser_is_refused_as_well(db: Session, tenant: UUID) -> None:
    bring(db, tenant, "completed")
    with db.refused("TK402"):
        db.run("UPDATE ticketing.idempotency_keys SET request_hash = repeat('0', 64)")


@pytest.mark.parametrize("state", ["live", "over", "returned", "failed"])
def test_any_other_key_may_be_changed(
    db: Session, tenant: UUID, as_tenant: Acting, state: str
) -> None:
    bring(db, tenant, state)
    with as_tenant(tenant):
        assert db.run("UPDATE ticketing.idempotency_keys SET recovery_point = 'elsewhere'") == 1


def test_an_answered_key_may_be_deleted_when_it_has_expired(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    bring(db, tenant, "expired-completed")
    with as_tenant(tenant):
        assert db.run("DELETE FROM ticketing.idempotency_keys") == 1


def test_nobody_may_call_it(db: Session, make: Make, as_tenant: Acting) -> None:
    with as_tenant(make.tenant()), db.refused("42501"):
        db.run("SELECT ticketing.guard_idempotency_key()")
