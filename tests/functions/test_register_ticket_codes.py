"""register_ticket_codes: the codes that new tickets bring."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session
from support.transfers import hashed

INSERT = """
    INSERT INTO ticketing.tickets (
        tenant_id, event_id, ticket_type_id, ticket_number, user_id, status, qr_code,
        credential_version
    )
    SELECT %s, %s, %s, format('T %%s', n), %s, 'active', format('code %%s', n), n
    FROM generate_series(1, %s) AS n
"""
CODES = """
    SELECT c.code_hash, c.credential_version, c.status, c.revoked_reason
    FROM ticketing.ticket_credentials AS c ORDER BY c.credential_version
"""


def codes(db: Session) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in db.all(CODES)]


def test_each_new_ticket_has_its_code_registered(db: Session, make: Make, tenant: UUID) -> None:
    kind = make.ticket_type(tenant)
    user = make.id("users", tenant)
    with db.acting("ticketing_app", tenant=tenant):
        db.run(INSERT, tenant, kind["event_id"], kind["id"], user, 3)
    assert codes(db) == [(hashed(f"code {n}"), n, "active", None) for n in (1, 2, 3)]


@pytest.mark.parametrize("given", [{}, {"qr_code": None}, {"qr_code": ""}, {"barcode": "b"}])
def test_a_ticket_without_a_code_has_none(
    db: Session, make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    make.row("tickets", tenant, **given)
    assert codes(db) == []


@pytest.mark.parametrize("status", ["revoked", "refunded", "cancelled", "expired"])
def test_the_code_of_a_ticket_that_comes_ended_is_born_dead(
    db: Session, make: Make, tenant: UUID, status: str
) -> None:
    make.row("tickets", tenant, status=status, status_reason="so", qr_code="code")
    assert codes(db) == [(hashed("code"), 1, "revoked", status)]


@pytest.mark.parametrize("status", ["available", "reserved", "sold", "used"])
def test_the_code_of_any_other_is_alive(db: Session, make: Make, tenant: UUID, status: str) -> None:
    user = None if status == "available" else make.id("users", tenant)
    make.row("tickets", tenant, status=status, user_id=user, checked_in_at="now", qr_code="code")
    assert codes(db) == [(hashed("code"), 1, "active", None)]


def test_a_dead_code_of_another_ticket_is_no_code(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    first = make.id("tickets", tenant, status="active", user_id=make.id("users", tenant))
    db.run("UPDATE ticketing.tickets SET qr_code = 'code' WHERE id = %s", first)
    db.run("UPDATE ticketing.tickets SET qr_code = NULL WHERE id = %s", first)
    with db.refused("23505", "uq_ticket_credentials_code"):
        make.row("tickets", tenant, qr_code="code")
    make.row("tickets", other_tenant, qr_code="code")
