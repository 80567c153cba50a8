"""The counters of ticket types against a plain Python model, along random walks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from support.session import Session
from support.walks import Walk, walk

TYPES = 2
MOST_PER_USER = 6
QUANTITIES = st.integers(1, 5)
WHICH = st.integers(0, 99)
KIND = st.integers(0, TYPES - 1)


class Kind:
    """What the model knows of one ticket type."""

    def __init__(self, row: dict[str, object], quantity: int) -> None:
        self.row = row
        self.quantity = quantity
        self.carts: list[Cart] = []
        self.holds: list[Hold] = []

    def count(self, *statuses: str) -> int:
        """Returns how many places the reservations in these statuses have."""
        return sum(cart.quantity for cart in self.carts if cart.status in statuses)

    @property
    def held(self) -> int:
        """How many places the house keeps back."""
        return sum(hold.remaining for hold in self.holds)

    @property
    def free(self) -> int:
        """How many places anybody could still take."""
        return self.quantity - self.count("pending", "confirmed") - self.held


class Cart:
    """What the model knows of one reservation."""

    def __init__(self, key: UUID, quantity: int, user: int, overdue: bool) -> None:
        self.key = key
        self.quantity = quantity
        self.user = user
        self.overdue = overdue
        self.status = "pending"


class Hold:
    """What the model knows of one house hold."""

    def __init__(self, key: UUID, remaining: int, has_deadline: bool) -> None:
        self.key = key
        self.remaining = remaining
        self.has_deadline = has_deadline
        self.status = "active"


class Inventory(Walk):
    """Random walks of a sale with two ticket types and three buyers."""

    @initialize()
    def open_the_sale(self) -> None:
        """Starts with few places, so that they run out."""
        make = self.start()
        self.users = [make.id("users", self.tenant) for _ in range(3)]
        self.orders = [make.id("orders", self.tenant) for _ in range(2)]
        self.kinds = [
            Kind(make.ticket_type(self.tenant, 12, max_purchase=4, max_per_user=limit), 12)
            for limit in (None, MOST_PER_USER)
        ]
        self.limits = [None, MOST_PER_USER]

    def cart(self, which: int) -> tuple[Kind, Cart] | None:
        """Returns one of the reservations, mostly a new one."""
        carts = [(kind, cart) for kind in self.kinds for cart in kind.carts]
        return carts[which % len(carts)] if carts else None

    @rule(kind=KIND, quantity=QUANTITIES, user=st.integers(0, 2), overdue=st.booleans())
    def reserve(self, kind: int, quantity: int, user: int, overdue: bool) -> None:
        """Takes places."""
        chosen = self.kinds[kind]
        limit = self.limits[kind]
        alive = sum(
            cart.quantity
            for cart in chosen.carts
            if cart.user == user
            and (cart.status == "confirmed" or (cart.status == "pending" and not cart.overdue))
        )
        expected = None
        if quantity > 4:
            expected = "TK103"
        elif chosen.free < quantity:
            expected = "TK101"
        elif limit is not None and alive + quantity > limit:
            expected = "TK104"

        key = uuid4()
        created = datetime.now(UTC) - timedelta(minutes=30 if overdue else 0)
        met = self.outcome(
            """
            INSERT INTO ticketing.reservations (
                tenant_id, id, event_id, ticket_type_id, user_id, quantity, created_at, expires_at
            ) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
            """,
            *(self.tenant, key, chosen.row["event_id"], chosen.row["id"]),
            *(self.users[user], quantity, created, created + timedelta(minutes=15)),
        )
        assert met == expected
        if expected is None:
            chosen.carts.append(Cart(key, quantity, user, overdue))

    @precondition(lambda self: any(kind.carts for kind in self.kinds))
    @rule(which=WHICH, order=st.integers(0, 1))
    def pay(self, which: int, order: int) -> None:
        """Confirms a reservation, in whatever status it is."""
        _, cart = self.cart(which) or (None, None)
        assert cart is not None
        if cart.status == "confirmed":
            return
        expected = None
        if cart.status != "pending":
            expected = "TK201"
        elif cart.overdue:
            expected = "TK105"
        met = self.outcome(
            "UPDATE ticketing.reservations SET status = 'confirmed', order_id = %s WHERE id = %s",
            *(self.orders[order], cart.key),
        )
        assert met == expected
        if expected is None:
            cart.status = "confirmed"

    @precondition(lambda self: any(kind.carts for kind in self.kinds))
    @rule(which=WHICH, status=st.sampled_from(("expired", "cancelled")))
    def release(self, which: int, status: str) -> None:
        """Gives a reservation up, twice now and then."""
        _, cart = self.cart(which) or (None, None)
        assert cart is not None
        if cart.status == status:
            return
        expected = None
        if cart.status in ("expired", "cancelled") or (cart.status, status) == (
            "confirmed",
            "expired",
        ):
            expected = "TK201"
        elif status == "expired" and not cart.overdue:
            expected = "TK205"
        met = self.outcome(
            "UPDATE ticketing.reservations SET status = %s WHERE id = %s",
            *(status, cart.key),
            actor="system",
            reason="given up",
        )
        assert met == expected, (cart.status, status)
        if expected is None:
            cart.status = status

    @rule(kind=KIND, quantity=QUANTITIES, has_deadline=st.booleans())
    def keep_back(self, kind: int, quantity: int, has_deadline: bool) -> None:
        """Keeps places for the house."""
        chosen = self.kinds[kind]
        expected = "TK101" if chosen.free < quantity else None
        key = uuid4()
        met = self.outcome(
            """
            INSERT INTO ticketing.ticket_holds (
                tenant_id, id, ticket_type_id, quantity, remaining_quantity, hold_reason, expires_at
            ) VALUES (%s, %s, %s, %s, %s, 'press', %s)
            """,
            *(self.tenant, key, chosen.row["id"], quantity, quantity),
            datetime.now(UTC) + timedelta(hours=1) if has_deadline else None,
        )
        assert met == expected
        if expected is None:
            chosen.holds.append(Hold(key, quantity, has_deadline))

    @precondition(lambda self: any(kind.holds for kind in self.kinds))
    @rule(which=WHICH, take=st.integers(1, 3))
    def issue_from_hold(self, which: int, take: int) -> None:
        """Hands out some of what the house kept back."""
        holds = [hold for kind in self.kinds for hold in kind.holds if hold.remaining >= take]
        if not holds:
            return
        hold = holds[which % len(holds)]
        met = self.outcome(
            """
            UPDATE ticketing.ticket_holds SET remaining_quantity = remaining_quantity - %s
            WHERE id = %s
            """,
            *(take, hold.key),
        )
        assert met is None
        hold.remaining -= take

    @precondition(lambda self: any(kind.holds for kind in self.kinds))
    @rule(which=WHICH, status=st.sampled_from(("released", "expired")))
    def let_go(self, which: int, status: str) -> None:
        """Ends a house hold; what it had left is free again."""
        holds = [hold for kind in self.kinds for hold in kind.holds]
        hold = holds[which % len(holds)]
        if hold.status == status:
            return
        expected = None
        if hold.status != "active":
            expected = "TK201"
        elif status == "expired":
            expected = "TK205"  # none has a deadline that has passed
        met = self.outcome(
            "UPDATE ticketing.ticket_holds SET status = %s WHERE id = %s",
            *(status, hold.key),
            actor="system",
        )
        assert met == expected
        if expected is None:
            hold.status, hold.remaining = status, 0

    @rule(kind=KIND, quantity=st.integers(0, 20))
    def resize(self, kind: int, quantity: int) -> None:
        """Changes how many there are to sell."""
        chosen = self.kinds[kind]
        taken = chosen.quantity - chosen.free
        met = self.outcome(
            "SELECT ticketing.set_ticket_quantity(%s, %s)", chosen.row["id"], quantity
        )
        assert met == ("TK106" if quantity < taken else None)
        if met is None:
            chosen.quantity = quantity

    @invariant()
    def the_counters_are_what_the_model_says(self) -> None:
        """Compares the counters, the free places, and the view that looks for drift."""
        for kind in self.kinds:
            row = self.db.one(
                "SELECT * FROM ticketing.ticket_inventory WHERE ticket_type_id = %s", kind.row["id"]
            )
            assert row["quantity"] == kind.quantity
            assert row["reserved_quantity"] == kind.count("pending")
            assert row["sold_quantity"] == kind.count("confirmed")
            assert row["held_quantity"] == kind.held
            assert row["available_quantity"] == kind.free >= 0
        with self.db.acting("ticketing_app", tenant=self.tenant):
            assert self.db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []


def test_counters_move_as_the_model_says(db: Session) -> None:
    walk(Inventory, db, examples=40, steps=60)
