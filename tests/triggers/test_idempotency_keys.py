"""Triggers of idempotency_keys: what each does, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.requests import bring
from support.session import Session
from support.triggers import in_order

if TYPE_CHECKING:
    from conftest import Acting


def test_they_fire_in_the_order_of_their_names(db: Session) -> None:
    assert in_order(db, "idempotency_keys") == [
        ("BEFORE", "INSERT", "ROW", "trg_idempotency_keys_05_start_status"),
        ("BEFORE", "UPDATE", "ROW", "trg_idempotency_keys_05_change_status"),
        ("BEFORE", "UPDATE", "ROW", "trg_idempotency_keys_10_guard"),
        ("BEFORE", "UPDATE", "ROW", "trg_idempotency_keys_90_stamp_updated_at"),
    ]


@pytest.mark.parametrize("status", ["processing", "failed"])
def test_an_answered_request_is_not_opened_again(
    db: Session, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    bring(db, tenant, "completed")
    with as_tenant(tenant), db.refused("TK201"):
        db.run("UPDATE ticketing.idempotency_keys SET status = %s", status)


def test_a_failed_request_is_not_answered_without_being_tried_again(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    bring(db, tenant, "failed")
    with as_tenant(tenant), db.refused("TK201"):
        db.run(
            "UPDATE ticketing.idempotency_keys "
            "SET status = 'completed', response_status = 200, completed_at = now()"
        )


def test_a_request_does_not_start_as_failed(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.row("idempotency_keys", tenant)
    with as_tenant(tenant), db.refused("TK201"):
        db.run(
            """
            INSERT INTO ticketing.idempotency_keys (
                tenant_id, idempotency_key, operation, request_hash, status
            ) VALUES (%s, 'k', 'o', repeat('0', 64), 'failed')
            """,
            tenant,
        )


def test_the_guard_refuses_a_change_of_an_answer(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    bring(db, tenant, "completed")
    with as_tenant(tenant), db.refused("TK402"):
        db.run("UPDATE ticketing.idempotency_keys SET response_body = '{}'")
