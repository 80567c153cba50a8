"""check_and_record_spending: nothing is spent past a limit, and nothing counted twice."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

SPEND = "SELECT * FROM ticketing.check_and_record_spending(%s, %s, %s, %s)"
SPEND_AS = "SELECT * FROM ticketing.check_and_record_spending(%s, %s, %s, %s, %s)"
LEDGER = "SELECT * FROM ticketing.spending_transactions WHERE user_id = %s ORDER BY occurred_at"
LIMITS = "SELECT * FROM ticketing.spending_limits WHERE user_id = %s"


def limits(per_transaction: int, daily: int, weekly: int, monthly: int) -> Row:
    return {
        "per_transaction_limit": per_transaction,
        "daily_limit": daily,
        "weekly_limit": weekly,
        "monthly_limit": monthly,
    }


@pytest.fixture
def person(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


# --- within the limits ---


def test_a_spending_within_the_limits_is_recorded_by_the_servers_clock(
    db: Session, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        before = db.value("SELECT clock_timestamp()")
        answer = db.one(SPEND, person, 30000, "EUR", "order-1")
        after = db.value("SELECT clock_timestamp()")
    (row,) = db.all(LEDGER, person)
    assert answer == {
        "allowed": True,
        "limit_hit": None,
        "limit_cents": 100000,
        "spent_cents": 30000,
        "remaining_cents": 70000,
        "transaction_id": row["id"],
        "is_replay": False,
    }
    expected = {
        "amount_cents": 30000,
        "currency": "EUR",
        "transaction_type": "purchase",
        "transaction_reference": "order-1",
        "reverses_id": None,
    }
    assert expected.items() <= row.items()
    assert before < row["occurred_at"] < after


def test_a_first_spending_gives_the_person_the_tenants_default(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    default = {
        **limits(10, 20, 30, 40),
        "window_mode": "calendar",
        "timezone": "Europe/Berlin",
        "currency": "EUR",
    }
    make.row("spending_limits", tenant, user_id=None, **default)
    with as_tenant(tenant):
        assert db.one(SPEND, person, 10, "EUR", "order")["allowed"]
        assert db.one(SPEND, person, 11, "EUR", "more")["limit_hit"] == "per_transaction"
    assert {**default, "updated_by": None, "version": 1}.items() <= db.one(LIMITS, person).items()


def test_without_a_default_it_is_what_the_table_gives(
    db: Session, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        db.one(SPEND, person, 1, "CHF", "order")
    assert limits(50000, 100000, 500000, 2000000).items() <= db.one(LIMITS, person).items()


def test_a_refused_first_spending_gives_the_row_too(
    db: Session, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        assert not db.one(SPEND, person, 50001, "USD", "order")["allowed"]
    assert len(db.all(LIMITS, person)) == 1


def test_an_existing_row_stays_as_it_is(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    own = make.row("spending_limits", tenant, user_id=person, **limits(5, 5, 5, 5))
    make.row("spending_limits", tenant, user_id=None, **limits(10, 20, 30, 40))
    with as_tenant(tenant):
        assert db.one(SPEND, person, 6, "USD", "order")["limit_hit"] == "per_transaction"
        assert db.one(SPEND, person, 5, "USD", "order")["allowed"]
    assert db.one(LIMITS, person) == own


def test_a_customer_spends_for_the_first_time_in_their_own_session(
    db: Session, make: Make, tenant: UUID, person: UUID, as_user: Acting
) -> None:
    make.row("spending_limits", tenant, user_id=None, **limits(10, 20, 30, 40))
    with as_user(tenant, person):
        assert db.one(SPEND, person, 10, "USD", "order")["allowed"]


# --- past a limit ---


@pytest.mark.parametrize(
    ("hours", "given", "hit", "limit", "spent"),
    [
        (0, limits(100, 500, 500, 500), "per_transaction", 100, 0),
        (23, limits(500, 500, 5000, 5000), "daily", 500, 400),
        (25, limits(500, 500, 500, 5000), "weekly", 500, 400),
        (167, limits(500, 500, 500, 5000), "weekly", 500, 400),
        (169, limits(500, 500, 500, 500), "monthly", 500, 400),
        (719, limits(500, 500, 500, 500), "monthly", 500, 400),
    ],
)
def test_the_first_limit_in_the_way_is_named_and_nothing_recorded(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    person: UUID,
    as_tenant: Acting,
    hours: int,
    given: Row,
    hit: str,
    limit: int,
    spent: int,
) -> None:
    make.row("spending_limits", tenant, user_id=person, **given)
    make.row(
        "spending_transactions",
        tenant,
        user_id=person,
        amount_cents=400,
        occurred_at=db.value("SELECT clock_timestamp()") - timedelta(hours=hours),
    )
    with as_tenant(tenant):
        answer = db.one(SPEND, person, 101, "USD", "order")
        assert answer == {
            "allowed": False,
            "limit_hit": hit,
            "limit_cents": limit,
            "spent_cents": spent,
            "remaining_cents": 100,
            "transaction_id": None,
            "is_replay": False,
        }
        assert len(db.all(LEDGER, person)) == 1
        # What remains can be spent, to the last cent.
        assert db.one(SPEND, person, 100, "USD", "order")["allowed"]
        assert len(db.all(LEDGER, person)) == 2


def test_what_left_every_window_is_forgotten(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    make.row("spending_limits", tenant, user_id=person, **limits(500, 500, 500, 500))
    make.row(
        "spending_transactions",
        tenant,
        user_id=person,
        amount_cents=400,
        occurred_at=db.value("SELECT clock_timestamp()") - timedelta(hours=721),
    )
    with as_tenant(tenant):
        assert db.one(SPEND, person, 500, "USD", "order")["allowed"]


def test_the_answer_tells_of_the_window_with_the_least_room(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    make.row("spending_limits", tenant, user_id=person, **limits(100, 300, 400, 1000))
    make.row(
        "spending_transactions",
        tenant,
        user_id=person,
        amount_cents=250,
        occurred_at=db.value("SELECT clock_timestamp()") - timedelta(hours=48),
    )
    with as_tenant(tenant):
        answer = db.one(SPEND, person, 100, "USD", "order")
    assert (answer["limit_cents"], answer["spent_cents"], answer["remaining_cents"]) == (
        *(400, 350),
        50,
    )


def test_a_reversed_spending_gives_its_room_back(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    make.row("spending_limits", tenant, user_id=person, **limits(100, 100, 100, 100))
    with as_tenant(tenant):
        made = db.one(SPEND, person, 100, "USD", "first")["transaction_id"]
        assert db.one(SPEND, person, 1, "USD", "second")["limit_hit"] == "daily"
        db.all("SELECT * FROM ticketing.reverse_spending(%s)", made)
        assert db.one(SPEND, person, 100, "USD", "second")["allowed"]


def test_each_currency_has_limits_of_its_own(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    make.row("spending_limits", tenant, user_id=person, **limits(100, 100, 100, 100))
    make.row("spending_limits", tenant, user_id=None, currency="EUR", **limits(7, 7, 7, 7))
    with as_tenant(tenant):
        assert db.one(SPEND, person, 100, "USD", "in dollars")["allowed"]
        assert db.one(SPEND, person, 8, "EUR", "in euros")["limit_cents"] == 7
        assert db.one(SPEND, person, 7, "EUR", "in euros")["allowed"]
        assert db.one(SPEND, person, 100, "GBP", "in pounds")["allowed"]


def test_the_largest_amounts_do_not_overflow(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    most = 2**63 - 1
    make.row("spending_limits", tenant, user_id=person, **limits(*[most] * 4))
    with as_tenant(tenant):
        assert db.one(SPEND, person, most, "USD", "first")["remaining_cents"] == 0
        assert db.one(SPEND, person, most, "USD", "second")["limit_hit"] == "daily"


def test_a_calendar_day_that_has_just_begun_is_empty(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    given = {**limits(100, 100, 10000, 10000), "window_mode": "calendar"}
    make.row("spending_limits", tenant, user_id=person, **given)
    midnight = db.value("SELECT date_trunc('day', clock_timestamp(), 'UTC')")
    make.row(
        "spending_transactions",
        tenant,
        user_id=person,
        amount_cents=100,
        occurred_at=midnight - timedelta(microseconds=1),
    )
    with as_tenant(tenant):
        assert db.one(SPEND, person, 100, "USD", "today")["allowed"]
        assert db.one(SPEND, person, 1, "USD", "today too")["limit_hit"] == "daily"


# --- the same request again ---


@pytest.mark.parametrize("left", [0, 100], ids=["nothing left", "some left"])
def test_the_same_reference_again_changes_nothing(
    db: Session, make: Make, tenant: UUID, *, person: UUID, as_tenant: Acting, left: int
) -> None:
    most = 100 + left
    make.row("spending_limits", tenant, user_id=person, **limits(most, most, most, most))
    with as_tenant(tenant):
        first = db.one(SPEND, person, 100, "USD", "order")
        again = db.one(SPEND, person, 100, "USD", "order")
    assert again == {**first, "is_replay": True}
    assert (first["spent_cents"], first["remaining_cents"]) == (100, left)
    assert len(db.all(LEDGER, person)) == 1


def test_a_replay_stands_when_the_limit_was_lowered_since(
    db: Session, make: Make, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    row = make.id("spending_limits", tenant, user_id=person, **limits(100, 100, 100, 100))
    with as_tenant(tenant):
        first = db.one(SPEND, person, 100, "USD", "order")
        db.run(
            """
            UPDATE ticketing.spending_limits
            SET (per_transaction_limit, daily_limit, weekly_limit, monthly_limit) = (1, 1, 1, 1)
            WHERE id = %s
            """,
            row,
        )
        again = db.one(SPEND, person, 100, "USD", "order")
    assert (again["allowed"], again["is_replay"]) == (True, True)
    assert again["transaction_id"] == first["transaction_id"]


@pytest.mark.parametrize(("amount", "currency"), [(99, "USD"), (101, "USD"), (100, "EUR")])
def test_the_same_reference_for_something_else_is_refused(
    db: Session, tenant: UUID, *, person: UUID, as_tenant: Acting, amount: int, currency: str
) -> None:
    with as_tenant(tenant):
        db.one(SPEND, person, 100, "USD", "order")
        with db.refused("TK721"):
            db.one(SPEND, person, amount, currency, "order")
    assert len(db.all(LEDGER, person)) == 1


def test_a_reversed_reference_is_not_revived(
    db: Session, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        made = db.one(SPEND, person, 100, "USD", "order")["transaction_id"]
        db.all("SELECT * FROM ticketing.reverse_spending(%s)", made)
        with db.refused("TK722"):
            db.one(SPEND, person, 100, "USD", "order")
        assert db.one(SPEND, person, 100, "USD", "another order")["allowed"]


def test_a_refused_reference_may_be_tried_again(
    db: Session, tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        assert not db.one(SPEND, person, 50001, "USD", "order")["allowed"]
        answer = db.one(SPEND, person, 50000, "USD", "order")
    assert (answer["allowed"], answer["is_replay"]) == (True, False)


@pytest.mark.parametrize("kind", ["transfer", "fee"])
def test_another_person_or_type_may_use_the_reference(
    db: Session, make: Make, tenant: UUID, *, person: UUID, as_tenant: Acting, kind: str
) -> None:
    neighbour = make.id("users", tenant)
    with as_tenant(tenant):
        for who, what in ((person, "purchase"), (person, kind), (neighbour, "purchase")):
            answer = db.one(SPEND_AS, who, 100, "USD", "order", what)
            assert (answer["allowed"], answer["is_replay"]) == (True, False)
    assert [row["transaction_type"] for row in db.all(LEDGER, person)] == ["purchase", kind]


# --- arguments and roles ---


@pytest.mark.parametrize(
    "given",
    [
        {"user": None},
        {"amount": None},
        {"amount": 0},
        {"amount": -1},
        {"currency": None},
        {"currency": "usd"},
        {"currency": "USDT"},
        {"reference": None},
        {"reference": ""},
        {"reference": "r" * 256},
        {"kind": None},
        {"kind": "reversal"},
        {"kind": "gift"},
    ],
)
def test_a_missing_or_malformed_argument_is_refused(
    db: Session, tenant: UUID, *, person: UUID, as_tenant: Acting, given: dict[str, Any]
) -> None:
    call = {
        "user": person,
        "amount": 1,
        "currency": "USD",
        "reference": "order",
        "kind": "purchase",
        **given,
    }
    with as_tenant(tenant), db.refused("TK001"):
        db.one(SPEND_AS, *call.values())
    assert db.all(LIMITS, person) == []


def test_a_person_whom_the_tenant_does_not_have_is_refused(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    theirs = make.id("users", other_tenant)
    with as_tenant(tenant):
        for stranger in (uuid4(), theirs):
            with db.refused("23503", "fk_spending_limits_user_id"):
                db.one(SPEND, stranger, 1, "USD", "order")


def test_the_same_person_in_another_tenant_spends_there(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, person: UUID, as_tenant: Acting
) -> None:
    make.id("users", other_tenant, id=person)
    for where in (tenant, other_tenant):
        make.row("spending_limits", where, user_id=person, **limits(100, 100, 100, 100))
        with as_tenant(where):
            answer = db.one(SPEND, person, 100, "USD", "order")
            assert (answer["allowed"], answer["is_replay"]) == (True, False)


def test_it_needs_a_tenant(db: Session, tenant: UUID, person: UUID, as_worker: Acting) -> None:
    with as_worker(), db.refused("TK701"):
        db.one(SPEND, person, 1, "USD", "order")
    with as_worker(tenant=tenant):
        assert db.one(SPEND, person, 1, "USD", "order")["allowed"]


def test_readers_may_not(
    db: Session, tenant: UUID, *, person: UUID, as_readonly: Acting, as_nobody: Acting
) -> None:
    with as_readonly(tenant), db.refused("42501"):
        db.one(SPEND, person, 1, "USD", "order")
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.one(SPEND, person, 1, "USD", "order")


# --- at once ---


@pytest.mark.parametrize("has_row", [True, False], ids=["with a row", "without one"])
@pytest.mark.parametrize(("callers", "amount", "allowed"), [(2, 600, 1), (20, 100, 10)])
def test_spendings_at_once_never_pass_a_limit_together(
    clone: Database, *, callers: int, amount: int, allowed: int, has_row: bool
) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        person = make.id("users", tenant)
        owner = person if has_row else None
        make.row("spending_limits", tenant, user_id=owner, **limits(1000, 1000, 1000, 1000))

    def spend(connection: psycopg.Connection, number: int) -> bool:
        answer = Session(connection).one(SPEND, person, amount, "USD", f"order-{number}")
        return bool(answer["allowed"])

    assert Counter(race(clone, "ts_test_app", callers, spend, tenant=tenant)) == {
        True: allowed,
        False: callers - allowed,
    }
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert sum(row["amount_cents"] for row in db.all(LEDGER, person)) == allowed * amount
        assert len(db.all(LIMITS, person)) == 1


def test_one_request_sent_many_times_at_once_is_counted_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        person = make.id("users", tenant)

    def spend(connection: psycopg.Connection, number: int) -> tuple[UUID, bool]:
        answer = Session(connection).one(SPEND, person, 100, "USD", "order")
        return answer["transaction_id"], answer["is_replay"]

    answers = race(clone, "ts_test_app", 12, spend, tenant=tenant)
    with psycopg.connect(clone.superuser_url) as connection:
        (row,) = Session(connection).all(LEDGER, person)
    assert Counter(answers) == {(row["id"], False): 1, (row["id"], True): 11}


def test_one_reference_in_two_currencies_at_once_is_counted_once(clone: Database) -> None:
    """The two lock different rows of limits, so the unique key settles it."""
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        person = make.id("users", tenant)
        for currency in ("USD", "EUR"):
            make.row("spending_limits", tenant, user_id=person, currency=currency)

    def spend(connection: psycopg.Connection, number: int) -> str:
        Session(connection).one(SPEND, person, 100, ("USD", "EUR")[number % 2], "order")
        return "spent"

    for _ in range(3):
        answers = race(clone, "ts_test_app", 2, spend, tenant=tenant)
        got = Counter(a.sqlstate if isinstance(a, psycopg.Error) else a for a in answers)
        assert got == {"spent": 1, "TK721": 1}
        with psycopg.connect(clone.superuser_url) as connection:
            db = Session(connection)
            assert len(db.all(LEDGER, person)) == 1
            db.run("SET LOCAL session_replication_role = replica")
            db.run("DELETE FROM ticketing.spending_transactions")


def test_whoever_spends_for_somebody_else_does_not_wait(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        first, second = make.id("users", tenant), make.id("users", tenant)
    enter = "SELECT set_config('app.current_tenant_id', %s, TRUE)"
    with (
        psycopg.connect(clone.url("ts_test_app")) as one,
        psycopg.connect(clone.url("ts_test_app")) as other,
    ):
        for connection, person in ((one, first), (other, second)):
            connection.execute("SET LOCAL lock_timeout = '5s'")
            connection.execute(enter, [str(tenant)])
            assert Session(connection).one(SPEND, person, 100, "USD", "order")["allowed"]
