"""update_ticket_availability_on_reservation: reservations take, confirmed ones are sold."""

from __future__ import annotations

from collections import Counter
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

CONFIRM = """
    UPDATE ticketing.reservations SET status = 'confirmed', order_id = %s WHERE id = ANY (%s)
"""


def cart(db: Session | psycopg.Connection, user: UUID, *items: tuple[Row, int]) -> None:
    """Reserves every item in one statement, in the order given."""
    connection = db.connection if isinstance(db, Session) else db
    values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(items))
    connection.execute(
        f"""
        INSERT INTO ticketing.reservations (
            tenant_id, event_id, ticket_type_id, user_id, quantity
        ) VALUES {values}
        """.encode(),
        [
            value
            for kind, quantity in items
            for value in (kind["tenant_id"], kind["event_id"], kind["id"], user, quantity)
        ],
    )


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


@pytest.fixture
def buyer(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


def test_a_new_reservation_takes_its_quantity(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant):
        cart(db, buyer, (kind, 3))
    assert counters(db, kind) == (3, 0, 0, 7)


def test_the_last_places_can_be_taken_and_nothing_after_them(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant):
        cart(db, buyer, (kind, 9))
        cart(db, buyer, (kind, 1))
        with db.refused("TK101"):
            cart(db, buyer, (kind, 1))
    assert counters(db, kind) == (10, 0, 0, 0)


def test_a_cart_takes_from_every_type_it_names(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    one, two = make.ticket_type(tenant, 10), make.ticket_type(tenant, 10)
    with as_tenant(tenant):
        cart(db, buyer, (one, 1), (two, 2), (one, 3))
    assert (counters(db, one), counters(db, two)) == ((4, 0, 0, 6), (2, 0, 0, 8))


def test_one_statement_moves_each_counter_once(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    one, two = make.ticket_type(tenant, 10), make.ticket_type(tenant, 10)
    with as_tenant(tenant):
        cart(db, buyer, (one, 1), (two, 2), (one, 3), (one, 1))
    assert (moves(db, one), moves(db, two)) == (1, 1)


def test_rows_that_fit_alone_but_not_together_are_refused(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant), db.refused("TK101"):
        cart(db, buyer, (kind, 6), (kind, 5))
    assert counters(db, kind) == (0, 0, 0, 10)


def test_rows_that_just_fit_together_are_accepted(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant):
        cart(db, buyer, (kind, 5), (kind, 5))
    assert counters(db, kind) == (10, 0, 0, 0)


def test_a_cart_with_one_type_sold_out_takes_nothing(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    one, two = make.ticket_type(tenant, 10), make.ticket_type(tenant, 3)
    with as_tenant(tenant), db.refused("TK101"):
        cart(db, buyer, (one, 1), (two, 2), (two, 2))
    assert (counters(db, one), counters(db, two)) == ((0, 0, 0, 10), (0, 0, 0, 3))
    assert db.value("SELECT count(*) FROM ticketing.reservations WHERE tenant_id = %s", tenant) == 0


def test_a_type_without_counters_cannot_be_reserved(
    db: Session, make: Make, tenant: UUID, buyer: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    db.run("DELETE FROM ticketing.ticket_inventory WHERE ticket_type_id = %s", kind["id"])
    with as_tenant(tenant), db.refused("TK107"):
        cart(db, buyer, (kind, 1))


def test_a_confirmed_reservation_is_sold(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    made = make.id("reservations", tenant, ticket_type_id=kind["id"], quantity=4)
    order = make.id("orders", tenant)
    with as_tenant(tenant):
        assert db.run(CONFIRM, order, [made]) == 1
    assert counters(db, kind) == (0, 4, 0, 6)


def test_confirming_twice_sells_once(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    made = make.id("reservations", tenant, ticket_type_id=kind["id"], quantity=4)
    order = make.id("orders", tenant)
    with as_tenant(tenant):
        db.run(CONFIRM, order, [made])
        db.run(CONFIRM, order, [made])
    assert (counters(db, kind), moves(db, kind)) == ((0, 4, 0, 6), 2)


def test_a_sold_out_type_still_confirms_what_is_reserved(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 4)
    made = make.id("reservations", tenant, ticket_type_id=kind["id"], quantity=4)
    order = make.id("orders", tenant)
    with as_tenant(tenant):
        db.run(CONFIRM, order, [made])
    assert counters(db, kind) == (0, 4, 0, 0)


def test_a_whole_cart_is_confirmed_in_one_statement(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    one, two = make.ticket_type(tenant, 10), make.ticket_type(tenant, 10)
    made = [
        make.id("reservations", tenant, ticket_type_id=kind["id"], quantity=quantity)
        for kind, quantity in [(one, 1), (two, 2), (one, 3)]
    ]
    order = make.id("orders", tenant)
    with as_tenant(tenant):
        assert db.run(CONFIRM, order, made) == 3
    assert (counters(db, one), counters(db, two)) == ((0, 4, 0, 6), (0, 2, 0, 8))


def test_an_update_that_leaves_the_status_moves_nothing(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    made = make.id("reservations", tenant, ticket_type_id=kind["id"], quantity=4)
    with as_tenant(tenant):
        db.run("UPDATE ticketing.reservations SET type_name = 'Standing' WHERE id = %s", made)
    assert (counters(db, kind), moves(db, kind)) == ((4, 0, 0, 6), 1)


def test_statements_that_touch_no_row_move_nothing(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant):
        assert db.run(CONFIRM, None, []) == 0
    assert moves(db, kind) == 0


def test_one_statement_may_confirm_for_two_tenants(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    kinds = [make.ticket_type(tenant, 10), make.ticket_type(other_tenant, 10)]
    made = []
    for kind in kinds:
        owner = kind["tenant_id"]
        order = make.id("orders", owner)
        given = {"ticket_type_id": kind["id"], "order_id": order, "quantity": 2}
        made.append(make.id("reservations", owner, **given))
    confirm = "UPDATE ticketing.reservations SET status = 'confirmed' WHERE id = ANY (%s)"
    assert db.run(confirm, made) == 2
    assert [counters(db, kind) for kind in kinds] == [(0, 2, 0, 8)] * 2


@pytest.mark.parametrize("updates", [0, 495], ids=["one epoch", "across a change of epoch"])
def test_thirty_two_buyers_for_ten_places(clone: Database, updates: int) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, 10)
        users = [make.id("users", tenant) for _ in range(32)]
        make.session.run("UPDATE ticketing.ticket_inventory SET updates = %s", updates)

    def buy(connection: psycopg.Connection, number: int) -> str:
        cart(connection, users[number], (kind, 1))
        return "bought"

    results = race(clone, "ts_test_app", 32, buy, tenant=tenant)
    assert Counter(r.sqlstate if isinstance(r, psycopg.Error) else r for r in results) == {
        "bought": 10,
        "TK101": 22,
    }
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, kind) == (10, 0, 0, 0)
        assert db.value("SELECT count(*) FROM ticketing.reservations") == 10
        assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []


def test_buyers_across_a_change_of_epoch_leave_one_row_with_the_right_counters(
    clone: Database,
) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, 100)
        user = make.id("users", tenant)
        make.session.run("UPDATE ticketing.ticket_inventory SET updates = 485")

    def buy(connection: psycopg.Connection, number: int) -> None:
        cart(connection, user, (kind, 2))

    assert race(clone, "ts_test_app", 32, buy, tenant=tenant) == [None] * 32
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert db.one("SELECT epoch, updates FROM ticketing.ticket_inventory") == {
            "epoch": 2,
            "updates": 17,
        }
        assert counters(db, kind) == (64, 0, 0, 36)
        assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []


def test_concurrent_carts_in_different_orders_do_not_deadlock(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {clone.name} SET deadlock_timeout = '50ms'".encode())
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kinds = [make.ticket_type(tenant, 1000) for _ in range(8)]
        users = [make.id("users", tenant) for _ in range(24)]

    def buy(connection: psycopg.Connection, number: int) -> None:
        turned = kinds[number % 8 :] + kinds[: number % 8]
        ordered = turned if number % 2 else turned[::-1]
        cart(connection, users[number], *[(kind, 1) for kind in ordered])

    for _ in range(3):
        assert race(clone, "ts_test_app", 24, buy, tenant=tenant) == [None] * 24
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert [counters(db, kind) for kind in kinds] == [(72, 0, 0, 928)] * 8


def test_concurrent_confirmations_sell_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, 10)
        made = make.id("reservations", tenant, ticket_type_id=kind["id"], quantity=4)
        order = make.id("orders", tenant)

    def confirm(connection: psycopg.Connection, number: int) -> int:
        return connection.execute(CONFIRM, [order, [made]]).rowcount

    assert race(clone, "ts_test_app", 16, confirm, tenant=tenant) == [1] * 16
    with psycopg.connect(clone.superuser_url) as connection:
        assert counters(Session(connection), kind) == (0, 4, 0, 6)
