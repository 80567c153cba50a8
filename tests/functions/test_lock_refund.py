"""lock_refund: order, then refund."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg

from support.databases import Database
from support.factories import Make
from support.races import in_turn
from support.sales import call, calls, order_of
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


def test_a_refund_is_told_whole(db: Session, make: Make, tenant: UUID, as_tenant: Acting) -> None:
    row = make.row("refunds", tenant)
    with as_tenant(tenant):
        assert call(db, "lock_refund", refund_id=row["id"]) == row


def test_who_may_call_for_which_refund(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    other_tenant: UUID,
    as_user: Acting,
    as_readonly: Acting,
    as_worker: Acting,
) -> None:
    own, foreign = make.id("refunds", tenant), make.id("refunds", other_tenant)
    with db.acting("ticketing_app", tenant=tenant):
        for absent in (None, uuid4(), foreign):
            with db.refused("TK610"):
                call(db, "lock_refund", refund_id=absent)
    with as_user(tenant, make.id("users", tenant)), db.refused("TK119"):
        call(db, "lock_refund", refund_id=own)
    with as_readonly(tenant), db.refused("42501"):
        call(db, "lock_refund", refund_id=own)
    with as_worker(), db.refused("TK701"):
        call(db, "lock_refund", refund_id=own)
    with as_worker(tenant=tenant):
        assert call(db, "lock_refund", refund_id=own)["id"] == own


def test_it_waits_for_whoever_has_the_order_or_the_refund(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        order = order_of(make, tenant, 1000)
        refund = make.id("refunds", tenant, order_id=order)

    def lock_order(connection: psycopg.Connection) -> int:
        return len(calls(Session(connection), "lock_order", order_id=order))

    def change(connection: psycopg.Connection) -> int:
        query = "UPDATE ticketing.refunds SET reason = 'another' WHERE id = %s"
        return connection.execute(query.encode(), [refund]).rowcount

    def lock(connection: psycopg.Connection) -> str:
        return str(call(Session(connection), "lock_refund", refund_id=refund)["reason"])

    assert in_turn(clone, "ts_test_app", lock_order, lock, tenant=tenant) == (1, "asked for", True)
    assert in_turn(clone, "ts_test_app", change, lock, tenant=tenant) == (1, "another", True)
