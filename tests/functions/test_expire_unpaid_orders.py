"""expire_unpaid_orders: what nobody paid in time ends, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from support.databases import Database
from support.factories import Make
from support.races import in_turn, race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT ticketing.expire_unpaid_orders(%s)"
UNPAID = ["pending", "awaiting_payment"]
OTHERS = [
    *("confirmed", "completed", "cancelled", "expired"),
    *("refunded", "partially_refunded", "failed"),
]


def due(make: Make, tenant: UUID, **given: Any) -> UUID:
    """Returns an unpaid order that has been due for a minute."""
    late = datetime.now(UTC) - timedelta(minutes=1)
    return make.id("orders", tenant, **{"status": "awaiting_payment", "expires_at": late, **given})


def status(db: Session, order: UUID) -> Any:
    return db.value("SELECT status FROM ticketing.orders WHERE id = %s", order)


@pytest.mark.parametrize("unpaid", UNPAID)
def test_an_overdue_order_expires_and_keeps_the_version_of_its_owner(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, unpaid: str
) -> None:
    order = due(make, tenant, status=unpaid, version=3)
    before = db.one("SELECT * FROM ticketing.orders WHERE id = %s", order)
    with as_worker() as worker:
        assert worker.value(CALL, 100) == 1
        assert worker.value(CALL, 100) == 0
    after = db.one("SELECT * FROM ticketing.orders WHERE id = %s", order)
    assert after == {**before, "status": "expired"}


def test_the_next_message_of_the_owner_overrules_it(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    order = due(make, tenant, version=3)
    apply = "SELECT ticketing.apply_order(%s, %s, %s, '1', p_status => 'completed')"
    with as_worker() as worker:
        worker.value(CALL, 100)
        assert worker.value(apply, tenant, order, 3) == "repeated"
        assert status(db, order) == "expired"
        assert worker.value(apply, tenant, order, 4) == "applied"
    assert status(db, order) == "completed"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"expires_at": None}, id="no deadline"),
        pytest.param({"expires_at": datetime.now(UTC) + timedelta(hours=1)}, id="later"),
        pytest.param({"paid_cents": 1}, id="paid in part"),
        *(pytest.param({"status": other}, id=other) for other in OTHERS),
    ],
)
def test_every_other_order_stays(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, given: dict[str, Any]
) -> None:
    order = due(make, tenant, **given)
    before = status(db, order)
    with as_worker() as worker:
        assert worker.value(CALL, 100) == 0
    assert status(db, order) == before


def test_the_session_of_a_tenant_ends_its_orders_alone(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_worker: Acting
) -> None:
    own, foreign = due(make, tenant), due(make, other_tenant)
    with as_worker(tenant=tenant) as worker:
        assert worker.value(CALL, 100) == 1
    assert (status(db, own), status(db, foreign)) == ("expired", "awaiting_payment")


def test_the_moment_counts_and_not_the_start_of_the_transaction(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    order = make.id("orders", tenant)
    db.run("UPDATE ticketing.orders SET expires_at = clock_timestamp() WHERE id = %s", order)
    with as_worker() as worker:
        assert worker.value(CALL, 100) == 1


@pytest.mark.parametrize(
    ("payment", "expired"),
    [
        ("created", 1),
        ("pending", 1),
        ("failed", 1),
        ("cancelled", 1),
        ("succeeded", 0),
        ("disputed", 0),
    ],
)
def test_an_order_with_money_does_not_expire(
    make: Make, tenant: UUID, *, as_worker: Acting, payment: str, expired: int
) -> None:
    order = due(make, tenant)
    make.row("payments", tenant, order_id=order, status=payment)
    make.row("payments", tenant, status="succeeded")  # for another order
    with as_worker() as worker:
        assert worker.value(CALL, 100) == expired


def test_every_tenant_is_served_the_most_overdue_first(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_worker: Acting
) -> None:
    now = datetime.now(UTC)
    orders = [
        due(make, owner, expires_at=now - timedelta(minutes=minutes))
        for owner, minutes in ((tenant, 5), (other_tenant, 20), (tenant, 10))
    ]
    paid = due(make, tenant, expires_at=now - timedelta(hours=9))
    make.row("payments", tenant, order_id=paid, status="succeeded")
    with as_worker() as worker:
        assert worker.value(CALL, 2) == 2
        assert [status(db, order) for order in orders] == ["awaiting_payment", "expired", "expired"]
        assert worker.value("SELECT ticketing.expire_unpaid_orders()") == 1


@pytest.mark.parametrize("batch", [None, 0, -1, 10001])
def test_a_batch_has_its_limits(as_worker: Acting, batch: int | None) -> None:
    with as_worker() as worker, worker.refused("TK001"):
        worker.value(CALL, batch)


def test_the_limits_themselves_are_fine(as_worker: Acting) -> None:
    with as_worker() as worker:
        assert worker.value(CALL, 1) == worker.value(CALL, 10000) == 0


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
def test_only_a_worker_may(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.value(CALL, 1)


def committed(clone: Database, orders: int = 1) -> tuple[UUID, list[UUID]]:
    with clone.connect() as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        return tenant, [due(make, tenant) for _ in range(orders)]


def test_sweepers_share_the_work(clone: Database) -> None:
    committed(clone, orders=40)
    counts = race(clone, "ts_test_worker", 4, lambda caller, _: Session(caller).value(CALL, 40))
    assert sum(count for count in counts if isinstance(count, int)) == 40


PAY = "SELECT is_late FROM ticketing.record_payment(%s, 'stripe', 'pi_1', 0, 'USD', 'succeeded')"


def test_an_order_that_is_being_paid_is_left_alone(clone: Database) -> None:
    tenant, (order,) = committed(clone)

    late, expired, waited = in_turn(
        clone,
        "ts_test_worker",
        lambda caller: Session(caller).value(PAY, order),
        lambda caller: Session(caller).value(CALL, 10),
        tenant=tenant,
    )

    assert (late, expired, waited) == (False, 0, False)


def test_money_that_waited_for_the_sweeper_is_late(clone: Database) -> None:
    tenant, (order,) = committed(clone)

    expired, late, waited = in_turn(
        clone,
        "ts_test_worker",
        lambda caller: Session(caller).value(CALL, 10),
        lambda caller: Session(caller).value(PAY, order),
        tenant=tenant,
    )

    assert (expired, late, waited) == (1, True, True)


PAUSE = """
    CREATE FUNCTION public.pause() RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(4711);
        RETURN TRUE;
    END;
    $$;
    CREATE POLICY pause ON ticketing.orders AS RESTRICTIVE FOR SELECT TO ticketing_worker
    USING (public.pause())
"""


def test_money_that_comes_while_the_sweeper_looks_is_seen(clone: Database) -> None:
    """The sweeper has begun to look when the payment is committed, and locks the order after."""
    tenant, (order,) = committed(clone)
    with clone.connect() as connection:
        connection.execute(PAUSE)

    def pay(caller: Any) -> Any:
        caller.execute("SELECT pg_advisory_xact_lock(4711)")
        return Session(caller).value(PAY, order)

    late, expired, waited = in_turn(
        clone,
        "ts_test_worker",
        pay,
        lambda caller: Session(caller).value(CALL, 10),
        tenant=tenant,
    )

    assert (late, expired, waited) == (False, 0, True)


def test_payments_and_sweepers_at_once_never_expire_what_was_paid_in_time(
    clone: Database,
) -> None:
    tenant, orders = committed(clone, orders=12)

    def act(caller: Any, number: int) -> Any:
        session = Session(caller)
        if number % 3 == 0:
            return session.value(CALL, 100)
        done = orders[number % 12]
        return done, session.value(PAY.replace("pi_1", f"pi_{done}"), done)

    answers = race(clone, "ts_test_worker", 12, act, tenant=tenant)

    with clone.connect() as connection:
        for answer in answers:
            if isinstance(answer, tuple):
                order, late = answer
                assert (status(Session(connection), order) == "expired") is late
