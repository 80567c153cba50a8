"""The counters of zones against a plain Python model, along random walks."""

from __future__ import annotations

from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from support.session import Session
from support.walks import Walk, walk
from support.zones import DRIFT, RUN_OUT, buckets

# A zone with one counter, and one with three.
COUNTS = (1, 3)
WHICH = st.integers(0, 99)
ZONE = st.integers(0, len(COUNTS) - 1)
QUANTITIES = st.integers(0, 25)
KEYS = st.integers(0, 12)

CREATE = "SELECT * FROM ticketing.create_hold(%s, %s, %s, %s)"
CONFIRM = "SELECT * FROM ticketing.confirm_hold(%s, %s)"
RELEASE = "SELECT * FROM ticketing.release_hold(%s)"
FIND = "SELECT id, bucket_no FROM ticketing.holds WHERE zone_id = %s AND idempotency_key = %s"


class Hold:
    """What the model knows of one hold."""

    def __init__(self, key: UUID, bucket: int, quantity: int) -> None:
        self.key = key
        self.bucket = bucket
        self.quantity = quantity
        self.status = "active"
        self.overdue = False
        self.confirmed_by = ""


class Zone:
    """What the model knows of one zone."""

    def __init__(self, row: dict[str, object], capacity: int, parts: list[int]) -> None:
        self.row = row
        self.capacity = capacity
        self.parts = parts
        self.holds: dict[str, Hold] = {}

    def count(self, bucket: int, *statuses: str, overdue: bool | None = None) -> int:
        """Returns how many places of a bucket the holds in these statuses have."""
        return sum(
            hold.quantity
            for hold in self.holds.values()
            if hold.bucket == bucket and hold.status in statuses and overdue in (None, hold.overdue)
        )

    def free(self, bucket: int) -> int:
        """Returns what can be taken without expiring anything."""
        return self.parts[bucket] - self.count(bucket, "active", "confirmed")

    def room(self, bucket: int) -> int:
        """Returns what can be taken at all."""
        return self.free(bucket) + self.count(bucket, "active", overdue=True)

    def spread(self) -> None:
        """Divides what is free anew."""
        taken = [self.count(b, "active", "confirmed") for b in range(len(self.parts))]
        free = self.capacity - sum(taken)
        among = max(1, min(len(taken), free // 20))
        self.parts = [
            took + (free // among if b < among else 0) + (1 if b < free % among else 0)
            for b, took in enumerate(taken)
        ]


class Zones(Walk):
    """Random walks of a sale in two zones."""

    @initialize()
    def open_the_sale(self) -> None:
        """Starts with few places, so that they run out."""
        make = self.start()
        self.zones = []
        for count in COUNTS:
            row = make.row("zones", self.tenant, capacity=30 * count, bucket_count=count)
            self.zones.append(Zone(row, 30 * count, [30] * count))
        self.db.run("UPDATE ticketing.zone_inventory SET updates = 490")

    def pick(self, which: int) -> tuple[Zone, Hold]:
        """Returns one of the holds."""
        holds = [(zone, hold) for zone in self.zones for hold in zone.holds.values()]
        return holds[which % len(holds)]

    @rule(which=ZONE, quantity=QUANTITIES, number=KEYS)
    def hold(self, which: int, quantity: int, number: int) -> None:
        """Asks for places, now and then with a key that was used before."""
        zone, key = self.zones[which], f"key {number}"
        known = zone.holds.get(key)
        most = max(zone.room(bucket) for bucket in range(len(zone.parts)))
        expected = None
        if quantity == 0:
            expected = "TK124"
        elif known is not None:
            expected = None if known.quantity == quantity else "TK122"
        elif quantity > most:
            expected = "TK121"
        place = zone.row["event_id"], zone.row["id"]
        assert self.outcome(CREATE, *place, quantity, key) == expected
        if expected is not None or known is not None:
            return

        made = self.db.one(FIND, zone.row["id"], key)
        bucket = made["bucket_no"]
        at_once = [b for b in range(len(zone.parts)) if zone.free(b) >= quantity]
        if at_once:
            assert bucket in at_once
        else:
            assert zone.room(bucket) >= quantity
            for hold in zone.holds.values():
                if (hold.bucket, hold.status, hold.overdue) == (bucket, "active", True):
                    hold.status = "expired"
        zone.holds[key] = Hold(made["id"], bucket, quantity)

    @precondition(lambda self: any(zone.holds for zone in self.zones))
    @rule(which=WHICH, number=st.integers(0, 1))
    def confirm(self, which: int, number: int) -> None:
        """Confirms a hold, whatever has become of it."""
        _, hold = self.pick(which)
        expected = None
        if hold.status == "confirmed":
            expected = None if hold.confirmed_by == f"confirm {number}" else "TK128"
        elif hold.status == "released":
            expected = "TK131"
        elif hold.status == "expired" or hold.overdue:
            expected = "TK127"
        assert self.outcome(CONFIRM, hold.key, f"confirm {number}") == expected
        if expected is None:
            hold.status, hold.confirmed_by = "confirmed", f"confirm {number}"

    @precondition(lambda self: any(zone.holds for zone in self.zones))
    @rule(which=WHICH)
    def release(self, which: int) -> None:
        """Gives a hold up, twice now and then."""
        _, hold = self.pick(which)
        expected = "TK128" if hold.status == "confirmed" else None
        assert self.outcome(RELEASE, hold.key) == expected
        if hold.status == "active":
            hold.status = "released"

    @precondition(lambda self: any(zone.holds for zone in self.zones))
    @rule(which=WHICH)
    def run_out(self, which: int) -> None:
        """Lets the time of a hold pass."""
        _, hold = self.pick(which)
        if hold.status == "active" and not hold.overdue:
            self.db.run(RUN_OUT, hold.key)
            hold.overdue = True

    @rule()
    def sweep(self) -> None:
        """Lets the sweeper come by."""
        late = [
            hold
            for zone in self.zones
            for hold in zone.holds.values()
            if hold.status == "active" and hold.overdue
        ]
        with self.db.acting("ticketing_worker", tenant=self.tenant):
            assert self.db.value("SELECT ticketing.expire_holds()") == len(late)
        for hold in late:
            hold.status = "expired"

    @rule(which=ZONE, capacity=st.integers(1, 120))
    def resize(self, which: int, capacity: int) -> None:
        """Changes how many places there are."""
        zone = self.zones[which]
        taken = sum(zone.count(b, "active", "confirmed") for b in range(len(zone.parts)))
        expected = "TK106" if capacity < taken else None
        query = "SELECT ticketing.set_zone_capacity(%s, %s)"
        assert self.outcome(query, zone.row["id"], capacity) == expected
        if expected is None:
            zone.capacity = capacity
            zone.spread()

    @invariant()
    def the_counters_are_what_the_model_says(self) -> None:
        """Compares counters, free places, orders, and the view that looks for drift."""
        for zone in self.zones:
            assert buckets(self.db, zone.row["id"]) == [  # type: ignore[arg-type]
                (part, zone.count(b, "active"), zone.count(b, "confirmed"))
                for b, part in enumerate(zone.parts)
            ]
        sold = sum(
            hold.status == "confirmed" for zone in self.zones for hold in zone.holds.values()
        )
        with self.db.acting("ticketing_app", tenant=self.tenant):
            assert self.db.all(DRIFT) == []
            assert self.db.value("SELECT count(*) FROM ticketing.orders") == sold
            for zone in self.zones:
                seen = self.db.value(
                    "SELECT available_quantity FROM ticketing.zone_availability WHERE zone_id = %s",
                    zone.row["id"],
                )
                assert seen == sum(zone.room(b) for b in range(len(zone.parts)))


def test_counters_move_as_the_model_says(db: Session) -> None:
    walk(Zones, db, examples=25, steps=50)
