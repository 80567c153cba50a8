"""apply_refund_to_payment: what went back of a payment, never more than it took."""

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


def paid(make: Make, tenant: UUID, amount: int = 1000, **given: Any) -> dict[str, Any]:
    """Returns a payment of an order for which more was paid by others."""
    order = given.pop("order_id", None) or make.id("orders", tenant, paid_cents=10 * amount)
    values = {"amount_cents": amount, "status": "succeeded", "order_id": order, **given}
    return make.row("payments", tenant, **values)


def under_way(make: Make, payment: dict[str, Any], amount: int, **given: Any) -> UUID:
    """Returns a refund of a payment that the provider has been asked for."""
    return make.id(
        "refunds",
        payment["tenant_id"],
        **{
            "order_id": payment["order_id"],
            "payment_id": payment["id"],
            "amount_cents": amount,
            "status": "processing",
            **given,
        },
    )


def refunded(db: Session, payment: dict[str, Any]) -> Any:
    query = "SELECT refunded_cents FROM ticketing.payments WHERE id = %s"
    return db.value(query, payment["id"])


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("status", ["succeeded", "disputed"])
def test_a_completed_refund_is_added_and_the_version_stays(
    db: Session, make: Make, tenant: UUID, *, role: str, status: str
) -> None:
    payment = paid(make, tenant, status=status)
    first, second = (under_way(make, payment, amount) for amount in (400, 600))
    with db.acting(role, tenant=tenant):
        assert db.run(COMPLETE, first) == db.run(COMPLETE, second) == 1
    after = db.one("SELECT * FROM ticketing.payments WHERE id = %s", payment["id"])
    assert (after["refunded_cents"], after["version"]) == (1000, payment["version"])
    assert after["updated_at"] > payment["updated_at"]


def test_a_refund_made_outside_counts_when_it_arrives(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    payment = paid(make, tenant)
    with as_tenant(tenant) as service:
        service.run(
            "INSERT INTO ticketing.refunds (tenant_id, order_id, payment_id, amount_cents, status,"
            " reason, source, processed_at)"
            " VALUES (%s, %s, %s, 300, 'completed', 'seen', 'external', now())",
            *(tenant, payment["order_id"], payment["id"]),
        )
    assert refunded(db, payment) == 300


@pytest.mark.parametrize("status", ["failed", "cancelled", "rejected", "approved"])
def test_what_is_not_completed_does_not_count(
    db: Session, make: Make, tenant: UUID, status: str
) -> None:
    payment = paid(make, tenant)
    under_way(make, payment, 400, status=status)
    assert refunded(db, payment) == 0


def test_a_refund_without_a_payment_touches_none(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    payment = paid(make, tenant)
    refund = under_way(make, payment, 400, payment_id=None)
    with as_tenant(tenant) as service:
        assert service.run(COMPLETE, refund) == 1
    assert refunded(db, payment) == 0


@pytest.mark.parametrize(("earlier", "amount"), [(0, 1001), (400, 601), (1000, 1)])
def test_no_more_goes_back_than_was_taken(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, earlier: int, amount: int
) -> None:
    payment = paid(make, tenant, refunded_cents=earlier)
    refund = under_way(make, payment, amount)
    with as_tenant(tenant) as service, service.refused("TK168"):
        service.run(COMPLETE, refund)
    assert refunded(db, payment) == earlier
    order = db.one("SELECT * FROM ticketing.orders WHERE id = %s", payment["order_id"])
    assert order["refunded_cents"] == 0


@pytest.mark.parametrize("status", ["created", "pending", "failed", "cancelled"])
def test_a_payment_that_took_nothing_gives_nothing_back(
    make: Make, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    refund = under_way(make, paid(make, tenant, status=status), 100)
    with as_tenant(tenant) as service, service.refused("TK167"):
        service.run(COMPLETE, refund)


def test_a_payment_that_does_not_fit_is_refused(
    make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting
) -> None:
    payment = paid(make, tenant)
    for unfit in (
        uuid4(),
        paid(make, tenant)["id"],
        paid(make, other_tenant)["id"],
        paid(make, tenant, order_id=payment["order_id"], currency="EUR")["id"],
    ):
        refund = under_way(make, payment, 100, payment_id=unfit)
        with as_tenant(tenant) as service, service.refused("TK167"):
            service.run(COMPLETE, refund)


def test_refunds_at_once_do_not_exceed_the_payment(clone: Database) -> None:
    with clone.connect() as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        payment = paid(make, tenant, 1000)
        # Orders differ in nothing here: only the payment limits these refunds.
        refunds = [under_way(make, payment, 300) for _ in range(CALLERS)]

    results = race(
        clone,
        "ts_test_app",
        CALLERS,
        lambda caller, number: Session(caller).run(COMPLETE, refunds[number]),
        tenant=tenant,
    )

    codes = sorted(r.sqlstate or "" if isinstance(r, psycopg.Error) else str(r) for r in results)
    assert codes == ["1"] * 3 + ["TK168"] * (CALLERS - 3)
    with clone.connect() as connection:
        assert refunded(Session(connection), payment) == 900
