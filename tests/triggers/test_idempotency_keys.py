"""Triggers of idempotency_keys: what each does, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.requests import acquire, bring, mark, row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


def test_they_fire_in_the_order_of_their_names(db: Session) -> None:
    rows = db.all(
        """
        SELECT action_timing, event_manipulation, action_orientation, trigger_name
        FROM information_schema.triggers
        WHERE event_object_schema = 'ticketing' AND event_object_table = 'idempotency_keys'
        ORDER BY action_timing DESC, event_manipulation, action_order
        """
    )
    assert [tuple(row.values()) for row in rows] == [
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


def test_every_update_is_stamped_whatever_the_statement_says(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        before = row(db, held["key_id"])
        mark(db, held)
    after = row(db, held["key_id"])
    assert after["updated_at"] > before["updated_at"]
    db.run("UPDATE ticketing.idempotency_keys SET updated_at = 'epoch'")
    assert row(db, held["key_id"])["updated_at"] > after["updated_at"]
