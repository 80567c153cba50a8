"""expire_reservations: the tickets of an overdue cart are on sale again, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg

from support.databases import Database
from support.factories import Make, overdue
from support.races import race
from support.session import Session
from support.sweeps import warnings

if TYPE_CHECKING:
    from conftest import Acting

EXPIRE = "SELECT ticketing.expire_reservations()"
DRIFT = "SELECT * FROM ticketing.ticket_inventory_drift"


def counters(db: Session, kind: UUID) -> tuple[int, ...]:
    """Returns reserved, sold and available of a ticket type."""
    row = db.one(
        """
        SELECT reserved_quantity, sold_quantity, available_quantity
        FROM ticketing.ticket_inventory WHERE ticket_type_id = %s
        """,
        kind,
    )
    return tuple(row.values())


def test_the_tickets_go_back_and_the_history_says_why(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    late = make.id("reservations", tenant, ticket_type_id=kind, quantity=2, **overdue())
    make.row("reservations", tenant, ticket_type_id=kind, quantity=3)
    with as_worker():
        assert db.value(EXPIRE) == 1
    assert counters(db, kind) == (3, 0, 7)
    after = db.one("SELECT * FROM ticketing.reservations WHERE id = %s", late)
    assert (after["status"], after["release_reason"]) == ("expired", "timeout")
    assert after["released_at"] is not None
    history = (
        "SELECT status_to, reason FROM ticketing.reservation_history WHERE reservation_id = %s"
    )
    assert db.all(f"{history} AND status_from = 'pending'", late) == [
        {"status_to": "expired", "reason": "timeout"}
    ]
    assert db.all(DRIFT) == []


def test_what_was_confirmed_in_time_stays(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    sold = make.id("reservations", tenant, order_id=make.id("orders", tenant))
    make.advance("reservations", sold, "confirmed")
    with db.unguarded("reservations", "10_guard"):
        db.run("UPDATE ticketing.reservations SET expires_at = created_at + interval '1us'")
    with as_worker():
        assert db.value(EXPIRE) == 0


def test_a_type_whose_counters_are_off_keeps_no_other_type_back(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    broken, sound = (make.ticket_type(tenant, 10)["id"] for _ in range(2))
    for kind in (broken, sound):
        for _ in range(2):
            make.row("reservations", tenant, ticket_type_id=kind, **overdue())
    lose = "UPDATE ticketing.ticket_inventory SET reserved_quantity = 1 WHERE ticket_type_id = %s"
    db.run(lose, broken)
    with as_worker(), warnings(db) as heard:
        assert db.value(EXPIRE) == 3
    # One of the two had its ticket in the counter.
    assert [said.code for said in heard] == ["TK042"]
    assert heard[0].detail == "SQLSTATE TK107"
    assert (counters(db, broken), counters(db, sound)) == ((0, 0, 10), (0, 0, 10))


def test_one_statement_moves_a_counter_once(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    for _ in range(5):
        make.row("reservations", tenant, ticket_type_id=kind, **overdue())
    moves = "SELECT updates FROM moves"
    db.run("CREATE TEMP TABLE moves AS SELECT 0 AS updates")
    db.run("GRANT ALL ON moves TO PUBLIC")
    db.run("""
        CREATE FUNCTION public.count_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN UPDATE pg_temp.moves SET updates = updates + 1; RETURN NULL; END $$
    """)
    db.run("""
        CREATE TRIGGER trg_count_moves AFTER UPDATE ON ticketing.ticket_inventory
        FOR EACH ROW EXECUTE FUNCTION public.count_moves()
    """)
    with as_worker():
        assert db.value(EXPIRE) == 5
    assert db.value(moves) == 1


def test_sweepers_and_buyers_that_meet_give_back_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kinds = [make.ticket_type(tenant, 40)["id"] for _ in range(3)]
        for kind in kinds:
            for _ in range(10):
                make.row("reservations", tenant, ticket_type_id=kind, **overdue())
        alive = [
            make.id(
                "reservations",
                tenant,
                ticket_type_id=kinds[n % 3],
                order_id=make.id("orders", tenant),
            )
            for n in range(9)
        ]

    def act(connection: psycopg.Connection, number: int) -> Any:
        if number % 2:
            return Session(connection).value("SELECT ticketing.expire_reservations(7)")
        confirm = "UPDATE ticketing.reservations SET status = 'confirmed' WHERE id = %s"
        return str(connection.execute(confirm, [alive[number // 2]]).rowcount)

    results = race(clone, "ts_test_worker", 18, act, tenant=tenant)
    assert [r for r in results if isinstance(r, psycopg.Error)] == []
    assert [r for r in results if isinstance(r, str)] == ["1"] * 9
    assert sum(r for r in results if isinstance(r, int)) == 30
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert [counters(db, kind) for kind in kinds] == [(0, 3, 37)] * 3
        assert db.all(DRIFT) == []
