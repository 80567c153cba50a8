"""set_ticket_quantity: how many tickets of a type are sold in all."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

SET = "SELECT ticketing.set_ticket_quantity(%s, %s)"


def taken(make: Make, tenant: UUID) -> Row:
    """Returns a type of 10 with 2 reserved, 3 sold and 1 held."""
    kind = make.ticket_type(tenant, 10)
    order = make.id("orders", tenant)
    make.row("reservations", tenant, ticket_type_id=kind["id"], quantity=2)
    sold = make.id("reservations", tenant, ticket_type_id=kind["id"], quantity=3)
    make.session.run(
        "UPDATE ticketing.reservations SET status = 'confirmed', order_id = %s WHERE id = %s",
        *(order, sold),
    )
    make.row("ticket_holds", tenant, ticket_type_id=kind["id"], quantity=1)
    return kind


def quantities(db: Session, kind: Row) -> tuple[int, ...]:
    """Returns quantity and what is free."""
    row = db.one(
        """
        SELECT quantity, available_quantity FROM ticketing.ticket_inventory
        WHERE ticket_type_id = %s
        """,
        kind["id"],
    )
    return tuple(row.values())


@pytest.mark.parametrize(
    ("quantity", "free"),
    [(6, 0), (7, 1), (10, 4), (2_147_483_647, 2_147_483_641)],
    ids=["just what is taken", "one more", "as it was", "the largest"],
)
def test_a_quantity_that_covers_what_is_taken_is_set(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, quantity: int, free: int
) -> None:
    kind = taken(make, tenant)
    with as_tenant(tenant):
        assert db.value(SET, kind["id"], quantity) == free
    assert quantities(db, kind) == (quantity, free)


def test_a_type_of_which_nothing_is_taken_can_be_set_to_zero(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant):
        assert db.value(SET, kind["id"], 0) == 0
    assert quantities(db, kind) == (0, 0)


@pytest.mark.parametrize("quantity", [5, 0])
def test_a_quantity_below_what_is_taken_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, quantity: int
) -> None:
    kind = taken(make, tenant)
    with as_tenant(tenant), db.refused("TK106"):
        db.all(SET, kind["id"], quantity)
    assert quantities(db, kind) == (10, 4)


@pytest.mark.parametrize("quantity", [-1, -2_147_483_648, None])
def test_a_negative_or_missing_quantity_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, quantity: int | None
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant), db.refused("TK103"):
        db.all(SET, kind["id"], quantity)
    assert quantities(db, kind) == (10, 10)


@pytest.mark.parametrize("unknown", [uuid4(), None], ids=["unknown", "missing"])
def test_an_unknown_type_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, unknown: UUID | None
) -> None:
    with as_tenant(tenant), db.refused("TK108"):
        db.all(SET, unknown, 10)


def test_a_type_of_another_tenant_is_as_unknown(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(other_tenant, 10)
    with as_tenant(tenant), db.refused("TK108"):
        db.all(SET, kind["id"], 20)
    assert quantities(db, kind) == (10, 10)


def test_without_a_tenant_every_type_is_unknown(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_worker(), db.refused("TK108"):
        db.all(SET, kind["id"], 20)


def test_a_worker_sets_it_for_the_tenant_it_names(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_worker(tenant=tenant):
        assert db.value(SET, kind["id"], 20) == 20


def test_a_reader_may_not_set_it(
    db: Session, make: Make, tenant: UUID, as_readonly: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_readonly(tenant), db.refused("42501"):
        db.all(SET, kind["id"], 20)


def test_a_login_without_grants_may_not_set_it(
    db: Session, make: Make, tenant: UUID, as_nobody: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.all(SET, kind["id"], 20)


def test_a_new_quantity_is_no_move_of_the_counters(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)
    with as_tenant(tenant):
        db.all(SET, kind["id"], 20)
    query = "SELECT epoch, updates FROM ticketing.ticket_inventory WHERE ticket_type_id = %s"
    assert db.one(query, kind["id"]) == {"epoch": 1, "updates": 0}


@pytest.mark.parametrize("updates", [0, 499], ids=["one epoch", "across a change of epoch"])
@pytest.mark.parametrize(("quantity", "got"), [(2, "TK106"), (3, 0), (20, 17)])
def test_a_buyer_still_under_way_is_waited_for_and_counted(
    clone: Database, quantity: int, got: int | str, updates: int
) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, 10)
        make.session.run("UPDATE ticketing.ticket_inventory SET updates = %s", updates)

    def lower() -> int | str | None:
        with clone.connect("ts_test_app") as connection, connection.transaction():
            connection.execute(
                "SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)]
            )
            try:
                row = connection.execute(SET, [kind["id"], quantity]).fetchone()
            except psycopg.Error as error:
                return error.sqlstate
        return None if row is None else int(row[0])

    waits = "SELECT FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(clone.superuser_url) as buyer:
        Make(Session(buyer)).row("reservations", tenant, ticket_type_id=kind["id"], quantity=3)
        answer = pool.submit(lower)
        while not answer.done() and buyer.execute(waits).fetchone() is None:
            pass
        assert not answer.done()
        buyer.commit()
        assert answer.result(timeout=10) == got


@pytest.mark.parametrize("updates", [0, 495], ids=["one epoch", "across a change of epoch"])
def test_a_quantity_lowered_during_a_sale_never_ends_below_what_was_sold(
    clone: Database, updates: int
) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, 20)
        user = make.id("users", tenant)
        make.session.run("UPDATE ticketing.ticket_inventory SET updates = %s", updates)

    def act(connection: psycopg.Connection, number: int) -> str:
        if number % 4 == 0:
            connection.execute(SET, [kind["id"], 8])
            return "lowered"
        connection.execute(
            """
            INSERT INTO ticketing.reservations (
                tenant_id, event_id, ticket_type_id, user_id, quantity
            ) VALUES (%s, %s, %s, %s, 1)
            """,
            [tenant, kind["event_id"], kind["id"], user],
        )
        return "bought"

    results = race(clone, "ts_test_app", 32, act, tenant=tenant)
    got = Counter(r.sqlstate if isinstance(r, psycopg.Error) else r for r in results)
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        quantity, free = quantities(db, kind)
        assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []
    # Whoever lowered it did so before the ninth buyer, and no ninth one came after.
    expected = {"lowered": (8, 8), "sold": (20, 20)}["lowered" if got["lowered"] else "sold"]
    assert (quantity, got["bought"]) == expected
    assert free == 0
    assert got["lowered"] + got["TK106"] == 8
    assert got["bought"] + got["TK101"] == 24
