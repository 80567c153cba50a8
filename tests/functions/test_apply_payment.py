"""apply_payment: the payments that the payments service tells of, the newest message alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from support.databases import Database
from support.factories import Make
from support.races import in_turn
from support.replicas import Messages
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


class TestMessages(Messages):
    """What holds for every copy."""

    table = "payments"
    indexed = ("provider", "provider_payment_id")


def test_the_sum_of_refunds_stays(db: Session, make: Make, tenant: UUID, as_worker: Acting) -> None:
    payment = make.row("payments", tenant, amount_cents=500, refunded_cents=200)
    call = "SELECT ticketing.apply_payment(%s, %s, 2, %s, 400)"
    with as_worker() as worker:
        assert worker.value(call, tenant, payment["id"], payment["order_id"]) == "applied"
    found = db.one("SELECT * FROM ticketing.payments WHERE id = %s", payment["id"])
    assert (found["amount_cents"], found["refunded_cents"], found["version"]) == (400, 200, 2)


def test_a_payment_waits_for_its_order(tenant: UUID, as_worker: Acting) -> None:
    call = "SELECT ticketing.apply_payment(%s, %s, 1, %s, 400)"
    with as_worker() as worker, worker.refused("23503", "fk_payments_order_id"):
        worker.value(call, tenant, uuid4(), uuid4())


def test_the_sweeper_waits_for_a_payment_that_is_being_applied(clone: Database) -> None:
    with clone.connect() as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        order = make.id("orders", tenant, status="awaiting_payment", expires_at="2020-01-01")

    paid, expired, _ = in_turn(
        clone,
        "ts_test_worker",
        lambda caller: Session(caller).value(
            "SELECT ticketing.apply_payment(%s, %s, 1, %s, 400, p_status => 'succeeded')",
            *(tenant, order, order),
        ),
        lambda caller: Session(caller).value("SELECT ticketing.expire_unpaid_orders()"),
        tenant=tenant,
    )

    assert (paid, expired) == ("applied", 0)
