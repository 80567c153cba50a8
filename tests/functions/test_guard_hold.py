"""guard_hold: what a hold may become, whoever writes it and however."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, overdue
from support.session import Session
from support.zones import READ, RUN_OUT

if TYPE_CHECKING:
    from conftest import Acting

CONFIRM = """
    UPDATE ticketing.holds SET status = 'confirmed', confirm_idempotency_key = 'key' WHERE id = %s
"""
PROLONG = """
    UPDATE ticketing.holds SET expires_at = clock_timestamp() + interval '1 hour' WHERE id = %s
"""


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "gen_random_uuid()"),
        ("tenant_id", "gen_random_uuid()"),
        ("event_id", "gen_random_uuid()"),
        ("zone_id", "gen_random_uuid()"),
        ("bucket_no", "1"),
        ("user_id", "gen_random_uuid()"),
        ("quantity", "2"),
        ("idempotency_key", "'other'"),
        ("created_at", "created_at - interval '1 s'"),
    ],
)
def test_what_a_hold_claims_is_fixed(
    db: Session, make: Make, tenant: UUID, column: str, value: str
) -> None:
    made = make.id("holds", tenant)
    with db.refused("TK002"):
        db.run(f"UPDATE ticketing.holds SET {column} = {value} WHERE id = %s", made)


@pytest.mark.parametrize(
    ("status", "change"),
    [
        ("confirmed", "order_id = gen_random_uuid()"),
        ("confirmed", "order_id = NULL"),
        ("confirmed", "confirm_idempotency_key = 'other'"),
        ("confirmed", "confirmed_at = now()"),
        ("released", "released_at = clock_timestamp()"),
        ("active", "confirm_idempotency_key = 'early'"),
        ("active", "released_at = now()"),
    ],
)
def test_how_a_hold_ended_is_fixed(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, status: str, change: str
) -> None:
    made = make.id("holds", tenant)
    with as_tenant(tenant):
        if status == "confirmed":
            db.run(CONFIRM, made)
        elif status == "released":
            db.run("UPDATE ticketing.holds SET status = 'released' WHERE id = %s", made)
        with db.refused("TK002"):
            db.run(f"UPDATE ticketing.holds SET {change} WHERE id = %s", made)


def test_a_hold_is_prolonged_in_time_alone(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("holds", tenant)
    late = make.id("holds", tenant, **overdue())
    with as_tenant(tenant):
        assert db.run(PROLONG, made) == 1
        with db.refused("TK127"):
            db.run(PROLONG, late)
        db.run(RUN_OUT, made)
        with db.refused("TK127"):
            db.run(PROLONG, made)


def test_nobody_prolongs_and_confirms_in_one_statement(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    late = make.id("holds", tenant, **overdue())
    both = CONFIRM.replace("SET", "SET expires_at = clock_timestamp() + interval '1 h',")
    with as_tenant(tenant), db.refused("TK127"):
        db.run(both, late)


def test_a_late_hold_is_not_confirmed_by_hand_either(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("holds", tenant)
    with as_tenant(tenant):
        db.run(RUN_OUT, made)
        with db.refused("TK127"):
            db.run(CONFIRM, made)


@pytest.mark.parametrize("status", ["confirmed", "released", "expired"])
def test_the_end_is_stamped(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    made = make.id("holds", tenant, **(overdue() if status == "expired" else {}))
    before = datetime.now(UTC)
    with as_tenant(tenant, actor="system"):
        key = "'key'" if status == "confirmed" else "NULL"
        db.run(
            f"""
            UPDATE ticketing.holds SET status = %s, confirm_idempotency_key = {key} WHERE id = %s
            """,
            *(status, made),
        )
    after = db.one(READ, made)
    stamped, other = ("confirmed_at", "released_at")[:: 1 if status == "confirmed" else -1]
    assert after[stamped] >= before
    assert after[other] is None


def test_an_order_belongs_to_a_confirmed_hold_alone(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = make.id("holds", tenant)
    with as_tenant(tenant), db.refused("23514", "chk_holds_confirmed"):
        db.run(
            "UPDATE ticketing.holds SET status = 'released', order_id = %s WHERE id = %s",
            *(uuid4(), made),
        )
