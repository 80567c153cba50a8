"""backfill_ticket_credentials: codes of before are registered, batch by batch."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import in_turn
from support.session import Session
from support.transfers import calling, hashed

CODES = """
    SELECT code_hash, credential_version, status, revoked_reason
    FROM ticketing.ticket_credentials WHERE tenant_id = %s ORDER BY ticket_id
"""


def old(db: Session, make: Make, tenant: UUID, *codes: str | None, **given: Any) -> list[UUID]:
    """Returns tickets, in the order of their ids, whose codes nobody has registered."""
    made = sorted(make.id("tickets", tenant, **given) for _ in codes)
    db.run("SET LOCAL session_replication_role = replica")
    for ticket, code in zip(made, codes, strict=True):
        db.run("UPDATE ticketing.tickets SET qr_code = %s WHERE id = %s", code, ticket)
    db.run("SET LOCAL session_replication_role = origin")
    return made


def fill(db: Session, tenant: UUID, *values: Any) -> Row:
    marks = ", ".join(["%s"] * len(values))
    with db.acting("ticketing_worker", tenant=tenant):
        return db.one(f"SELECT * FROM ticketing.backfill_ticket_credentials({marks})", *values)


def codes(db: Session, tenant: UUID) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in db.all(CODES, tenant)]


def test_batch_after_batch_registers_every_code(db: Session, make: Make, tenant: UUID) -> None:
    tickets = old(db, make, tenant, "a", None, "b", "", "c", credential_version=4)
    expected = [
        {"registered": 2, "last_ticket_id": tickets[2]},
        {"registered": 1, "last_ticket_id": tickets[4]},
        {"registered": 0, "last_ticket_id": None},
    ]
    after = None
    for answer in expected:
        assert fill(db, tenant, 2, after) == answer
        after = answer["last_ticket_id"]
    assert codes(db, tenant) == [(hashed(code), 4, "active", None) for code in "abc"]


@pytest.mark.parametrize("status", ["revoked", "refunded", "cancelled", "expired"])
def test_the_code_of_an_ended_ticket_is_remembered_as_dead(
    db: Session, make: Make, tenant: UUID, status: str
) -> None:
    old(db, make, tenant, "a", status=status, status_reason="so")
    assert fill(db, tenant)["registered"] == 1
    assert codes(db, tenant) == [(hashed("a"), 1, "revoked", status)]


def test_what_is_registered_already_stays_as_it_is(db: Session, make: Make, tenant: UUID) -> None:
    user = make.id("users", tenant)
    ticket = make.id("tickets", tenant, status="active", user_id=user, qr_code="a")
    before = codes(db, tenant)
    assert fill(db, tenant) == {"registered": 0, "last_ticket_id": ticket}
    assert codes(db, tenant) == before


def test_other_tenants_wait_for_their_turn(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    old(db, make, other_tenant, "a")
    assert fill(db, tenant) == {"registered": 0, "last_ticket_id": None}
    assert codes(db, other_tenant) == []


@pytest.mark.parametrize("batch", [None, 0, -1, 10001])
def test_a_batch_has_bounds(db: Session, tenant: UUID, batch: int | None) -> None:
    with db.refused("TK001"):
        fill(db, tenant, batch)


@pytest.mark.parametrize("batch", [1, 10000])
def test_the_last_allowed_batch_is_taken(db: Session, tenant: UUID, batch: int) -> None:
    assert fill(db, tenant, batch)["registered"] == 0


def test_it_needs_a_tenant_and_a_worker(db: Session, tenant: UUID) -> None:
    call = "SELECT * FROM ticketing.backfill_ticket_credentials()"
    with db.acting("ticketing_worker"), db.refused("TK701"):
        db.one(call)
    for role in ("ticketing_app", "ticketing_readonly", "ts_test_nobody"):
        with db.acting(role, tenant=tenant), db.refused("42501"):
            db.one(call)


def revoke(connection: psycopg.Connection) -> None:
    """Ends every ticket, and its code with it."""
    connection.execute("SELECT ticketing.act_as('admin')")
    connection.execute(
        "UPDATE ticketing.tickets SET qr_code = 'b', status = 'revoked', status_reason = 'so'"
    )


@pytest.mark.parametrize("order", ["code first", "backfill first"])
def test_a_code_that_changes_meanwhile_is_not_brought_back(clone: Database, order: str) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        make = Make(db)
        tenant = make.tenant()
        user = make.id("users", tenant)
        old(db, make, tenant, "a", status="active", user_id=user)

    acts = [revoke, calling("backfill_ticket_credentials")]
    if order == "backfill first":
        acts.reverse()
    _, answer, waited = in_turn(clone, "ts_test_worker", *acts, tenant=tenant)
    assert waited
    assert not isinstance(answer, psycopg.Error)
    with psycopg.connect(clone.superuser_url) as connection:
        found = codes(Session(connection), tenant)
    assert sorted(found) == sorted(
        [(hashed("a"), 1, "revoked", "revoked"), (hashed("b"), 2, "revoked", "revoked")]
    )
