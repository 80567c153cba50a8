"""apply_refund_to_order: what was refunded of an order, never more than was paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

COMPLETE = "UPDATE ticketing.refunds SET status = 'completed', processed_at = now() WHERE id = %s"
CALLERS = 8


def order_of(make: Make, tenant: UUID, paid: int, **given: Any) -> UUID:
    """Returns a paid order."""
    amounts = {"subtotal_cents": paid, "total_cents": paid, "paid_cents": paid}
    return make.id("orders", tenant, status="confirmed", **amounts, **given)


def under_way(make: Make, tenant: UUID, **given: Any) -> UUID:
    """Returns a refund that the provider has been asked for."""
    return make.id("refunds", tenant, status="processing", **given)


def orphaned(db: Session, make: Make, tenant: UUID, order: UUID) -> UUID:
    """Returns a refund that the provider has been asked for, with no key to its order."""
    db.run("ALTER TABLE ticketing.refunds DROP CONSTRAINT fk_refunds_order_id")
    return under_way(make, tenant, order_id=order)


def refunded(db: Session, order: UUID) -> Any:
    return db.value("SELECT refunded_cents FROM ticketing.orders WHERE id = %s", order)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_service_completes_a_refund_though_it_may_not_write_the_sum(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    order = order_of(make, tenant, 1000)
    refund = under_way(make, tenant, order_id=order, amount_cents=400)
    with db.acting(role, tenant=tenant):
        assert db.run(COMPLETE, refund) == 1

    assert refunded(db, order) == 400


def test_a_refund_seen_at_the_provider_counts_when_it_is_added(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    order = order_of(make, tenant, 1000)
    with as_tenant(tenant) as service:
        service.run(
            """
            INSERT INTO ticketing.refunds (
                tenant_id, order_id, amount_cents, reason, status, processed_at, source
            )
            VALUES (%s, %s, 400, 'double payment', 'completed', now(), 'external')
            """,
            tenant,
            order,
        )

    assert refunded(db, order) == 400


def test_partial_refunds_add_up_to_all_that_was_paid(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    order = order_of(make, tenant, 1000)
    parts = [under_way(make, tenant, order_id=order, amount_cents=n) for n in (1, 400, 599)]
    with as_tenant(tenant) as service:
        for part in parts:
            service.run(COMPLETE, part)

    assert refunded(db, order) == 1000


@pytest.mark.parametrize("case", [(1000, 0, 1001), (1000, 1000, 1), (1000, 600, 401), (0, 0, 1)])
def test_one_cent_more_than_was_paid_is_refused(
    make: Make, tenant: UUID, as_tenant: Acting, case: tuple[int, int, int]
) -> None:
    paid, earlier, amount = case
    order = order_of(make, tenant, paid, refunded_cents=earlier)
    refund = under_way(make, tenant, order_id=order, amount_cents=amount)
    with as_tenant(tenant) as service:
        with service.refused("TK601"):
            service.run(COMPLETE, refund)
        assert refunded(service, order) == earlier
        assert service.value("SELECT status FROM ticketing.refunds") == "processing"


def test_adding_a_completed_refund_is_refused_alike(db: Session, make: Make, tenant: UUID) -> None:
    order = order_of(make, tenant, 1000)
    with db.refused("TK601"):
        make.id(
            "refunds",
            tenant,
            order_id=order,
            amount_cents=1001,
            status="completed",
            processed_at="now",
        )
    assert refunded(db, order) == 0


@pytest.mark.parametrize("source", ["buyer", "admin", "event_cancellation", "chargeback"])
def test_only_what_was_made_outside_arrives_completed(
    db: Session, make: Make, tenant: UUID, source: str
) -> None:
    order = order_of(make, tenant, 1000)
    with db.refused("TK604"):
        make.id(
            "refunds", tenant, order_id=order, status="completed", processed_at="now", source=source
        )
    assert refunded(db, order) == 0


def test_refunds_of_one_statement_are_refused_together(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    order = order_of(make, tenant, 1000)
    parts = [under_way(make, tenant, order_id=order, amount_cents=600) for _ in range(2)]
    with as_tenant(tenant) as service, service.refused("TK601"):
        service.run(COMPLETE.replace("= %s", "= ANY (%s)"), parts)

    assert refunded(db, order) == 0


def test_another_currency_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    order = order_of(make, tenant, 1000, currency="EUR")
    refund = under_way(make, tenant, order_id=order, currency="USD")
    with as_tenant(tenant) as service, service.refused("TK602"):
        service.run(COMPLETE, refund)

    assert refunded(db, order) == 0


def test_an_unknown_order_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    refund = orphaned(db, make, tenant, uuid4())
    with as_tenant(tenant) as service, service.refused("TK603"):
        service.run(COMPLETE, refund)


def test_an_order_of_another_tenant_is_as_unknown(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    order = order_of(make, other_tenant, 1000)
    refund = orphaned(db, make, tenant, order)
    with as_tenant(tenant) as service, service.refused("TK603"):
        service.run(COMPLETE, refund)

    assert refunded(db, order) == 0


def test_the_same_order_id_in_another_tenant_is_another_order(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    order = order_of(make, tenant, 1000)
    order_of(make, other_tenant, 1000, id=order)
    refund = under_way(make, tenant, order_id=order, amount_cents=400)
    with as_tenant(tenant) as service:
        service.run(COMPLETE, refund)

    read = "SELECT refunded_cents FROM ticketing.orders WHERE tenant_id = %s AND id = %s"
    assert db.value(read, tenant, order) == 400
    assert db.value(read, other_tenant, order) == 0


@pytest.mark.parametrize("amount", [0, -1])
def test_a_refund_of_nothing_or_less_is_refused(make: Make, tenant: UUID, amount: int) -> None:
    with make.session.refused("23514", "chk_refunds_amount_positive"):
        make.id("refunds", tenant, amount_cents=amount)


def test_what_was_paid_may_not_fall_below_what_was_refunded(
    make: Make, tenant: UUID, as_worker: Acting
) -> None:
    order = order_of(make, tenant, 1000, refunded_cents=400)
    with as_worker() as worker:
        worker.run("UPDATE ticketing.orders SET paid_cents = 400 WHERE id = %s", order)
        with worker.refused("23514", "chk_orders_refund_ceiling"):
            worker.run("UPDATE ticketing.orders SET paid_cents = 399 WHERE id = %s", order)


@pytest.mark.parametrize("status", ["pending", "approved", "processing", "failed", "cancelled"])
def test_a_completed_refund_is_not_opened_again_and_so_not_counted_twice(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    order = order_of(make, tenant, 1000)
    refund = under_way(make, tenant, order_id=order, amount_cents=400)
    with as_tenant(tenant, actor="admin", reason="by mistake") as service:
        service.run(COMPLETE, refund)
        with service.refused("TK201"):
            service.run("UPDATE ticketing.refunds SET status = %s WHERE id = %s", status, refund)
        assert service.run(COMPLETE, refund) == 1

    assert refunded(db, order) == 400


def test_refunds_at_once_never_exceed_what_was_paid(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        order = order_of(make, tenant, 1000)
        refunds = [
            under_way(make, tenant, order_id=order, amount_cents=300) for _ in range(CALLERS)
        ]

    def complete(connection: psycopg.Connection, number: int) -> int:
        return connection.execute(COMPLETE, [refunds[number]]).rowcount

    results = race(clone, "ts_test_app", CALLERS, complete, tenant=tenant)

    errors = [result.sqlstate for result in results if isinstance(result, psycopg.Error)]
    assert errors == ["TK601"] * 5
    assert results.count(1) == 3
    with clone.connect() as connection:
        session = Session(connection)
        assert refunded(session, order) == 900
        assert (
            session.value(
                "SELECT sum(amount_cents) FROM ticketing.refunds WHERE status = 'completed'"
            )
            == 900
        )


def test_a_refund_completed_twice_at_once_counts_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        order = order_of(make, tenant, 1000)
        refund = under_way(make, tenant, order_id=order, amount_cents=300)

    def complete(connection: psycopg.Connection, number: int) -> int:
        return connection.execute(COMPLETE, [refund]).rowcount

    assert race(clone, "ts_test_app", CALLERS, complete, tenant=tenant) == [1] * CALLERS
    with clone.connect() as connection:
        assert refunded(Session(connection), order) == 300
