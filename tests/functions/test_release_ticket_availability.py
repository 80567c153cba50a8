"""release_ticket_availability: what expires or is cancelled is given back, once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row, overdue
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

SET = "UPDATE ticketing.reservations SET status = %s WHERE id = ANY (%s)"
LEFT = "the buyer left"
DUE_AND_WAITING = """
    SELECT 1 FROM pg_locks
    WHERE NOT granted AND locktype IN ('transactionid', 'tuple') AND clock_timestamp() > %s
"""


def reserved(
    make: Make, kind: Row, quantity: int, *, sold: bool = False, late: bool = False
) -> UUID:
    """Returns a reservation that is pending, or confirmed; a late one may expire."""
    tenant = kind["tenant_id"]
    made = make.id(
        "reservations",
        tenant,
        ticket_type_id=kind["id"],
        quantity=quantity,
        order_id=make.id("orders", tenant),
        **(overdue() if late else {}),
    )
    if sold:
        make.session.run(SET, "confirmed", [made])
    return made


def counters(db: Session, kind: Row) -> tuple[int, ...]:
    """Returns reserved, sold, held and free of a type."""
    row = db.one(
        """
        SELECT reserved_quantity, sold_quantity, held_quantity, available_quantity
        FROM ticketing.ticket_inventory WHERE ticket_type_id = %s
        """,
        kind["id"],
    )
    return tuple(row.values())


def moves(db: Session, kind: Row) -> int:
    """Returns how often the counters of a type were moved."""
    query = "SELECT updates FROM ticketing.ticket_inventory WHERE ticket_type_id = %s"
    made: int = db.value(query, kind["id"])
    return made


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_a_pending_one_gives_back_what_it_reserved(
    make: Make, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    kind = make.ticket_type(tenant, 10)
    reserved(make, kind, 1, sold=True)
    made = reserved(make, kind, 4, late=status == "expired")
    with as_tenant(tenant, reason=LEFT) as db:
        assert db.run(SET, status, [made]) == 1
    assert counters(db, kind) == (0, 1, 0, 9)


def test_a_cancelled_sale_gives_back_what_was_sold(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    reserved(make, kind, 1)
    made = reserved(make, kind, 4, sold=True)
    with as_tenant(tenant, reason=LEFT):
        assert db.run(SET, "cancelled", [made]) == 1
    assert counters(db, kind) == (1, 0, 0, 9)


def test_what_was_given_back_can_be_sold_again(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 4)
    made = reserved(make, kind, 4, late=True)
    with as_tenant(tenant):
        db.run(SET, "expired", [made])
    reserved(make, kind, 4, sold=True)
    assert counters(db, kind) == (0, 4, 0, 0)


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_releasing_twice_gives_back_once(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    kind = make.ticket_type(tenant, 10)
    reserved(make, kind, 4)
    made = reserved(make, kind, 4, late=status == "expired")
    with as_tenant(tenant, reason=LEFT):
        db.run(SET, status, [made])
        assert db.run(SET, status, [made]) == 1
    assert (counters(db, kind), moves(db, kind)) == ((4, 0, 0, 6), 3)


@pytest.mark.parametrize(("first", "second"), [("expired", "cancelled"), ("cancelled", "expired")])
def test_a_second_release_of_another_kind_is_refused_and_gives_nothing_back(
    make: Make, tenant: UUID, as_tenant: Acting, first: str, second: str
) -> None:
    kind = make.ticket_type(tenant, 10)
    reserved(make, kind, 4)
    made = reserved(make, kind, 4, late=first == "expired")
    with as_tenant(tenant, reason=LEFT) as db:
        db.run(SET, first, [made])
        with db.refused("TK201"):
            db.run(SET, second, [made])
    assert counters(db, kind) == (4, 0, 0, 6)


def test_one_statement_gives_back_pending_and_sold_ones_of_several_types(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    one, two = make.ticket_type(tenant, 10), make.ticket_type(tenant, 10)
    made = [
        reserved(make, one, 1),
        reserved(make, one, 2, sold=True),
        reserved(make, one, 3, sold=True),
        reserved(make, two, 4),
    ]
    kept = reserved(make, two, 5)
    before = moves(db, one), moves(db, two)
    with as_tenant(tenant, reason=LEFT):
        assert db.run(SET, "cancelled", made) == 4
    assert (counters(db, one), counters(db, two)) == ((0, 0, 0, 10), (5, 0, 0, 5))
    assert (moves(db, one), moves(db, two)) == (before[0] + 1, before[1] + 1)
    query = "SELECT status FROM ticketing.reservations WHERE id = %s"
    assert db.value(query, kept) == "pending"


def test_one_statement_may_confirm_some_and_release_others(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    paid, left = reserved(make, kind, 2), reserved(make, kind, 3)
    with as_tenant(tenant, reason=LEFT):
        db.run(
            """
            UPDATE ticketing.reservations
            SET status = CASE id WHEN %s THEN 'confirmed' ELSE 'cancelled' END
            WHERE id = ANY (%s)
            """,
            *(paid, [paid, left]),
        )
    assert counters(db, kind) == (0, 2, 0, 8)


def test_a_worker_without_a_tenant_expires_overdue_ones_of_two_tenants_in_one_statement(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_worker: Acting
) -> None:
    kinds = [make.ticket_type(tenant, 10), make.ticket_type(other_tenant, 10)]
    late = []
    for kind in kinds:
        reserved(make, kind, 1)
        late.append(reserved(make, kind, 3, late=True))
    assert [counters(db, kind) for kind in kinds] == [(4, 0, 0, 6)] * 2
    with as_worker():
        rows = db.all(
            """
            UPDATE ticketing.reservations SET status = 'expired'
            WHERE status = 'pending' AND expires_at <= now()
            RETURNING id
            """
        )
    assert {row["id"] for row in rows} == set(late)
    assert [counters(db, kind) for kind in kinds] == [(1, 0, 0, 9)] * 2


def test_another_tenant_can_give_nothing_back(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    made = reserved(make, kind, 4)
    with as_tenant(other_tenant):
        assert db.run(SET, "cancelled", [made]) == 0
    assert counters(db, kind) == (4, 0, 0, 6)


@pytest.mark.parametrize(("column", "sold"), [("reserved", False), ("sold", True)])
def test_counters_that_were_tampered_with_do_not_go_below_zero(
    db: Session, make: Make, tenant: UUID, column: str, sold: bool
) -> None:
    kind = make.ticket_type(tenant, 10)
    made = reserved(make, kind, 4, sold=sold)
    db.run(
        f"UPDATE ticketing.ticket_inventory SET {column}_quantity = 3 WHERE ticket_type_id = %s",
        kind["id"],
    )
    with db.acting("ticketing_app", tenant=tenant, reason=LEFT), db.refused("TK107"):
        db.run(SET, "cancelled", [made])
    query = "SELECT released_at FROM ticketing.reservations WHERE id = %s"
    assert db.value(query, made) is None


def test_an_update_that_leaves_the_status_gives_nothing_back(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    made = reserved(make, kind, 4)
    with as_tenant(tenant, reason=LEFT):
        db.run(SET, "cancelled", [made])
        db.run("UPDATE ticketing.reservations SET release_reason = 'user' WHERE id = %s", made)
    assert (counters(db, kind), moves(db, kind)) == ((0, 0, 0, 10), 2)


@pytest.mark.parametrize("updates", [100, 499], ids=["one epoch", "across a change of epoch"])
def test_concurrent_releases_of_one_reservation_give_back_once(
    clone: Database, updates: int
) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        kind = make.ticket_type(make.tenant(), 10)
        reserved(make, kind, 4)
        made = reserved(make, kind, 4, late=True)
        make.session.run("UPDATE ticketing.ticket_inventory SET updates = %s", updates)

    def expire(connection: psycopg.Connection, number: int) -> int:
        return connection.execute(SET, ["expired", [made]]).rowcount

    assert race(clone, "ts_test_worker", 16, expire, tenant=kind["tenant_id"]) == [1] * 16
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, kind) == (4, 0, 0, 6)
        assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []


def test_concurrent_releases_over_the_same_types_do_not_deadlock(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {clone.name} SET deadlock_timeout = '50ms'".encode())
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kinds = [make.ticket_type(tenant, 100) for _ in range(8)]
        carts = [
            [reserved(make, kind, 2, sold=cart % 2 == 0) for kind in kinds] for cart in range(24)
        ]

    def cancel(connection: psycopg.Connection, number: int) -> int:
        return connection.execute(SET, ["cancelled", carts[number]]).rowcount

    assert race(clone, "ts_test_app", 24, cancel, tenant=tenant, reason=LEFT) == [8] * 24
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert [counters(db, kind) for kind in kinds] == [(0, 0, 0, 100)] * 8


def test_sweepers_without_a_tenant_and_buyers_do_not_deadlock(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {clone.name} SET deadlock_timeout = '50ms'".encode())
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kinds = [make.ticket_type(tenant, 200) for _ in range(6)]
        user = make.id("users", tenant)
        for kind in kinds * 5:
            make.row(
                "reservations",
                tenant,
                ticket_type_id=kind["id"],
                quantity=2,
                user_id=user,
                **overdue(),
            )

    def act(connection: psycopg.Connection, number: int) -> str:
        if number % 4 == 0:
            connection.execute(
                """
                WITH due AS MATERIALIZED (
                    SELECT tenant_id, id FROM ticketing.reservations
                    WHERE status = 'pending' AND expires_at <= now()
                    ORDER BY id LIMIT 10 FOR UPDATE SKIP LOCKED
                )
                UPDATE ticketing.reservations AS r SET status = 'expired'
                FROM due WHERE r.tenant_id = due.tenant_id AND r.id = due.id
                """
            )
            return "swept"
        connection.execute(
            """
            INSERT INTO ticketing.reservations (
                tenant_id, event_id, ticket_type_id, user_id, quantity
            )
            SELECT tenant_id, event_id, id, %s, 1
            FROM ticketing.ticket_types ORDER BY random()
            """,
            [user],
        )
        return "bought"

    results = race(clone, "ts_test_worker", 24, act, tenant=tenant)
    assert Counter(results) == {"swept": 6, "bought": 18}
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert [counters(db, kind) for kind in kinds] == [(18, 0, 0, 182)] * 6
        assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []


@pytest.mark.parametrize(
    ("late", "winner", "loser"),
    [(False, "confirmed", {"TK201", "TK205"}), (True, "expired", {"TK201", "TK105"})],
    ids=["in time", "too late"],
)
def test_of_expiries_and_confirmations_that_meet_the_deadline_decides(
    clone: Database, *, late: bool, winner: str, loser: set[str]
) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        kind = make.ticket_type(make.tenant(), 10)
        made = reserved(make, kind, 4, late=late)

    def act(connection: psycopg.Connection, number: int) -> str:
        status = "confirmed" if number % 2 else "expired"
        connection.execute(SET, [status, [made]])
        return status

    results = race(clone, "ts_test_worker", 16, act, tenant=kind["tenant_id"])
    # The winner's fellows find their work done; the other side is refused, before it or after.
    refused = [r.sqlstate for r in results if isinstance(r, psycopg.Error)]
    assert results.count(winner) == 8
    assert len(refused) == 8
    assert set(refused) <= loser
    with psycopg.connect(clone.superuser_url) as connection:
        final = counters(Session(connection), kind)
    assert final == {"confirmed": (0, 4, 0, 6), "expired": (0, 0, 0, 10)}[winner]


def test_a_deadline_that_passes_while_a_payment_commits_expires_nothing(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        kind = make.ticket_type(make.tenant(), 10)
        made = reserved(make, kind, 4)

    def expire(connection: psycopg.Connection, _: int) -> int:
        return connection.execute(SET, ["expired", [made]]).rowcount

    with ThreadPoolExecutor(1) as pool, clone.connect() as payer, clone.connect() as watcher:
        end = payer.execute(
            "UPDATE ticketing.reservations SET expires_at = clock_timestamp() + interval '1 s'"
            " RETURNING expires_at"
        ).fetchone()
        with payer.transaction():
            payer.execute(SET, ["confirmed", [made]])
            late = pool.submit(race, clone, "ts_test_worker", 1, expire, tenant=kind["tenant_id"])
            while not late.done() and watcher.execute(DUE_AND_WAITING, end).fetchone() is None:
                pass
        (result,) = late.result(timeout=10)
        assert isinstance(result, psycopg.Error)
        assert result.sqlstate == "TK201"
        assert counters(Session(watcher), kind) == (0, 4, 0, 6)


def test_refunded_places_go_back_one_by_one_and_the_rest_with_the_end(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    made = reserved(make, kind, 4, sold=True)
    give_back = "UPDATE ticketing.reservations SET returned_quantity = %s WHERE id = %s"
    with as_tenant(tenant, reason=LEFT):
        for returned, sold in ((1, 3), (1, 3), (3, 1)):
            db.run(give_back, returned, made)
            assert counters(db, kind) == (0, sold, 0, 10 - sold)
        db.run(SET, "cancelled", [made])
    assert counters(db, kind) == (0, 0, 0, 10)


def test_the_last_place_and_the_end_may_come_together(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    reserved(make, kind, 1, sold=True)
    made = reserved(make, kind, 4, sold=True)
    end = """
        UPDATE ticketing.reservations SET status = 'cancelled', returned_quantity = 4
        WHERE id = %s
    """
    with as_tenant(tenant, reason=LEFT):
        db.run("UPDATE ticketing.reservations SET returned_quantity = 3 WHERE id = %s", made)
        db.run(end, made)
    assert counters(db, kind) == (0, 1, 0, 9)
    assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []
