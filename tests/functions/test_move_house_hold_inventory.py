"""move_house_hold_inventory: what the organiser keeps back is off sale."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

LEAVE = "UPDATE ticketing.ticket_holds SET remaining_quantity = %s WHERE id = ANY (%s)"
CLOSE = """
    UPDATE ticketing.ticket_holds
    SET status = %s, remaining_quantity = 0, released_at = now() WHERE id = ANY (%s)
"""


def hold(db: Session, *items: tuple[Row, int, int]) -> None:
    """Keeps places back, all in one statement; an item is a type, a quantity and the rest."""
    values = ", ".join(["(%s, %s, %s, %s, 'press')"] * len(items))
    db.run(
        f"""
        INSERT INTO ticketing.ticket_holds (
            tenant_id, ticket_type_id, quantity, remaining_quantity, hold_reason
        ) VALUES {values}
        """,
        *[value for kind, *rest in items for value in (kind["tenant_id"], kind["id"], *rest)],
    )


def held(make: Make, kind: Row, quantity: int) -> UUID:
    # Long overdue, so that it may expire as well as be released.
    over = datetime(2026, 1, 1, tzinfo=UTC)
    given = {"ticket_type_id": kind["id"], "quantity": quantity, "expires_at": over}
    return make.id("ticket_holds", kind["tenant_id"], **given)


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


@pytest.mark.parametrize(
    ("quantity", "rest", "after"),
    [(4, 4, (0, 0, 4, 6)), (10, 10, (0, 0, 10, 0)), (4, 1, (0, 0, 1, 9)), (4, 0, (0, 0, 0, 10))],
    ids=["some", "all", "part of it already issued", "all of it already issued"],
)
def test_a_new_hold_keeps_back_what_remains_of_it(
    make: Make, tenant: UUID, as_tenant: Acting, *, quantity: int, rest: int, after: tuple[int, ...]
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant) as db:
        hold(db, (kind, quantity, rest))
    assert counters(db, kind) == after


def test_a_hold_of_more_than_is_free_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    make.row("reservations", tenant, ticket_type_id=kind["id"], quantity=4)
    with as_tenant(tenant):
        with db.refused("TK101"):
            hold(db, (kind, 7, 7))
        hold(db, (kind, 6, 6))
    assert counters(db, kind) == (4, 0, 6, 0)


def test_what_is_held_cannot_be_reserved(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    held(make, kind, 8)
    with db.refused("TK101"):
        make.row("reservations", tenant, ticket_type_id=kind["id"], quantity=3)
    make.row("reservations", tenant, ticket_type_id=kind["id"], quantity=2)
    assert counters(db, kind) == (2, 0, 8, 0)


def test_one_statement_moves_each_counter_once(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    one, two = make.ticket_type(tenant, 10), make.ticket_type(tenant, 10)
    with as_tenant(tenant):
        hold(db, (one, 1, 1), (two, 2, 2), (one, 3, 3))
    assert (counters(db, one), counters(db, two)) == ((0, 0, 4, 6), (0, 0, 2, 8))
    assert (moves(db, one), moves(db, two)) == (1, 1)


def test_holds_that_fit_alone_but_not_together_are_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant), db.refused("TK101"):
        hold(db, (kind, 6, 6), (kind, 5, 5))
    assert counters(db, kind) == (0, 0, 0, 10)


def test_the_largest_hold_is_refused_like_any_other_that_does_not_fit(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    held(make, kind, 1)
    with as_tenant(tenant), db.refused("TK101"):
        hold(db, (kind, 2_147_483_647, 2_147_483_647))


@pytest.mark.parametrize(
    ("rest", "after"),
    [(0, (0, 0, 1, 9)), (3, (0, 0, 4, 6)), (5, (0, 0, 6, 4)), (4, (0, 0, 5, 5))],
    ids=["to none", "down", "up", "as it was"],
)
def test_held_places_follow_what_remains(
    make: Make, tenant: UUID, as_tenant: Acting, rest: int, after: tuple[int, ...]
) -> None:
    kind = make.ticket_type(tenant, 10)
    held(make, kind, 1)
    made = held(make, kind, 5)
    with as_tenant(tenant) as db:
        db.run(LEAVE, 4, [made])
        assert db.run(LEAVE, rest, [made]) == 1
    assert counters(db, kind) == after


def test_a_hold_cannot_take_back_what_was_sold_meanwhile(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    made = held(make, kind, 10)
    with as_tenant(tenant):
        db.run(LEAVE, 6, [made])
    make.row("reservations", tenant, ticket_type_id=kind["id"], quantity=1)
    with as_tenant(tenant):
        with db.refused("TK101"):
            db.run(LEAVE, 10, [made])
        db.run(LEAVE, 9, [made])
    assert counters(db, kind) == (1, 0, 9, 0)


@pytest.mark.parametrize("status", ["released", "expired"])
def test_a_closed_hold_gives_the_rest_back_once(
    make: Make, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    kind = make.ticket_type(tenant, 10)
    held(make, kind, 2)
    made = held(make, kind, 4)
    with as_tenant(tenant, actor="admin") as db:
        db.run(CLOSE, status, [made])
        db.run(CLOSE, status, [made])
    assert (counters(db, kind), moves(db, kind)) == ((0, 0, 2, 8), 3)


def test_a_closed_hold_is_closed_for_good(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    made = held(make, kind, 4)
    with as_tenant(tenant, actor="admin"):
        db.run(CLOSE, "released", [made])
        with db.refused("TK201"):
            db.run(
                """
                UPDATE ticketing.ticket_holds
                SET status = 'active', remaining_quantity = 4, released_at = NULL WHERE id = %s
                """,
                made,
            )
    assert counters(db, kind) == (0, 0, 0, 10)


def test_one_statement_closes_holds_of_several_types(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    one, two = make.ticket_type(tenant, 10), make.ticket_type(tenant, 10)
    made = [held(make, one, 1), held(make, two, 2), held(make, one, 3)]
    with as_tenant(tenant):
        assert db.run(CLOSE, "expired", made) == 3
    assert (counters(db, one), counters(db, two)) == ((0, 0, 0, 10), (0, 0, 0, 10))


def test_an_update_that_leaves_the_rest_moves_nothing(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    made = held(make, kind, 4)
    with as_tenant(tenant):
        db.run("UPDATE ticketing.ticket_holds SET hold_reason = 'band' WHERE id = %s", made)
    assert (counters(db, kind), moves(db, kind)) == ((0, 0, 4, 6), 1)


def test_a_worker_closes_holds_of_the_tenant_it_names_only(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_worker: Acting
) -> None:
    kinds = [make.ticket_type(tenant, 10), make.ticket_type(other_tenant, 10)]
    made = [held(make, kind, 4) for kind in kinds]
    later = "UPDATE ticketing.ticket_holds SET expires_at = now() + interval '1 hour'"
    with db.unguarded("ticket_holds", "10_guard"):
        db.run(later)
    with as_worker(tenant=tenant, actor="admin"):
        assert db.run(CLOSE, "released", made) == 1
    assert [counters(db, kind) for kind in kinds] == [(0, 0, 0, 10), (0, 0, 4, 6)]


def test_counters_that_were_tampered_with_do_not_go_below_zero(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    made = held(make, kind, 4)
    db.run(
        "UPDATE ticketing.ticket_inventory SET held_quantity = 3 WHERE ticket_type_id = %s",
        kind["id"],
    )
    with as_tenant(tenant, actor="admin"), db.refused("TK107"):
        db.run(CLOSE, "released", [made])


def test_a_type_without_counters_cannot_be_held(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    db.run("DELETE FROM ticketing.ticket_inventory WHERE ticket_type_id = %s", kind["id"])
    with as_tenant(tenant), db.refused("TK107"):
        hold(db, (kind, 1, 1))


def test_holds_and_buyers_that_meet_take_what_there_is_and_no_more(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, 10)
        user = make.id("users", tenant)
        make.session.run("UPDATE ticketing.ticket_inventory SET updates = 495")

    def act(connection: psycopg.Connection, number: int) -> str:
        if number % 2:
            connection.execute(
                """
                INSERT INTO ticketing.ticket_holds (
                    tenant_id, ticket_type_id, quantity, remaining_quantity, hold_reason
                ) VALUES (%s, %s, 1, 1, 'press')
                """,
                [tenant, kind["id"]],
            )
            return "held"
        connection.execute(
            """
            INSERT INTO ticketing.reservations (
                tenant_id, event_id, ticket_type_id, user_id, quantity
            ) VALUES (%s, %s, %s, %s, 1)
            """,
            [tenant, kind["event_id"], kind["id"], user],
        )
        return "reserved"

    results = race(clone, "ts_test_app", 32, act, tenant=tenant)
    got = Counter(r.sqlstate if isinstance(r, psycopg.Error) else r for r in results)
    assert got["held"] + got["reserved"] == 10
    assert got["TK101"] == 22
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, kind) == (got["reserved"], 0, got["held"], 0)
        assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []


def test_concurrent_holds_over_the_same_types_do_not_deadlock(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {clone.name} SET deadlock_timeout = '50ms'".encode())
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kinds = [make.ticket_type(tenant, 100) for _ in range(8)]
        made = [[held(make, kind, 2) for kind in kinds] for _ in range(12)]

    def act(connection: psycopg.Connection, number: int) -> None:
        turned = kinds[number % 8 :] + kinds[: number % 8]
        if number % 2:
            connection.execute(CLOSE, ["released", made[number // 2]])
        else:
            hold(Session(connection), *[(kind, 1, 1) for kind in turned])

    assert race(clone, "ts_test_app", 24, act, tenant=tenant, actor="admin") == [None] * 24
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert [counters(db, kind) for kind in kinds] == [(0, 0, 12, 88)] * 8


def test_concurrent_closings_of_one_hold_give_back_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, 10)
        held(make, kind, 4)
        made = held(make, kind, 4)

    def close(connection: psycopg.Connection, number: int) -> int:
        return connection.execute(CLOSE, ["released", [made]]).rowcount

    assert race(clone, "ts_test_app", 16, close, tenant=tenant, actor="admin") == [1] * 16
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, kind) == (0, 0, 4, 6)
        assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []
