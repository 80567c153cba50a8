"""ticket_inventory_drift: empty, whatever is done through the front door."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row, overdue
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

READ = "SELECT * FROM ticketing.ticket_inventory_drift"
COUNTERS = """
    SELECT quantity, reserved_quantity, sold_quantity, held_quantity, available_quantity
    FROM ticketing.ticket_inventory WHERE ticket_type_id = %s
"""


# An expiry must be due.
RUN_OUT = """
    UPDATE ticketing.reservations SET expires_at = clock_timestamp()
    WHERE id = ANY (%s) AND status = 'pending'
"""


def busy(make: Make, tenant: UUID) -> Row:
    """Returns a type of 10 with 1 reserved, 3 sold, 2 held and something of every dead status."""
    kind = make.ticket_type(tenant, 10)
    given = {"ticket_type_id": kind["id"], "order_id": make.id("orders", tenant)}
    make.row("reservations", tenant, quantity=1, **given)
    for status in ("confirmed", "expired", "cancelled"):
        late = overdue() if status == "expired" else {}
        made = make.id("reservations", tenant, quantity=3, **given, **late)
        make.advance("reservations", made, status)
    hold = make.id("ticket_holds", tenant, ticket_type_id=kind["id"], quantity=3)
    make.session.run("UPDATE ticketing.ticket_holds SET remaining_quantity = 2 WHERE id = %s", hold)
    return kind


def test_it_is_empty_while_the_counters_are_right(
    db: Session, make: Make, tenant: UUID, as_readonly: Acting
) -> None:
    kind = busy(make, tenant)
    assert tuple(db.one(COUNTERS, kind["id"]).values()) == (10, 1, 3, 2, 4)
    with as_readonly(tenant):
        assert db.all(READ) == []


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
@pytest.mark.parametrize("column", ["reserved", "sold", "held"])
def test_a_counter_that_was_tampered_with_shows(
    db: Session, make: Make, tenant: UUID, column: str, role: str
) -> None:
    kind = busy(make, tenant)
    busy(make, tenant)
    db.run(
        f"UPDATE ticketing.ticket_inventory SET {column}_quantity = 5 WHERE ticket_type_id = %s",
        kind["id"],
    )
    with db.acting(role, tenant=tenant):
        assert db.one(READ) == {
            "tenant_id": tenant,
            "ticket_type_id": kind["id"],
            "reserved_quantity": 1,
            "reserved_rows": 1,
            "sold_quantity": 3,
            "sold_rows": 3,
            "held_quantity": 2,
            "held_rows": 2,
            f"{column}_quantity": 5,
        }


@pytest.mark.parametrize(
    ("change", "column", "rows"),
    [
        ("UPDATE ticketing.reservations SET quantity = 9 WHERE status = 'pending'", "reserved", 9),
        ("UPDATE ticketing.reservations SET quantity = 9 WHERE status = 'confirmed'", "sold", 9),
        ("UPDATE ticketing.ticket_holds SET remaining_quantity = 0", "held", 0),
    ],
)
def test_a_row_that_went_round_the_triggers_shows(
    db: Session, make: Make, tenant: UUID, *, change: str, column: str, rows: int
) -> None:
    busy(make, tenant)
    db.run("SET LOCAL session_replication_role = replica")
    db.run(change)
    assert db.one(READ)[f"{column}_rows"] == rows


def test_drift_of_another_tenant_does_not_show(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    kind = busy(make, other_tenant)
    db.run(
        "UPDATE ticketing.ticket_inventory SET sold_quantity = 0 WHERE ticket_type_id = %s",
        kind["id"],
    )
    with as_tenant(tenant):
        assert db.all(READ) == []
    with as_tenant(other_tenant):
        assert db.one(READ)["sold_rows"] == 3


def test_a_login_without_grants_may_not_read_it(
    db: Session, tenant: UUID, as_nobody: Acting
) -> None:
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.all(READ)


class Walk:
    """Does one thing after another at random, and keeps books of its own.

    Args:
        make: makes what the walk starts from.
        tenant: whose service walks.
        dice: decides.
    """

    def __init__(self, make: Make, tenant: UUID, dice: random.Random) -> None:
        self.db = make.session
        self.tenant = tenant
        self.dice = dice
        self.kinds = [make.ticket_type(tenant, 30, max_per_user=12) for _ in range(3)]
        self.users = [make.id("users", tenant) for _ in range(4)]
        self.order = make.id("orders", tenant)
        self.total = {kind["id"]: 30 for kind in self.kinds}
        self.reservations: dict[UUID, list[Any]] = {}
        self.holds: dict[UUID, list[Any]] = {}
        self.done = {"accepted": 0, "TK101": 0, "TK104": 0, "TK106": 0, "TK201": 0}

    def step(self) -> None:
        act = self.dice.choice(
            [*[self.reserve, self.change] * 3, self.hold, self.leave, self.resize]
        )
        books = (dict(self.total), _copy(self.reservations), _copy(self.holds))
        try:
            with (
                self.db.connection.transaction(),
                self.db.acting("ticketing_app", tenant=self.tenant, reason="random"),
            ):
                act()
            self.done["accepted"] += 1
        except psycopg.Error as error:
            self.total, self.reservations, self.holds = books
            self.done[error.sqlstate or ""] += 1

    def reserve(self) -> None:
        user = self.dice.choice(self.users)
        for_all = self.dice.sample(self.kinds, self.dice.randint(1, 3))
        rows = [(kind, self.dice.randint(1, 8)) for kind in for_all]
        values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
        made = self.db.all(
            f"""
            INSERT INTO ticketing.reservations (
                tenant_id, event_id, ticket_type_id, user_id, quantity
            ) VALUES {values} RETURNING id, ticket_type_id, quantity
            """,
            *[
                value
                for kind, quantity in rows
                for value in (self.tenant, kind["event_id"], kind["id"], user, quantity)
            ],
        )
        for row in made:
            self.reservations[row["id"]] = [row["ticket_type_id"], row["quantity"], "pending"]

    def change(self) -> None:
        known = sorted(self.reservations)
        chosen = self.dice.sample(known, min(len(known), self.dice.randint(1, 3)))
        status = self.dice.choice(["confirmed", "expired", "cancelled"])
        if status == "expired":
            self.db.run(RUN_OUT, chosen)
        self.db.run(
            """
            UPDATE ticketing.reservations SET status = %s, order_id = %s WHERE id = ANY (%s)
            """,
            *(status, self.order, chosen),
        )
        for each in chosen:
            self.reservations[each][2] = status

    def hold(self) -> None:
        kind, quantity = self.dice.choice(self.kinds)["id"], self.dice.randint(1, 8)
        made = self.db.value(
            """
            INSERT INTO ticketing.ticket_holds (
                tenant_id, ticket_type_id, quantity, remaining_quantity, hold_reason
            ) VALUES (%s, %s, %s, %s, 'press') RETURNING id
            """,
            *(self.tenant, kind, quantity, quantity),
        )
        self.holds[made] = [kind, quantity, quantity]

    def leave(self) -> None:
        if self.holds:
            chosen = self.dice.choice(sorted(self.holds))
            rest = self.dice.choice([0, self.dice.randint(0, self.holds[chosen][1])])
            self.db.run(
                "UPDATE ticketing.ticket_holds SET remaining_quantity = %s WHERE id = %s",
                *(rest, chosen),
            )
            self.holds[chosen][2] = rest

    def resize(self) -> None:
        kind, quantity = self.dice.choice(self.kinds)["id"], self.dice.randint(10, 50)
        self.db.all("SELECT ticketing.set_ticket_quantity(%s, %s)", kind, quantity)
        self.total[kind] = quantity

    def books(self, kind: UUID) -> tuple[int, ...]:
        """Returns quantity, reserved, sold, held and free as the walk remembers them."""
        mine = [each for each in self.reservations.values() if each[0] == kind]
        reserved = sum(quantity for _, quantity, status in mine if status == "pending")
        sold = sum(quantity for _, quantity, status in mine if status == "confirmed")
        held = sum(rest for of, _, rest in self.holds.values() if of == kind)
        total = self.total[kind]
        return total, reserved, sold, held, total - reserved - sold - held


def _copy(books: dict[UUID, list[Any]]) -> dict[UUID, list[Any]]:
    return {key: list(entry) for key, entry in books.items()}


@pytest.mark.parametrize("start", [1, 2, 3])
def test_a_random_walk_leaves_it_empty_at_every_step(
    db: Session, make: Make, tenant: UUID, start: int
) -> None:
    walk = Walk(make, tenant, random.Random(start))
    # Close to a change of epoch, so that the walk crosses it.
    db.run("UPDATE ticketing.ticket_inventory SET updates = 470 WHERE tenant_id = %s", tenant)
    for _ in range(400):
        walk.step()
        assert db.all(f"{READ} WHERE tenant_id = %s", tenant) == []
        for kind in walk.kinds:
            assert tuple(db.one(COUNTERS, kind["id"]).values()) == walk.books(kind["id"])
    epochs = db.all("SELECT epoch FROM ticketing.ticket_inventory WHERE tenant_id = %s", tenant)
    assert [row["epoch"] for row in epochs] == [2, 2, 2]
    assert {code for code, times in walk.done.items() if times == 0} == set()


def test_callers_that_meet_leave_it_empty(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, 20)
        user, order = make.id("users", tenant), make.id("orders", tenant)
        make.session.run("UPDATE ticketing.ticket_inventory SET updates = 470")

    def act(connection: psycopg.Connection, number: int) -> None:
        row = connection.execute(
            """
            INSERT INTO ticketing.reservations (
                tenant_id, event_id, ticket_type_id, user_id, quantity
            ) VALUES (%s, %s, %s, %s, 1) RETURNING id
            """,
            [tenant, kind["event_id"], kind["id"], user],
        ).fetchone()
        assert row is not None
        ways = (("confirmed",), ("confirmed", "cancelled"), ("expired",), ("cancelled",), ())
        for status in ways[number % 5]:
            if status == "expired":
                connection.execute(RUN_OUT, [[row[0]]])
            connection.execute(
                "UPDATE ticketing.reservations SET status = %s, order_id = %s WHERE id = %s",
                [status, order, row[0]],
            )

    results = race(clone, "ts_test_app", 30, act, tenant=tenant, reason="left")
    assert results == [None] * 30
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert tuple(db.one(COUNTERS, kind["id"]).values()) == (20, 6, 6, 0, 8)
        assert db.all(READ) == []
