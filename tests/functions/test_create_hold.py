"""create_hold: places for a while, once for each key."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row, overdue
from support.races import race, until_it_waits
from support.session import Session
from support.zones import DRIFT, RUN_OUT, buckets, confirm, counters, hold, release, zone

if TYPE_CHECKING:
    from conftest import Acting

LIFE = "SELECT extract(epoch FROM expires_at - created_at)::integer FROM ticketing.holds"
WRITTEN = "SELECT n_tup_ins + n_tup_upd FROM pg_stat_xact_user_tables WHERE relname = 'holds'"


@pytest.fixture
def here(make: Make, tenant: UUID) -> Row:
    """A zone of ten."""
    return zone(make, tenant, 10)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_hold_takes_its_places(db: Session, tenant: UUID, here: Row, role: str) -> None:
    with db.acting(role, tenant=tenant):
        made = hold(db, here, 10)
    assert (made["outcome"], made["status"], made["quantity"]) == ("created", "active", 10)
    assert counters(db, here["id"]) == (10, 0, 0)


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("TK123", {"idempotency_key": None}),
        ("TK123", {"idempotency_key": ""}),
        ("TK123", {"idempotency_key": "  "}),
        ("TK001", {"idempotency_key": "k" * 256}),
        ("TK124", {"quantity": None}),
        ("TK124", {"quantity": 0}),
        ("TK124", {"quantity": -1}),
        ("TK001", {"time_to_live": "999 milliseconds"}),
        ("TK001", {"time_to_live": "24 hours 1 second"}),
        ("TK001", {"time_to_live": "-1 hour"}),
        ("TK125", {"zone_id": None}),
        ("TK125", {"zone_id": uuid4()}),
        ("TK125", {"event_id": None}),
        ("TK125", {"event_id": uuid4()}),
        ("TK121", {"quantity": 11}),
        ("TK121", {"quantity": 2**31 - 1}),
        ("23503", {"user_id": uuid4()}),
    ],
)
def test_a_wrong_call_is_refused(
    db: Session, tenant: UUID, here: Row, *, as_tenant: Acting, code: str, given: dict[str, Any]
) -> None:
    with as_tenant(tenant), db.refused(code):
        hold(db, here, **{"quantity": 1, **given})
    assert counters(db, here["id"]) == (0, 0, 10)


@pytest.mark.parametrize("given", [{"idempotency_key": "k" * 255}, {"time_to_live": "1 second"}])
def test_a_call_at_the_edge_is_accepted(
    db: Session, tenant: UUID, here: Row, as_tenant: Acting, given: dict[str, Any]
) -> None:
    with as_tenant(tenant):
        assert hold(db, here, **given)["outcome"] == "created"


def test_the_zone_of_another_tenant_or_event_is_as_absent_as_an_unknown_one(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, here: Row, as_tenant: Acting
) -> None:
    foreign, sibling = zone(make, other_tenant), zone(make, tenant)
    with as_tenant(tenant):
        for absent in (foreign, {**here, "event_id": sibling["event_id"]}):
            with db.refused("TK125"):
                hold(db, absent)


def test_who_may_call(
    db: Session, tenant: UUID, here: Row, *, as_readonly: Acting, as_worker: Acting
) -> None:
    with as_readonly(tenant), db.refused("42501"):
        hold(db, here)
    with as_worker(), db.refused("TK701"):
        hold(db, here)


# --- how long ---


@pytest.mark.parametrize(
    ("settings", "given", "seconds"),
    [
        ("{}", None, 900),
        ('{"hold_ttl_seconds": 60}', None, 60),
        ('{"hold_ttl_seconds": "60"}', None, 60),
        ('{"hold_ttl_seconds": 60}', "90 seconds", 90),
        ('{"hold_ttl_seconds": 0}', None, 900),
        ('{"hold_ttl_seconds": -5}', None, 900),
        ('{"hold_ttl_seconds": 100000}', None, 900),
        ('{"hold_ttl_seconds": "long"}', None, 900),
        ("{}", "24 hours", 86400),
    ],
)
def test_it_lives_as_long_as_the_call_the_tenant_or_the_default_says(
    db: Session,
    tenant: UUID,
    here: Row,
    *,
    as_tenant: Acting,
    settings: str,
    given: str | None,
    seconds: int,
) -> None:
    db.run("UPDATE ticketing.tenants SET settings = %s WHERE id = %s", settings, tenant)
    with as_tenant(tenant):
        hold(db, here, time_to_live=given)
        assert db.value(LIFE) == seconds


# --- the key ---


@pytest.mark.parametrize("end", ["confirmed", "released", "expired"])
def test_a_repeat_says_what_became_of_the_hold(
    db: Session, make: Make, tenant: UUID, *, here: Row, as_tenant: Acting, end: str
) -> None:
    with as_tenant(tenant, actor="system"):
        made = hold(db, here, 2, idempotency_key="key")
        if end == "confirmed":
            confirm(db, made["hold_id"])
        elif end == "released":
            release(db, made["hold_id"])
        else:
            db.run(RUN_OUT, made["hold_id"])
            make.advance("holds", made["hold_id"], "expired")
        again = hold(db, here, 2, idempotency_key="key")
    assert (again["hold_id"], again["outcome"], again["status"]) == (
        made["hold_id"],
        "replayed",
        end,
    )


def test_a_repeat_is_answered_when_all_is_sold(
    db: Session, tenant: UUID, here: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        made = hold(db, here, 10, idempotency_key="key")
        before = db.value(WRITTEN)
        assert hold(db, here, 10, idempotency_key="key")["hold_id"] == made["hold_id"]
        assert db.value(WRITTEN) == before


def test_a_key_counts_in_its_zone_and_tenant_alone(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, here: Row, as_tenant: Acting
) -> None:
    sibling = zone(make, tenant, event_id=here["event_id"])
    foreign = zone(make, other_tenant)
    for whose, place in ((tenant, here), (tenant, sibling), (other_tenant, foreign)):
        with as_tenant(whose):
            assert hold(db, place, idempotency_key="key")["outcome"] == "created"


@pytest.mark.parametrize("quantity", [1, 3])
def test_the_same_key_for_another_quantity_is_a_conflict(
    db: Session, tenant: UUID, here: Row, as_tenant: Acting, quantity: int
) -> None:
    with as_tenant(tenant):
        hold(db, here, 2, idempotency_key="key")
        with db.refused("TK122"):
            hold(db, here, quantity, idempotency_key="key")


def test_the_same_key_of_another_person_is_a_conflict(
    db: Session, make: Make, tenant: UUID, *, here: Row, as_user: Acting, as_tenant: Acting
) -> None:
    one, two = make.id("users", tenant), make.id("users", tenant)
    with as_user(tenant, one):
        made = hold(db, here, idempotency_key="key")
        assert hold(db, here, idempotency_key="key")["hold_id"] == made["hold_id"]
    with as_user(tenant, two), db.refused("TK122"):
        hold(db, here, idempotency_key="key")
    with as_tenant(tenant), db.refused("TK122"):
        hold(db, here, idempotency_key="key")


def test_a_customer_holds_for_nobody_else(
    db: Session, make: Make, tenant: UUID, *, here: Row, as_user: Acting
) -> None:
    one, two = make.id("users", tenant), make.id("users", tenant)
    with as_user(tenant, one):
        hold(db, here)
        with db.refused("TK401"):
            hold(db, here, user_id=two)
    with as_user(tenant, one, "staff"):
        hold(db, here, user_id=two)
    owners = db.all("SELECT user_id FROM ticketing.holds ORDER BY created_at")
    assert [row["user_id"] for row in owners] == [one, two]


# --- room ---


def test_a_refusal_writes_nothing(db: Session, tenant: UUID, here: Row, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        hold(db, here, 8)
        before = db.value(WRITTEN)
        with db.refused("TK121"):
            hold(db, here, 3)
        assert db.value(WRITTEN) == before


def test_overdue_holds_give_way_before_a_sweeper_comes(
    db: Session, make: Make, tenant: UUID, here: Row, as_user: Acting
) -> None:
    late = make.id("holds", tenant, zone_id=here["id"], quantity=4, **overdue())
    alive = make.id("holds", tenant, zone_id=here["id"], quantity=6)
    with as_user(tenant, make.id("users", tenant)):
        with db.refused("TK121"):
            hold(db, here, 5)
        assert hold(db, here, 4)["outcome"] == "created"
        assert db.value("SELECT current_setting('app.actor_type', TRUE)") in ("", None)
    statuses = {row["id"]: row["status"] for row in db.all("SELECT * FROM ticketing.holds")}
    assert (statuses[late], statuses[alive]) == ("expired", "active")
    assert counters(db, here["id"]) == (10, 0, 0)
    with db.acting("ticketing_app", tenant=tenant):
        assert db.all(DRIFT) == []


def test_overdue_holds_stay_while_there_is_room(
    db: Session, make: Make, tenant: UUID, here: Row, as_tenant: Acting
) -> None:
    late = make.id("holds", tenant, zone_id=here["id"], quantity=4, **overdue())
    with as_tenant(tenant):
        hold(db, here, 6)
        assert db.value("SELECT status FROM ticketing.holds WHERE id = %s", late) == "active"


def test_overdue_holds_of_another_zone_give_no_way(
    db: Session, make: Make, tenant: UUID, here: Row, as_tenant: Acting
) -> None:
    sibling = zone(make, tenant, event_id=here["event_id"])
    late = make.id("holds", tenant, zone_id=sibling["id"], quantity=4, **overdue())
    with as_tenant(tenant):
        hold(db, here, 10)
        with db.refused("TK121"):
            hold(db, here)
        assert db.value("SELECT status FROM ticketing.holds WHERE id = %s", late) == "active"


def test_as_many_overdue_holds_give_way_as_are_needed(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 160)
    for _ in range(160):
        make.row("holds", tenant, zone_id=here["id"], **overdue())
    with as_tenant(tenant):
        # A hundred at a time, or as many as are wanted.
        hold(db, here, 150)
        assert counters(db, here["id"]) == (160, 0, 0)
        assert hold(db, here, 10)["outcome"] == "created"
    assert counters(db, here["id"]) == (160, 0, 0)


# --- buckets ---


def test_a_hold_fits_into_one_bucket_or_not_at_all(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 80, bucket_count=4)
    with as_tenant(tenant):
        for _ in range(4):
            hold(db, here, 18)
        assert counters(db, here["id"]) == (72, 0, 8)
        with db.refused("TK121"):
            hold(db, here, 3)
        call = "SELECT ticketing.set_zone_capacity(%s, 80)"
        assert db.value(call, here["id"]) == 8
        hold(db, here, 8)
        assert db.all(DRIFT) == []


def test_places_go_back_to_the_bucket_they_came_from(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 80, bucket_count=4)
    with as_tenant(tenant):
        made = [hold(db, here, 20)["hold_id"] for _ in range(4)]
        for one in made:
            release(db, one)
    assert buckets(db, here["id"]) == [(20, 0, 0)] * 4


def test_overdue_holds_of_any_bucket_give_way(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 80, bucket_count=4)
    with as_tenant(tenant):
        made = [hold(db, here, 20)["hold_id"] for _ in range(4)]
        db.run(RUN_OUT, made[2])
        hold(db, here, 20)
        with db.refused("TK121"):
            hold(db, here, 1)
        assert db.all(DRIFT) == []


# --- callers that meet ---


def sale(clone: Database, capacity: int, bucket_count: int = 1) -> tuple[UUID, Row]:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        here = zone(make, tenant, capacity, bucket_count=bucket_count)
        # Close to a change of epoch, so that the race crosses it.
        make.session.run("UPDATE ticketing.zone_inventory SET updates = 495")
        return tenant, here


def told(results: list[Any]) -> Counter[str]:
    return Counter(str(r.sqlstate if isinstance(r, psycopg.Error) else r) for r in results)


def test_fifty_callers_for_ten_places_get_ten(clone: Database) -> None:
    tenant, here = sale(clone, 10)

    def act(connection: psycopg.Connection, number: int) -> str:
        return str(hold(Session(connection), here)["outcome"])

    assert told(race(clone, "ts_test_app", 50, act, tenant=tenant)) == {"created": 10, "TK121": 40}
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, here["id"]) == (10, 0, 0)
        assert db.all(DRIFT) == []


def test_one_key_from_twenty_connections_is_one_hold(clone: Database) -> None:
    # As many places as the hold takes: a copy must not be told that all is gone.
    tenant, here = sale(clone, 2)

    def act(connection: psycopg.Connection, number: int) -> tuple[str, UUID]:
        made = hold(Session(connection), here, 2, idempotency_key="key")
        return made["outcome"], made["hold_id"]

    results = race(clone, "ts_test_app", 20, act, tenant=tenant)
    assert not [r for r in results if isinstance(r, psycopg.Error)]
    assert Counter(outcome for outcome, _ in results) == {"created": 1, "replayed": 19}  # type: ignore[misc]
    assert len({made for _, made in results}) == 1  # type: ignore[misc]
    with psycopg.connect(clone.superuser_url) as connection:
        assert counters(Session(connection), here["id"]) == (2, 0, 0)


def until_told(connection: psycopg.Connection, here: Row) -> str:
    """Asks as a service does: again after 40001."""
    while True:
        try:
            with connection.transaction():
                return str(hold(Session(connection), here)["outcome"])
        except psycopg.errors.SerializationFailure:
            continue
        except psycopg.Error as error:
            return error.sqlstate or ""


def test_fifty_callers_for_ten_overdue_places_get_ten(clone: Database) -> None:
    tenant, here = sale(clone, 10)
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        for _ in range(10):
            make.row("holds", tenant, zone_id=here["id"], **overdue())

    def act(connection: psycopg.Connection, number: int) -> str:
        return until_told(connection, here)

    assert told(race(clone, "ts_test_app", 50, act, tenant=tenant)) == {"created": 10, "TK121": 40}
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, here["id"]) == (10, 0, 0)
        assert db.all(DRIFT) == []


def test_callers_drain_every_bucket_and_no_more(clone: Database) -> None:
    tenant, here = sale(clone, 60, bucket_count=3)
    with psycopg.connect(clone.superuser_url) as connection:
        with Session(connection).acting("ticketing_app", tenant=tenant) as db:
            for _ in range(3):
                hold(db, here, 10)
        taken = sum(held for _, held, _ in buckets(Session(connection), here["id"]))

    def act(connection: psycopg.Connection, number: int) -> str:
        return until_told(connection, here)

    got = told(race(clone, "ts_test_app", 50, act, tenant=tenant))
    assert got == {"created": 60 - taken, "TK121": 50 - (60 - taken)}
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert buckets(db, here["id"]) == [(20, 20, 0)] * 3
        assert db.all(DRIFT) == []


def test_a_caller_without_room_in_its_bucket_is_told_to_begin_anew(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    here = zone(make, tenant, 40, bucket_count=2)
    make.row("holds", tenant, zone_id=here["id"], bucket_no=1, quantity=20)
    insert = """
        INSERT INTO ticketing.holds (
            tenant_id, event_id, zone_id, bucket_no, quantity, idempotency_key
        ) VALUES (%s, %s, %s, 1, %s, 'key')
    """
    with as_tenant(tenant):
        with db.refused("40001"):
            db.run(insert, tenant, here["event_id"], here["id"], 20)
        with db.refused("TK121"):
            db.run(insert, tenant, here["event_id"], here["id"], 21)


def test_callers_with_copies_over_overdue_places_do_not_deadlock(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {clone.name} SET deadlock_timeout = '50ms'".encode())
    tenant, here = sale(clone, 12)
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        for _ in range(12):
            make.row("holds", tenant, zone_id=here["id"], **overdue())

    def act(connection: psycopg.Connection, number: int) -> str:
        made = hold(Session(connection), here, idempotency_key=f"key {number % 6}")
        return str(made["outcome"])

    got = told(race(clone, "ts_test_app", 36, act, tenant=tenant))
    assert got == {"created": 6, "replayed": 30}


def test_callers_with_copies_and_several_buckets_do_not_deadlock(clone: Database) -> None:
    """One has every counter and is about to use a key; another comes with that key meanwhile."""
    tenant, here = sale(clone, 40, bucket_count=2)
    lock = "SELECT FROM ticketing.zone_inventory WHERE zone_id = %s FOR UPDATE"

    def ask(connection: psycopg.Connection) -> Row:
        with connection.transaction():
            query = "SELECT set_config('app.current_tenant_id', %s, TRUE)"
            connection.execute(query, [str(tenant)])
            return hold(Session(connection), here, 2, idempotency_key="the same")

    with (
        clone.connect() as first,
        clone.connect("ts_test_app") as second,
        clone.connect() as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        with first.transaction():
            first.execute(lock.encode(), [here["id"]])
            later = pool.submit(ask, second)
            until_it_waits(watcher, second, later)
            made = ask(first)
        assert made["outcome"] == "created"
        assert later.result(timeout=10) | {"outcome": "created"} == made
