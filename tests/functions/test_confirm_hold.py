"""confirm_hold: exactly one order of a hold, in time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row, overdue
from support.races import in_turn, race
from support.requests import call
from support.session import Session
from support.zones import DRIFT, READ, RUN_OUT, confirm, counters, hold, release, zone

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def here(make: Make, tenant: UUID) -> Row:
    """A zone of ten."""
    return zone(make, tenant, 10)


@pytest.fixture
def held(db: Session, tenant: UUID, here: Row) -> UUID:
    """A hold of two."""
    with db.acting("ticketing_app", tenant=tenant):
        made: UUID = hold(db, here, 2)["hold_id"]
    return made


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_hold_becomes_an_order(
    db: Session, tenant: UUID, here: Row, held: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant):
        order = confirm(db, held)
    stored = db.one(READ, held)
    assert order == {
        "order_id": stored["order_id"],
        "hold_id": held,
        "status": "confirmed",
        "created_at": stored["confirmed_at"],
        "outcome": "confirmed",
    }
    assert stored["confirm_idempotency_key"] == "confirm-req-1"
    assert counters(db, here["id"]) == (0, 2, 8)


@pytest.mark.parametrize(
    ("code", "key"),
    [("TK123", None), ("TK123", ""), ("TK123", " "), ("TK001", "k" * 256)],
)
def test_a_wrong_key_is_refused(
    db: Session, tenant: UUID, held: UUID, as_tenant: Acting, code: str, key: str | None
) -> None:
    with as_tenant(tenant):
        with db.refused(code):
            confirm(db, held, key)
        assert confirm(db, held, "k" * 255)["outcome"] == "confirmed"


def test_an_unknown_hold_is_not_found(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    for absent in (None, uuid4(), make.id("holds", other_tenant)):
        with as_tenant(tenant), db.refused("TK126"):
            confirm(db, absent)


def test_a_customer_confirms_holds_of_their_own_alone(
    db: Session, make: Make, tenant: UUID, *, here: Row, held: UUID, as_user: Acting
) -> None:
    one, two = make.id("users", tenant), make.id("users", tenant)
    with as_user(tenant, one):
        own = hold(db, here)["hold_id"]
    for stranger, absent in ((two, own), (one, held)):
        with as_user(tenant, stranger), db.refused("TK126"):
            confirm(db, absent)
    with as_user(tenant, one):
        order = confirm(db, own)
    query = "SELECT user_id, event_id FROM ticketing.orders WHERE id = %s"
    assert tuple(db.one(query, order["order_id"]).values()) == (one, here["event_id"])


def test_who_may_call(
    db: Session, tenant: UUID, held: UUID, *, as_readonly: Acting, as_worker: Acting
) -> None:
    with as_readonly(tenant), db.refused("42501"):
        confirm(db, held)
    with as_worker(), db.refused("TK701"):
        confirm(db, held)


# --- by the clock ---


def test_a_hold_that_ran_out_while_the_transaction_ran_is_too_late(
    db: Session, tenant: UUID, here: Row, held: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        db.run(RUN_OUT, held)
        assert db.value("SELECT now() < expires_at FROM ticketing.holds WHERE id = %s", held)
        with db.refused("TK127"):
            confirm(db, held)
        assert db.value("SELECT count(*) FROM ticketing.orders") == 0
    assert counters(db, here["id"]) == (2, 0, 8)


def test_a_millisecond_late_is_late_with_no_sweeper(
    db: Session, tenant: UUID, held: UUID, as_tenant: Acting
) -> None:
    late = """
        UPDATE ticketing.holds
        SET created_at = now() - interval '1 minute',
            expires_at = clock_timestamp() - interval '1 millisecond'
        WHERE id = %s
    """
    with db.unguarded("holds", "10_guard"):
        db.run(late, held)
    with as_tenant(tenant), db.refused("TK127"):
        confirm(db, held)


def test_in_time_is_in_time(db: Session, tenant: UUID, held: UUID, as_tenant: Acting) -> None:
    soon = """
        UPDATE ticketing.holds SET expires_at = clock_timestamp() + interval '5 seconds'
        WHERE id = %s
    """
    db.run(soon, held)
    with as_tenant(tenant):
        assert confirm(db, held)["outcome"] == "confirmed"


def test_an_expired_or_released_hold_is_refused_by_its_own_code(
    db: Session, make: Make, tenant: UUID, *, here: Row, held: UUID, as_tenant: Acting
) -> None:
    late = make.id("holds", tenant, zone_id=here["id"], **overdue())
    make.advance("holds", late, "expired")
    with as_tenant(tenant):
        release(db, held)
        with db.refused("TK131"):
            confirm(db, held)
        with db.refused("TK127"):
            confirm(db, late)


def test_a_confirmed_hold_answers_after_its_time(
    db: Session, tenant: UUID, held: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        order = confirm(db, held)
        db.run(RUN_OUT, held)
        assert confirm(db, held) == {**order, "outcome": "replayed"}
        with db.refused("TK128"):
            confirm(db, held, "another")


# --- the order ---


def with_order(db: Session, held: UUID, order: UUID, key: str = "key") -> Row:
    return call(db, "confirm_hold", hold_id=held, idempotency_key=key, order_id=order)


def test_an_order_whose_copy_is_here_is_taken_as_it_is(
    db: Session, make: Make, tenant: UUID, held: UUID, as_tenant: Acting
) -> None:
    order = make.row("orders", tenant, paid_cents=100, total_cents=0)
    with as_tenant(tenant):
        assert with_order(db, held, order["id"])["order_id"] == order["id"]
        assert db.all("SELECT * FROM ticketing.orders") == [order]


def test_an_order_whose_copy_is_on_its_way_is_announced(
    db: Session, tenant: UUID, held: UUID, as_tenant: Acting
) -> None:
    order = uuid4()
    with as_tenant(tenant):
        assert with_order(db, held, order)["order_id"] == order
        announced = db.one("SELECT * FROM ticketing.orders")
    assert (announced["id"], announced["version"], announced["status"]) == (order, -1, "confirmed")
    assert announced["paid_cents"] == announced["total_cents"] == 0


def test_a_repeat_with_another_order_is_a_conflict(
    db: Session, tenant: UUID, held: UUID, as_tenant: Acting
) -> None:
    order = uuid4()
    with as_tenant(tenant):
        with_order(db, held, order)
        assert with_order(db, held, order)["outcome"] == "replayed"
        assert confirm(db, held, "key")["order_id"] == order
        with db.refused("TK122"):
            with_order(db, held, uuid4())


def test_an_order_comes_from_one_hold(
    db: Session, tenant: UUID, here: Row, held: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        order = confirm(db, held)["order_id"]
        second = hold(db, here)["hold_id"]
        with db.refused("23505", "uq_holds_order"):
            with_order(db, second, order)
    assert counters(db, here["id"]) == (1, 2, 7)


def test_the_order_of_another_tenant_is_nobodys_here(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, held: UUID, as_tenant: Acting
) -> None:
    foreign = make.row("orders", other_tenant)
    with as_tenant(tenant):
        with_order(db, held, foreign["id"])
        assert db.value("SELECT tenant_id FROM ticketing.orders") == tenant
    after = "SELECT * FROM ticketing.orders WHERE tenant_id = %s"
    assert db.one(after, other_tenant) == foreign


# --- callers that meet ---


def sale(clone: Database, **given: Any) -> tuple[UUID, Row, UUID]:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        here = zone(make, tenant, 10)
        made = make.id("holds", tenant, zone_id=here["id"], quantity=2, **given)
        return tenant, here, made


@pytest.mark.parametrize("keys", [1, 2, 20])
def test_callers_with_one_or_many_keys_make_one_order(clone: Database, keys: int) -> None:
    tenant, here, held = sale(clone)

    def act(connection: psycopg.Connection, number: int) -> tuple[str, UUID]:
        order = confirm(Session(connection), held, f"key {number % keys}")
        return order["outcome"], order["order_id"]

    results = race(clone, "ts_test_app", 20, act, tenant=tenant)
    refused = [r.sqlstate for r in results if isinstance(r, psycopg.Error)]
    answers = [r for r in results if not isinstance(r, psycopg.Error)]
    same = 20 // keys
    assert refused == ["TK128"] * (20 - same)
    assert Counter(outcome for outcome, _ in answers) == Counter(
        {"confirmed": 1, "replayed": same - 1}
    )
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert {order for _, order in answers} == {db.value("SELECT id FROM ticketing.orders")}
        assert counters(db, here["id"]) == (0, 2, 8)
        assert db.value("SELECT count(*) FROM ticketing.outbox") == 1
        assert db.all(DRIFT) == []


def test_a_deadline_that_passes_while_the_row_is_locked_counts(clone: Database) -> None:
    tenant, here, held = sale(clone)

    def end(connection: psycopg.Connection) -> None:
        connection.execute(RUN_OUT, [held])

    def late(connection: psycopg.Connection) -> str:
        return str(confirm(Session(connection), held)["outcome"])

    _, answer, waited = in_turn(clone, "ts_test_app", end, late, tenant=tenant)
    assert waited
    assert isinstance(answer, psycopg.Error)
    assert answer.sqlstate == "TK127"
    with psycopg.connect(clone.superuser_url) as connection:
        assert counters(Session(connection), here["id"]) == (2, 0, 8)


def test_release_and_confirmation_that_meet_end_in_one_of_the_two(clone: Database) -> None:
    tenant, here, held = sale(clone)

    def act(connection: psycopg.Connection, number: int) -> str:
        db = Session(connection)
        return str((confirm(db, held) if number % 2 else release(db, held))["outcome"])

    results = race(clone, "ts_test_app", 12, act, tenant=tenant)
    got = Counter(r.sqlstate if isinstance(r, psycopg.Error) else r for r in results)
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        after = counters(db, here["id"])
        assert db.all(DRIFT) == []
    if after == (0, 2, 8):
        assert got == {"confirmed": 1, "replayed": 5, "TK128": 6}
    else:
        assert after == (0, 0, 10)
        assert got == {"released": 1, "replayed": 5, "TK131": 6}


def test_a_place_taken_over_cannot_be_confirmed_by_who_was_late(clone: Database) -> None:
    tenant, here, held = sale(clone, **overdue())

    def take_over(connection: psycopg.Connection) -> str:
        return str(hold(Session(connection), here, 10)["outcome"])

    def late(connection: psycopg.Connection) -> str:
        return str(confirm(Session(connection), held)["outcome"])

    taken, answer, waited = in_turn(clone, "ts_test_app", take_over, late, tenant=tenant)
    assert (taken, waited) == ("created", True)
    assert isinstance(answer, psycopg.Error)
    assert answer.sqlstate == "TK127"
