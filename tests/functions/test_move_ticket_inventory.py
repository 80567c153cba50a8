"""move_ticket_inventory: the only code that moves counters."""

from __future__ import annotations

from collections import Counter
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import MIGRATOR, Database
from support.factories import Make, Row
from support.races import race
from support.session import Session


def move(db: Session, kind: Row, reserved: int | None = 0, sold: int = 0, held: int = 0) -> None:
    """Moves as the owner of the tables, under whom the triggers run."""
    with db.acting("ticketing_owner"):
        db.all(
            "SELECT ticketing.move_ticket_inventory(%s, %s, %s, %s, %s)",
            *(kind["tenant_id"], kind["id"], reserved, sold, held),
        )


def counters(db: Session, kind: Row) -> tuple[int, ...]:
    """Returns reserved, sold, held and free of the only row of a type."""
    row = db.one(
        """
        SELECT reserved_quantity, sold_quantity, held_quantity, available_quantity
        FROM ticketing.ticket_inventory WHERE ticket_type_id = %s
        """,
        kind["id"],
    )
    return tuple(row.values())


def epoch(db: Session, kind: Row) -> tuple[int, ...]:
    """Returns epoch and moves of the only row of a type."""
    query = "SELECT epoch, updates FROM ticketing.ticket_inventory WHERE ticket_type_id = %s"
    return tuple(db.one(query, kind["id"]).values())


def age(db: Session, kind: Row, updates: int) -> None:
    """Makes a row look as if so many moves had happened in its epoch."""
    db.run(
        "UPDATE ticketing.ticket_inventory SET updates = %s WHERE ticket_type_id = %s",
        *(updates, kind["id"]),
    )


@pytest.mark.parametrize(
    ("amounts", "after"),
    [
        pytest.param((3, 0, 0), (5, 2, 2, 1), id="reserve"),
        pytest.param((0, 3, 0), (2, 5, 2, 1), id="sell"),
        pytest.param((0, 0, 3), (2, 2, 5, 1), id="hold"),
        pytest.param((4, 0, 0), (6, 2, 2, 0), id="take the last"),
        pytest.param((2, 1, 1), (4, 3, 3, 0), id="take the last in three ways"),
        pytest.param((-2, 0, 0), (0, 2, 2, 6), id="give all reserved back"),
        pytest.param((0, -2, 0), (2, 0, 2, 6), id="give all sold back"),
        pytest.param((0, 0, -2), (2, 2, 0, 6), id="give all held back"),
        pytest.param((-2, 2, 0), (0, 4, 2, 4), id="confirm"),
        pytest.param((0, 0, 0), (2, 2, 2, 4), id="nothing"),
    ],
)
def test_counters_move_by_the_given_amounts(
    db: Session, make: Make, tenant: UUID, amounts: tuple[int, int, int], after: tuple[int, ...]
) -> None:
    kind = make.ticket_type(tenant, 10)
    move(db, kind, 2, 2, 2)
    move(db, kind, *amounts)
    assert counters(db, kind) == after


@pytest.mark.parametrize(
    "amounts",
    [
        pytest.param((5, 0, 0), id="reserve"),
        pytest.param((0, 5, 0), id="sell"),
        pytest.param((0, 0, 5), id="hold"),
        pytest.param((2, 2, 1), id="all together"),
        pytest.param((-1, 6, 0), id="sell more than was reserved"),
        pytest.param((None, 0, 0), id="unknown amount"),
    ],
)
def test_a_move_that_does_not_fit_is_refused_and_changes_nothing(
    db: Session, make: Make, tenant: UUID, amounts: tuple[int, int, int]
) -> None:
    kind = make.ticket_type(tenant, 10)
    move(db, kind, 2, 2, 2)
    with db.refused("TK101"):
        move(db, kind, *amounts)
    assert counters(db, kind) == (2, 2, 2, 4)


def test_a_sold_out_type_still_confirms_what_is_reserved(
    db: Session, make: Make, tenant: UUID
) -> None:
    kind = make.ticket_type(tenant, 2)
    move(db, kind, 2)
    move(db, kind, -1, 1)
    assert counters(db, kind) == (1, 1, 0, 0)


@pytest.mark.parametrize("amounts", [(-3, 0, 0), (0, -3, 0), (0, 0, -3), (-3, 3, 0)])
def test_no_counter_goes_below_zero(
    db: Session, make: Make, tenant: UUID, amounts: tuple[int, int, int]
) -> None:
    kind = make.ticket_type(tenant, 10)
    move(db, kind, 2, 2, 2)
    with db.refused("TK107"):
        move(db, kind, *amounts)
    assert counters(db, kind) == (2, 2, 2, 4)


def test_a_type_without_a_counters_row_is_refused(db: Session, make: Make, tenant: UUID) -> None:
    kind = make.ticket_type(tenant, 10)
    db.run("DELETE FROM ticketing.ticket_inventory WHERE ticket_type_id = %s", kind["id"])
    with db.refused("TK107"):
        move(db, kind, 1)


@pytest.mark.parametrize("part", ["tenant_id", "id"])
def test_a_type_that_is_not_the_tenants_is_refused(
    db: Session, make: Make, tenant: UUID, part: str
) -> None:
    kind = make.ticket_type(tenant, 10)
    with db.refused("TK107"):
        move(db, {**kind, part: uuid4()}, 1)
    assert counters(db, kind) == (0, 0, 0, 10)


def test_only_the_named_type_moves(db: Session, make: Make, tenant: UUID) -> None:
    kind, neighbour = make.ticket_type(tenant, 10), make.ticket_type(tenant, 10)
    move(db, kind, 1)
    assert counters(db, neighbour) == (0, 0, 0, 10)


def test_the_same_id_in_another_tenant_does_not_move(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    kind = make.ticket_type(tenant, 10)
    twin = make.row("ticket_types", other_tenant, id=kind["id"])
    move(db, kind, 4)
    assert db.all(
        """
        SELECT tenant_id, reserved_quantity FROM ticketing.ticket_inventory
        WHERE ticket_type_id = %s ORDER BY reserved_quantity
        """,
        kind["id"],
    ) == [
        {"tenant_id": twin["tenant_id"], "reserved_quantity": 0},
        {"tenant_id": tenant, "reserved_quantity": 4},
    ]


@pytest.mark.parametrize(
    "role", ["ticketing_app", "ticketing_worker", "ticketing_readonly", "ts_test_nobody"]
)
def test_no_service_may_call_it(db: Session, make: Make, tenant: UUID, role: str) -> None:
    kind = make.ticket_type(tenant, 10)
    with db.acting(role, tenant=tenant), db.refused("42501") as by:
        db.all("SELECT ticketing.move_ticket_inventory(%s, %s, 1)", tenant, kind["id"])
    what = "schema ticketing" if role == "ts_test_nobody" else "function move_ticket_inventory"
    assert by.error.diag.message_primary == f"permission denied for {what}"


def test_a_move_stamps_the_moment(db: Session, make: Make, tenant: UUID) -> None:
    kind = make.ticket_type(tenant, 10)
    move(db, kind, 1)
    assert db.value(
        "SELECT updated_at > now() FROM ticketing.ticket_inventory WHERE ticket_type_id = %s",
        kind["id"],
    )


@pytest.mark.parametrize(
    ("moves", "after"), [(499, (1, 499)), (500, (2, 0)), (501, (2, 1)), (1000, (3, 0))]
)
def test_every_five_hundred_moves_begin_a_new_epoch(
    db: Session, make: Make, tenant: UUID, moves: int, after: tuple[int, int]
) -> None:
    kind = make.ticket_type(tenant, 2000)
    with db.acting("ticketing_owner"):
        db.all(
            """
            SELECT ticketing.move_ticket_inventory(%s, %s, p_reserved => 1)
            FROM generate_series(1, %s)
            """,
            *(tenant, kind["id"], moves),
        )
    assert epoch(db, kind) == after
    assert counters(db, kind) == (moves, 0, 0, 2000 - moves)


def test_a_refused_move_does_not_count(db: Session, make: Make, tenant: UUID) -> None:
    kind = make.ticket_type(tenant, 1)
    age(db, kind, 499)
    with db.refused("TK101"):
        move(db, kind, 2)
    assert epoch(db, kind) == (1, 499)


def test_counters_survive_the_change_of_epoch(db: Session, make: Make, tenant: UUID) -> None:
    kind = make.ticket_type(tenant, 10)
    move(db, kind, 3, 2, 1)
    age(db, kind, 499)
    move(db, kind, -1, 1)
    assert (epoch(db, kind), counters(db, kind)) == ((2, 0), (2, 3, 1, 4))


@pytest.mark.parametrize(
    ("updates", "after"),
    [
        pytest.param(0, (1, 10), id="within one epoch"),
        pytest.param(495, (2, 5), id="across a change of epoch"),
        pytest.param(499, (2, 9), id="first move changes the epoch"),
        pytest.param(490, (2, 0), id="last move changes the epoch"),
    ],
)
def test_concurrent_moves_take_what_there_is_and_no_more(
    clone: Database, updates: int, after: tuple[int, int]
) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        kind = make.ticket_type(make.tenant(), 10)
        age(make.session, kind, updates)

    def take(connection: psycopg.Connection, number: int) -> str:
        connection.execute("SET LOCAL ROLE ticketing_owner")
        connection.execute(
            "SELECT ticketing.move_ticket_inventory(%s, %s, p_sold => 1)",
            [kind["tenant_id"], kind["id"]],
        )
        return "taken"

    results = race(clone, MIGRATOR, 32, take)
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert (epoch(db, kind), counters(db, kind)) == (after, (0, 10, 0, 0))
    assert Counter(r.sqlstate if isinstance(r, psycopg.Error) else r for r in results) == {
        "taken": 10,
        "TK101": 22,
    }


def test_a_caller_that_waits_while_the_epoch_changes_goes_on_in_the_new_one(
    clone: Database,
) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        kind = make.ticket_type(make.tenant(), 100)
        age(make.session, kind, 480)

    def take(connection: psycopg.Connection, number: int) -> None:
        connection.execute("SET LOCAL ROLE ticketing_owner")
        for _ in range(2):
            connection.execute(
                "SELECT ticketing.move_ticket_inventory(%s, %s, p_reserved => 1)",
                [kind["tenant_id"], kind["id"]],
            )

    assert race(clone, MIGRATOR, 32, take) == [None] * 32
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert (epoch(db, kind), counters(db, kind)) == ((2, 44), (64, 0, 0, 36))
