"""record_scan_attempt: the decision at the door, and the record of it."""

from __future__ import annotations

import hashlib
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from support.databases import Database
from support.factories import Make, Row
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
ACTIVE = {"status": "active"}
INSIDE = {"status": "checked_in"}
DEAD = ("revoked", "refunded", "cancelled")
UNISSUED = ("available", "reserved", "sold", "minted")
STATUSES = (*UNISSUED, "active", "transferred", "checked_in", "used", *DEAD, "expired")
REFUSALS = (
    *("invalid", "duplicate", "expired", "already_used", "wrong_event"),
    *("not_open", "revoked", "transfer_pending", "unknown"),
)
SCANS = "SELECT * FROM ticketing.ticket_scans ORDER BY created_at"
READ = "SELECT * FROM ticketing.tickets WHERE id = %s"
SET_TENANT = "SELECT set_config('app.current_tenant_id', %s, TRUE)"


def ago(**given: float) -> datetime:
    return datetime.now(UTC) - timedelta(**given)


def call(
    tenant: UUID | None, ticket: UUID | None, event: UUID | None, given: Row
) -> tuple[Any, ...]:
    """Returns the query of a scan and its values; `given` names arguments without their p_."""
    named = "".join(f", p_{name} => %s" for name in given)
    values = [Jsonb(value) if isinstance(value, dict) else value for value in given.values()]
    query = f"SELECT * FROM ticketing.record_scan_attempt(%s, %s, %s{named})"
    return query, tenant, ticket, event, *values


class Door:
    """The door of one event, in the session of the test.

    Args:
        db: the session.
        tenant: whose event it is.
    """

    def __init__(self, db: Session, tenant: UUID, **event: Any) -> None:
        self.db = db
        self.make = Make(db)
        self.tenant = tenant
        times = {"starts_at": ago(hours=2), "ends_at": ago(hours=-2)}
        self.event: UUID = self.make.id("events", tenant, **{**times, **event})

    def ticket(self, **given: Any) -> UUID:
        """Returns a ticket of the event, in any status."""
        filled = {**ACTIVE, "event_id": self.event, **given}
        if filled["status"] != "available":
            filled = {"user_id": self.make.id("users", self.tenant), **filled}
        if filled["status"] in DEAD:
            filled = {"status_reason": "so", **filled}
        if filled["status"] in ("checked_in", "used"):
            filled = {"checked_in_at": ago(hours=1), **filled}
        if filled["status"] == "minted":
            filled = {"is_nft": True, "token_mint": "1" * 32, **filled}
        return self.make.id("tickets", self.tenant, **filled)

    def scan(self, ticket: UUID | None, **given: Any) -> Row:
        """Returns the answer of the database to a service that scans."""
        with self.db.acting("ticketing_app", tenant=self.tenant):
            event = given.pop("event", self.event)
            return self.db.one(*call(self.tenant, ticket, event, given))

    def result(self, ticket: UUID | None, **given: Any) -> str:
        return str(self.scan(ticket, **given)["result"])

    def upload(self, ticket: UUID | None, at: datetime, **given: Any) -> str:
        """Returns the result of a scan that was made offline."""
        return self.result(ticket, offline=True, scanned_at=at, **given)

    def read(self, ticket: UUID) -> Row:
        return self.db.one(READ, ticket)

    def scans(self) -> list[Row]:
        return self.db.all(SCANS)

    def entered(self, ticket: UUID, at: datetime, **given: Any) -> None:
        """Records an entry as it should have been: accepted."""
        assert self.upload(ticket, at, **given) == "valid"

    def left(self, ticket: UUID, at: datetime, **given: Any) -> None:
        assert self.upload(ticket, at, direction="exit", **given) == "valid"

    def offer(self, ticket: UUID, **given: Any) -> UUID:
        """Returns an open transfer of a ticket in any status, past the guard of offers."""
        self.db.run("SET LOCAL session_replication_role = replica")
        sender = self.make.id("users", self.tenant)
        made = self.make.id(
            "ticket_transfers", self.tenant, ticket_id=ticket, from_user_id=sender, **given
        )
        self.db.run("SET LOCAL session_replication_role = origin")
        return made

    def put(self, ticket: UUID, **values: Any) -> None:
        """Changes a ticket past every trigger."""
        self.db.run("SET LOCAL session_replication_role = replica")
        columns = ", ".join(f"{name} = %s" for name in values)
        query = f"UPDATE ticketing.tickets SET {columns} WHERE id = %s"
        assert self.db.run(query, *values.values(), ticket) == 1
        self.db.run("SET LOCAL session_replication_role = origin")


@pytest.fixture
def door(db: Session, tenant: UUID) -> Door:
    """The door of an event that is running."""
    return Door(db, tenant)


# --- the first entry ---


@pytest.mark.parametrize("status", ["active", "transferred"])
def test_the_first_entry_is_valid_and_checks_the_ticket_in(door: Door, status: str) -> None:
    ticket = door.ticket(status=status)
    before = door.read(ticket)
    person = uuid4()

    answer = door.scan(ticket, scanned_by=person)

    (scan,) = door.scans()
    assert answer == {
        "scan_id": scan["id"],
        "result": "valid",
        "rejection_reason": None,
        "is_first_entry": True,
        "is_replay": False,
        "ticket_status": "checked_in",
    }
    after = door.read(ticket)
    assert (after["status"], after["scan_count"]) == ("checked_in", 1)
    assert after["checked_in_at"] == scan["scanned_at"]
    assert after["checked_in_by"] == after["status_changed_by"] == person
    assert after["status_changed_at"] >= scan["scanned_at"]
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {
        *("status", "scan_count", "checked_in_at", "checked_in_by", "version", "updated_at"),
        *("status_changed_at", "status_changed_by"),
    }


def test_everything_that_is_told_is_kept(door: Door) -> None:
    ticket = door.ticket(credential_version=3, check_in_round=2)
    told = {
        "scanned_by": uuid4(),
        "device_id": "scanner 7",
        "location": "north",
        "ip_address": ip_address("192.0.2.7"),
        "user_agent": "door/1.0",
        "direction": "entry",
        "scanned_at": ago(minutes=5),
        "client_nonce": "n-1",
        "credential_version": 3,
        "gate": "A",
        "offline": True,
        "forced": True,
        "admission_period": "day 1",
        "metadata": {"battery": 12},
    }
    answer = door.scan(ticket, **told)
    (scan,) = door.scans()
    derived = {
        "tenant_id": door.tenant,
        "id": answer["scan_id"],
        "ticket_id": ticket,
        "event_id": door.event,
        "raw_code_hash": None,
        "result": "valid",
        "rejection_reason": None,
        "is_first_entry": True,
        "check_in_round": 2,
        "created_at": scan["created_at"],
    }
    assert scan == {**told, **derived}


def test_what_is_not_told_stays_empty(door: Door) -> None:
    before = door.db.value("SELECT clock_timestamp()")
    door.scan(door.ticket())
    (scan,) = door.scans()
    empty = ("scanned_by", "device_id", "gate", "location", "client_nonce", "credential_version")
    assert {scan[name] for name in (*empty, "ip_address", "user_agent", "raw_code_hash")} == {None}
    assert (scan["direction"], scan["admission_period"]) == ("entry", "event")
    assert (scan["offline"], scan["forced"], scan["metadata"]) == (False, False, {})
    assert before < scan["scanned_at"] == scan["created_at"]


def test_the_arguments_of_the_seed_come_in_the_order_of_the_seed(door: Door) -> None:
    ticket, person = door.ticket(), uuid4()
    with door.db.acting("ticketing_app", tenant=door.tenant):
        door.db.one(
            "SELECT * FROM ticketing.record_scan_attempt(%s, %s, %s, %s, 'device', 'place',"
            " 'invalid', 'no photo', '192.0.2.1', 'agent')",
            *(door.tenant, ticket, door.event, person),
        )
    (scan,) = door.scans()
    given = ("ticket_id", "event_id", "scanned_by", "device_id", "location", "result")
    assert [scan[name] for name in given] == [
        *(ticket, door.event, person, "device", "place", "invalid"),
    ]
    assert (scan["rejection_reason"], scan["user_agent"]) == ("no photo", "agent")
    assert str(scan["ip_address"]) == "192.0.2.1"


def test_a_long_user_agent_is_cut_and_keeps_nobody_out(door: Door) -> None:
    assert door.result(door.ticket(), user_agent="ü" * 2000) == "valid"
    assert door.scans()[0]["user_agent"] == "ü" * 1024


def test_the_visit_is_counted_for_the_holder(door: Door) -> None:
    user = door.make.id("users", door.tenant)
    door.scan(door.ticket(user_id=user))
    query = "SELECT events_attended FROM ticketing.users WHERE id = %s"
    assert door.db.value(query, user) == 1


@pytest.mark.parametrize(("said", "source"), [(None, "scanner"), (" ", "scanner"), ("job", "job")])
def test_the_history_says_who_let_the_ticket_in_and_from_where(
    door: Door, said: str | None, source: str
) -> None:
    ticket, person = door.ticket(), uuid4()
    query = call(door.tenant, ticket, door.event, {"scanned_by": person})
    setting = "SELECT coalesce(current_setting('app.status_change_source', TRUE), '')"
    with door.db.acting("ticketing_app", tenant=door.tenant, source=said):
        for _ in range(2):
            door.db.one(*query)
        assert door.db.value(setting) == (said or "")
    last = door.db.all(
        "SELECT previous_status, new_status, changed_by, changed_by_type, source"
        " FROM ticketing.ticket_state_history WHERE ticket_id = %s ORDER BY seq",
        ticket,
    )[1:]
    assert [tuple(row.values()) for row in last] == [
        ("active", "checked_in", person, "service", source)
    ]


def test_only_an_accepted_first_entry_writes_the_ticket(door: Door) -> None:
    ticket = door.ticket()
    door.entered(ticket, ago(minutes=30))
    before = door.read(ticket)
    door.left(ticket, ago(minutes=20))
    assert door.result(ticket, result="invalid") == "invalid"
    assert door.read(ticket) == before
    door.entered(ticket, ago(minutes=10))
    after = door.read(ticket)
    assert (before["scan_count"], after["scan_count"]) == (1, 2)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"scan_count", "version", "updated_at"}


# --- the order of the tests ---


def test_each_status_has_its_answer(door: Door) -> None:
    answers = {status: door.result(door.ticket(status=status)) for status in STATUSES}
    assert answers == {
        **dict.fromkeys(UNISSUED, "invalid"),
        **dict.fromkeys(("active", "transferred"), "valid"),
        **dict.fromkeys(("checked_in", "used"), "already_used"),
        **dict.fromkeys(DEAD, "revoked"),
        "expired": "expired",
    }
    assert len(door.scans()) == len(STATUSES)


@pytest.mark.parametrize("status", [s for s in STATUSES if s not in ("active", "transferred")])
def test_a_refused_scan_leaves_the_ticket_as_it_was(door: Door, status: str) -> None:
    ticket = door.ticket(status=status)
    before = door.read(ticket)
    answer = door.scan(ticket)
    assert door.read(ticket) == before
    assert (answer["ticket_status"], answer["is_first_entry"]) == (status, False)
    (scan,) = door.scans()
    assert scan["rejection_reason"] == answer["rejection_reason"] != ""
    assert (scan["id"], scan["ticket_id"]) == (answer["scan_id"], ticket)


# In the order of the tests: the result, what the fault is a matter of, and the fault itself.
FAULTS: dict[str, tuple[str, str, Row]] = {
    "another event": ("wrong_event", "subject", {"elsewhere": True}),
    "revoked": ("revoked", "status", {"ticket": {"status": "revoked"}}),
    "status expired": ("expired", "status", {"ticket": {"status": "expired"}}),
    "ran out": ("expired", "expires_at", {"ticket": {"expires_at": ago(minutes=1)}}),
    "on offer": ("transfer_pending", "offer", {"offer": True}),
    "event cancelled": ("invalid", "event", {"event": {"status": "cancelled"}}),
    "early": (
        "not_open",
        "time",
        {"event": {"starts_at": ago(hours=-9), "ends_at": ago(hours=-9)}},
    ),
    "valid later": ("not_open", "valid_from", {"ticket": {"valid_from": ago(hours=-9)}}),
    "late": ("expired", "time", {"event": {"starts_at": ago(hours=9), "ends_at": ago(hours=9)}}),
    "not issued": ("invalid", "status", {"ticket": {"status": "sold"}}),
    "old code": ("revoked", "code", {"scan": {"credential_version": 1}}),
    "used": ("already_used", "status", {"ticket": {"status": "used"}}),
    "repeated": ("duplicate", "status", {"ticket": {"status": "checked_in"}, "near": True}),
}
# No clock is both, and no ticket runs out before it begins.
IMPOSSIBLE = [{"late", "valid later"}, {"ran out", "valid later"}]
PAIRS = [
    (first, second)
    for first, second in itertools.combinations(FAULTS, 2)
    if FAULTS[first][1] != FAULTS[second][1] and {first, second} not in IMPOSSIBLE
]


@pytest.mark.parametrize(("first", "second"), [*((name, name) for name in FAULTS), *PAIRS])
def test_of_two_faults_the_one_that_is_tested_first_is_named(
    db: Session, make: Make, tenant: UUID, *, first: str, second: str
) -> None:
    result, reason = {}, {}
    for faults in ((first,), (first, second)):
        parts = [FAULTS[name][2] for name in faults]

        def merged(key: str, parts: list[Row] = parts) -> Row:
            return {name: value for part in parts for name, value in part.get(key, {}).items()}

        door = Door(db, tenant, **merged("event"))
        given = {"credential_version": 2, **merged("ticket")}
        if any("elsewhere" in part for part in parts):
            given["event_id"] = make.id("events", tenant)
        ticket = door.ticket(**given)
        if any("near" in part for part in parts):
            near = {"scanned_at": ago(seconds=2), "is_first_entry": True}
            make.row("ticket_scans", tenant, ticket_id=ticket, **near)
        if any("offer" in part for part in parts):
            door.offer(ticket)
        answer = door.scan(ticket, **{"credential_version": 2, **merged("scan")})
        result[faults], reason[faults] = answer["result"], answer["rejection_reason"]

    assert set(result.values()) == {FAULTS[first][0]}
    assert len(set(reason.values())) == 1


@pytest.mark.parametrize("fault", ["event cancelled", "early", "late"])
def test_an_unknown_ticket_is_unknown_whatever_the_event(
    db: Session, tenant: UUID, fault: str
) -> None:
    assert Door(db, tenant, **FAULTS[fault][2]["event"]).result(uuid4()) == "unknown"


def test_a_ticket_that_is_offered_is_let_in_once_the_offer_is_closed(door: Door) -> None:
    ticket = door.ticket()
    for status in ("pending", "accepted"):
        to = {"to_user_id": door.make.id("users", door.tenant), "accepted_at": ago(hours=1)}
        offer = door.offer(ticket, **to, status=status)
        assert door.result(ticket) == "transfer_pending"
        with door.db.saying(actor="system", reason="withdrawn"):
            door.db.run(
                "UPDATE ticketing.ticket_transfers SET status = 'cancelled' WHERE id = %s", offer
            )
    assert door.result(ticket) == "valid"


def test_the_offer_of_another_ticket_does_not_matter(door: Door) -> None:
    door.offer(door.ticket())
    assert door.result(door.ticket()) == "valid"


@pytest.mark.parametrize(
    ("shown", "result"), [(None, "valid"), (2, "valid"), (3, "valid"), (1, "revoked")]
)
def test_only_an_older_code_is_refused(door: Door, shown: int | None, result: str) -> None:
    assert door.result(door.ticket(credential_version=2), credential_version=shown) == result


# --- the check-in times ---

STARTS, ENDS = datetime(2020, 6, 1, 18, tzinfo=UTC), datetime(2020, 6, 1, 23, tzinfo=UTC)
TIMES = {
    "starts_at": STARTS,
    "ends_at": ENDS,
    "check_in_opens_before": 2 * HOUR,
    "check_in_closes_after": HOUR,
}
MARGINLESS = {"check_in_opens_before": 0 * HOUR, "check_in_closes_after": 0 * HOUR}


@pytest.mark.parametrize(
    ("event", "ticket", "at", "result"),
    [
        ({}, {}, STARTS - 2 * HOUR - TICK, "not_open"),
        ({}, {}, STARTS - 2 * HOUR, "valid"),
        ({}, {}, ENDS + HOUR, "valid"),
        ({}, {}, ENDS + HOUR + TICK, "expired"),
        (MARGINLESS, {}, STARTS - TICK, "not_open"),
        (MARGINLESS, {}, STARTS, "valid"),
        (MARGINLESS, {}, ENDS, "valid"),
        (MARGINLESS, {}, ENDS + TICK, "expired"),
        ({}, {"valid_from": STARTS}, STARTS - TICK, "not_open"),
        ({}, {"valid_from": STARTS}, STARTS, "valid"),
        ({}, {"expires_at": ENDS}, ENDS - TICK, "valid"),
        ({}, {"expires_at": ENDS}, ENDS, "expired"),
        ({"status": "postponed"}, {}, STARTS, "valid"),
        ({"status": "completed"}, {}, STARTS, "valid"),
        ({"status": "draft"}, {}, STARTS, "valid"),
        ({"status": "cancelled"}, {}, STARTS, "invalid"),
    ],
)
def test_an_upload_is_judged_by_when_it_was_scanned(
    db: Session, tenant: UUID, *, event: Row, ticket: Row, at: datetime, result: str
) -> None:
    door = Door(db, tenant, **{**TIMES, **event})
    assert door.upload(door.ticket(**ticket), at) == result
    assert door.scans()[-1]["scanned_at"] == at


def test_a_scan_without_a_time_is_judged_by_the_clock(db: Session, tenant: UUID) -> None:
    opened = db.value("SELECT clock_timestamp()")
    assert opened > db.value("SELECT now()")
    door = Door(db, tenant, starts_at=opened, ends_at=opened + HOUR, **MARGINLESS)
    assert door.result(door.ticket()) == "valid"


def test_a_door_that_closed_while_the_transaction_runs_is_closed(db: Session, tenant: UUID) -> None:
    closed = db.value("SELECT clock_timestamp()")
    assert closed > db.value("SELECT now()")
    door = Door(db, tenant, starts_at=closed - HOUR, ends_at=closed, **MARGINLESS)
    assert door.result(door.ticket()) == "expired"


def test_a_clock_that_runs_ahead_opens_no_door(db: Session, tenant: UUID) -> None:
    door = Door(db, tenant, starts_at=ago(hours=-20), ends_at=ago(hours=-22))
    ticket = door.ticket()
    assert door.upload(ticket, ago(hours=-21)) == "not_open"
    (scan,) = door.scans()
    assert scan["scanned_at"] == scan["created_at"] < ago(hours=-1)


# --- the same ticket again ---


@pytest.mark.parametrize(
    ("seconds", "result"),
    [(0, "duplicate"), (10, "duplicate"), (30, "duplicate"), (30.000001, "already_used")],
)
@pytest.mark.parametrize("side", [1, -1], ids=["later", "earlier"])
def test_a_repeat_within_seconds_on_either_side_is_a_duplicate(
    door: Door, seconds: float, side: int, result: str
) -> None:
    ticket, at = door.ticket(), ago(minutes=10)
    door.entered(ticket, at, device_id="gate 1")
    assert door.upload(ticket, at + side * timedelta(seconds=seconds), device_id="gate 2") == result
    assert door.read(ticket)["scan_count"] == 1


def test_repeats_do_not_prolong_the_window(door: Door) -> None:
    ticket, at = door.ticket(), ago(minutes=10)
    door.entered(ticket, at)
    assert door.upload(ticket, at + timedelta(seconds=25)) == "duplicate"
    assert door.upload(ticket, at + timedelta(seconds=40)) == "already_used"


@pytest.mark.parametrize(
    ("settings", "argument", "window"),
    [
        ({}, None, 30),
        ({"scan_window_seconds": 5}, None, 5),
        ({"scan_window_seconds": "5"}, None, 5),
        ({"scan_window_seconds": 5}, 60, 60),
        ({"scan_window_seconds": 1}, None, 1),
        ({"scan_window_seconds": 86400}, None, 86400),
        ({}, 1, 1),
        ({}, 86400, 86400),
        # What is no window leaves the door as it is without one.
        *(
            ({"scan_window_seconds": value}, None, 30)
            for value in (0, -5, 86401, 10**9, 2.5, "soon", "", None, [5], True)
        ),
    ],
)
def test_the_tenant_or_the_call_says_what_a_duplicate_is(
    db: Session, make: Make, *, settings: Row, argument: int | None, window: int
) -> None:
    at = datetime(2020, 6, 3, tzinfo=UTC)
    times = {"starts_at": at - 72 * HOUR, "ends_at": at + 72 * HOUR}
    door = Door(db, make.tenant(settings=settings), **times)
    ticket = door.ticket()
    door.entered(ticket, at)
    edge = timedelta(seconds=window)
    assert door.upload(ticket, at + edge, window_seconds=argument) == "duplicate"
    assert door.upload(ticket, at + edge + TICK, window_seconds=argument) == "already_used"


def test_a_ticket_that_was_let_in_by_hand_is_used(door: Door) -> None:
    assert door.result(door.ticket(status="checked_in")) == "already_used"


# --- out and in again ---


def test_who_leaves_may_come_back_once(door: Door) -> None:
    ticket, at = door.ticket(), ago(hours=1)
    steps = ["entry", "exit", "entry", "entry", "exit", "exit", "entry"]
    answers = [
        door.scan(ticket, direction=way, offline=True, scanned_at=at + n * timedelta(minutes=5))
        for n, way in enumerate(steps)
    ]
    results = ["valid", "valid", "valid", "already_used", "valid", "invalid", "valid"]
    assert [answer["result"] for answer in answers] == results
    assert [answer["is_first_entry"] for answer in answers] == [True, *[False] * 6]
    assert {answer["ticket_status"] for answer in answers} == {"checked_in"}
    assert door.read(ticket)["scan_count"] == 3


def test_out_and_in_within_the_window_is_a_duplicate(door: Door) -> None:
    ticket, at = door.ticket(), ago(minutes=10)
    door.entered(ticket, at)
    door.left(ticket, at + timedelta(seconds=10))
    assert door.upload(ticket, at + timedelta(seconds=20)) == "duplicate"
    door.entered(ticket, at + timedelta(seconds=31))


@pytest.mark.parametrize("status", [*UNISSUED, "active", "transferred", "checked_in", "used"])
def test_who_is_not_inside_cannot_leave(door: Door, status: str) -> None:
    answer = door.scan(door.ticket(status=status), direction="exit")
    assert (answer["result"], answer["rejection_reason"]) == ("invalid", "the ticket is not inside")


@pytest.mark.parametrize(
    ("status", "result"), [*((status, "revoked") for status in DEAD), ("expired", "expired")]
)
def test_a_dead_ticket_reads_dead_on_the_way_out_as_well(
    door: Door, status: str, result: str
) -> None:
    ticket = door.ticket()
    door.entered(ticket, ago(minutes=5))
    door.put(ticket, status=status, status_reason="so")
    assert door.result(ticket, direction="exit") == result


def test_whoever_is_inside_may_leave_whatever_has_closed(db: Session, tenant: UUID) -> None:
    door = Door(db, tenant, **TIMES)
    ticket = door.ticket(expires_at=ENDS, credential_version=2)
    door.entered(ticket, STARTS)
    door.offer(ticket)
    db.run(
        "UPDATE ticketing.events SET status = 'cancelled', version = 2 WHERE id = %s", door.event
    )
    door.left(ticket, ENDS + 9 * HOUR, credential_version=1)


def test_the_way_out_of_another_event_is_a_wrong_one(door: Door) -> None:
    ticket = door.ticket()
    door.entered(ticket, ago(minutes=5))
    other = door.make.id("events", door.tenant)
    assert door.result(ticket, direction="exit", event=other) == "wrong_event"


# --- uploads in any order ---


def accepted(door: Door) -> list[Row]:
    """Returns the accepted scans in the order of their time."""
    valid = [scan for scan in door.scans() if scan["result"] == "valid"]
    return sorted(valid, key=lambda scan: scan["scanned_at"])


def test_entries_of_several_doors_in_any_order_admit_once(door: Door) -> None:
    at = ago(hours=1)
    for order in itertools.permutations(range(4)):
        with door.db.connection.transaction(force_rollback=True):
            ticket = door.ticket()
            results = [
                door.upload(ticket, at + n * timedelta(minutes=5), device_id=f"gate {n}")
                for n in order
            ]
            assert Counter(results) == {"valid": 1, "already_used": 3}, order
            assert [scan["is_first_entry"] for scan in accepted(door)] == [True], order
            assert door.read(ticket)["scan_count"] == 1, order
            assert len(door.scans()) == 4, order


@pytest.mark.parametrize("ways", ["EXEXE", "EEXE", "EXXE", "XEEX"])
def test_uploads_in_any_order_never_let_two_in_on_one_ticket(door: Door, ways: str) -> None:
    at = ago(hours=1)
    direction = {"E": "entry", "X": "exit"}
    for order in itertools.permutations(range(len(ways))):
        with door.db.connection.transaction(force_rollback=True):
            ticket = door.ticket()
            for n in order:
                when = at + n * timedelta(minutes=5)
                door.upload(ticket, when, direction=direction[ways[n]])
            done = accepted(door)
            # Whoever is let in has left before the next one is.
            assert [scan["direction"] for scan in done] == ["entry", "exit"] * (len(done) // 2) + [
                "entry"
            ] * (len(done) % 2), order
            assert sum(scan["is_first_entry"] for scan in done) == 1, order
            entries = sum(scan["direction"] == "entry" for scan in done)
            assert door.read(ticket)["scan_count"] == entries, order


def test_the_first_entry_keeps_its_time_when_an_earlier_one_arrives(door: Door) -> None:
    ticket, at = door.ticket(), ago(minutes=30)
    door.entered(ticket, at)
    assert door.upload(ticket, at - timedelta(minutes=5)) == "already_used"
    assert door.read(ticket)["checked_in_at"] == at


def test_of_two_scans_of_one_moment_the_later_arrival_is_the_later(door: Door) -> None:
    ticket, at = door.ticket(), ago(minutes=30)
    door.entered(ticket, at)
    door.left(ticket, at)
    assert door.upload(ticket, at, direction="exit") == "invalid"
    assert door.upload(ticket, at + timedelta(minutes=5)) == "valid"


# --- a ticket for several days ---


def test_a_ticket_for_several_days_is_admitted_once_a_day(door: Door) -> None:
    ticket, at = door.ticket(), ago(hours=3)
    minutes = itertools.count(step=5)

    def enter(day: str, **given: Any) -> tuple[str, bool]:
        when = at + timedelta(minutes=next(minutes))
        answer = door.scan(ticket, admission_period=day, offline=True, scanned_at=when, **given)
        return answer["result"], answer["is_first_entry"]

    assert enter("day 2") == ("valid", True)
    assert enter("day 2") == ("already_used", False)
    assert enter("day 1", direction="exit") == ("invalid", False)
    assert enter("day 1") == ("valid", True)
    assert enter("day 1") == ("already_used", False)
    assert enter("day 2", direction="exit") == ("valid", False)
    assert enter("day 1") == ("already_used", False)
    assert enter("day 2") == ("valid", False)
    # The whole event is no further day.
    assert enter("event") == ("already_used", False)
    assert door.read(ticket)["scan_count"] == 3


def test_a_late_upload_of_one_day_is_not_judged_by_the_next(door: Door) -> None:
    ticket, at = door.ticket(), ago(hours=3)
    door.entered(ticket, at, admission_period="day 1")
    door.left(ticket, at + timedelta(minutes=10), admission_period="day 1")
    door.entered(ticket, at + HOUR, admission_period="day 2")
    door.entered(ticket, at + timedelta(minutes=20), admission_period="day 1")
    assert door.read(ticket)["scan_count"] == 3


def test_days_do_not_widen_a_ticket_that_was_let_in_for_the_event(door: Door) -> None:
    ticket = door.ticket()
    door.entered(ticket, ago(minutes=30))
    assert door.result(ticket, admission_period="day 1") == "already_used"


def test_days_do_not_widen_a_ticket_that_was_let_in_by_hand(door: Door) -> None:
    assert door.result(door.ticket(status="checked_in"), admission_period="day 1") == "already_used"


def test_a_ticket_for_several_days_that_is_used_up_begins_no_day(door: Door) -> None:
    ticket = door.ticket()
    door.entered(ticket, ago(minutes=30), admission_period="day 1")
    door.put(ticket, status="used")
    assert door.result(ticket, admission_period="day 2") == "already_used"


def test_a_repeat_across_midnight_is_a_duplicate(door: Door) -> None:
    ticket, at = door.ticket(), ago(minutes=30)
    door.entered(ticket, at, admission_period="day 1")
    later = at + timedelta(seconds=10)
    assert door.upload(ticket, later, admission_period="day 2") == "duplicate"


# --- an undone check-in ---


def test_after_an_undone_check_in_the_next_round_begins(door: Door) -> None:
    ticket = door.ticket()
    door.entered(ticket, ago(seconds=20))
    with door.db.acting("ticketing_app", tenant=door.tenant, actor="admin", reason="wrong person"):
        door.db.run(
            "UPDATE ticketing.tickets SET status = 'active', check_in_round = check_in_round + 1"
            " WHERE id = %s",
            ticket,
        )
    assert door.read(ticket)["checked_in_at"] is None
    assert door.scan(ticket, direction="exit")["result"] == "invalid"
    answer = door.scan(ticket)
    assert (answer["result"], answer["is_first_entry"]) == ("valid", True)
    assert door.scans()[-1]["check_in_round"] == 2
    assert door.result(ticket) == "duplicate"
    assert door.read(ticket)["scan_count"] == 2


def test_what_was_let_in_before_an_undone_check_in_is_no_repeat(door: Door) -> None:
    ticket = door.ticket(status="checked_in", check_in_round=2)
    given = {"ticket_id": ticket, "scanned_at": ago(seconds=5)}
    door.make.row("ticket_scans", door.tenant, **given, is_first_entry=True)
    assert door.result(ticket) == "already_used"
    door.make.row("ticket_scans", door.tenant, **given, direction="exit")
    assert door.result(ticket) == "already_used"


def test_what_was_let_in_later_but_before_an_undone_check_in_keeps_nobody_out(door: Door) -> None:
    ticket = door.ticket(status="checked_in", check_in_round=2)
    for at, values in (
        (ago(minutes=30), {"check_in_round": 2, "is_first_entry": True}),
        (ago(minutes=25), {"check_in_round": 2, "direction": "exit"}),
        (ago(minutes=10), {"check_in_round": 1}),
    ):
        door.make.row("ticket_scans", door.tenant, ticket_id=ticket, scanned_at=at, **values)
    door.entered(ticket, ago(minutes=20))


def test_what_an_undone_check_in_was_counted_in_is_forgotten(door: Door) -> None:
    ticket = door.ticket(status="checked_in", check_in_round=2)
    for number, period in ((1, "event"), (2, "day 1")):
        values = {"check_in_round": number, "admission_period": period, "is_first_entry": True}
        given = {"ticket_id": ticket, "scanned_at": ago(minutes=30 - number), **values}
        door.make.row("ticket_scans", door.tenant, **given)
    door.entered(ticket, ago(minutes=10), admission_period="day 2")


def test_a_check_in_that_was_undone_without_a_new_round_admits_but_not_first(door: Door) -> None:
    ticket = door.ticket()
    door.entered(ticket, ago(seconds=20))
    door.put(ticket, status="active", checked_in_at=None)
    answer = door.scan(ticket)
    assert (answer["result"], answer["is_first_entry"]) == ("valid", False)
    assert answer["ticket_status"] == door.read(ticket)["status"] == "checked_in"


# --- what the door says ---


@pytest.mark.parametrize("said", [None, "valid"])
@pytest.mark.parametrize(
    ("status", "result"), [("active", "valid"), ("revoked", "revoked"), ("used", "already_used")]
)
def test_the_door_cannot_say_valid_for_the_database(
    door: Door, said: str | None, status: str, result: str
) -> None:
    assert door.result(door.ticket(status=status), result=said) == result


@pytest.mark.parametrize("said", REFUSALS)
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("another face", "another face"),
        (None, "refused at the door"),
        ("  ", "refused at the door"),
    ],
)
def test_a_refusal_of_the_door_stands(
    door: Door, said: str, words: str | None, reason: str
) -> None:
    ticket = door.ticket()
    before = door.read(ticket)
    answer = door.scan(ticket, result=said, rejection_reason=words)
    assert (answer["result"], answer["rejection_reason"]) == (said, reason)
    assert (answer["is_first_entry"], answer["ticket_status"]) == (False, "active")
    assert door.read(ticket) == before
    assert door.result(ticket) == "valid"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("another face", "the ticket is refunded; another face"),
        (None, "the ticket is refunded"),
        ("", "the ticket is refunded"),
    ],
)
def test_where_both_refuse_the_database_names_the_result(
    door: Door, words: str | None, reason: str
) -> None:
    ticket = door.ticket(status="refunded")
    answer = door.scan(ticket, result="duplicate", rejection_reason=words)
    assert (answer["result"], answer["rejection_reason"]) == ("revoked", reason)


def test_words_of_the_door_do_not_stay_on_an_accepted_scan(door: Door) -> None:
    answer = door.scan(door.ticket(), rejection_reason="looked tired")
    assert answer["rejection_reason"] is door.scans()[0]["rejection_reason"] is None


def test_the_door_may_keep_somebody_in(door: Door) -> None:
    ticket = door.ticket()
    door.entered(ticket, ago(minutes=9))
    assert door.result(ticket, direction="exit", result="invalid") == "invalid"
    door.left(ticket, ago(minutes=1))


# --- let in offline, whatever the rules ---

FORCED = {"offline": True, "forced": True}


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        *((fault, "valid") for fault in ("early", "late", "valid later", "repeated")),
        ("another event", "wrong_event"),
        ("revoked", "revoked"),
        ("status expired", "expired"),
        ("ran out", "expired"),
        ("on offer", "transfer_pending"),
        ("event cancelled", "invalid"),
        ("not issued", "invalid"),
        ("old code", "revoked"),
        ("used", "already_used"),
    ],
)
def test_a_forced_entry_passes_over_times_and_repeats_and_nothing_else(
    db: Session, make: Make, tenant: UUID, *, fault: str, result: str
) -> None:
    parts = FAULTS[fault][2]
    door = Door(db, tenant, **parts.get("event", {}))
    given = {"credential_version": 2, **parts.get("ticket", {})}
    if "elsewhere" in parts:
        given["event_id"] = make.id("events", tenant)
    ticket = door.ticket(**given)
    if "near" in parts:
        near = {"scanned_at": ago(seconds=2), "is_first_entry": True}
        make.row("ticket_scans", tenant, ticket_id=ticket, **near)
    if "offer" in parts:
        door.offer(ticket)
    before = door.read(ticket)

    answer = door.scan(ticket, **FORCED, **parts.get("scan", {}))

    assert answer["result"] == result
    scan = door.scans()[-1]
    assert (scan["forced"], scan["offline"]) == (True, True)
    after = door.read(ticket)
    assert after["scan_count"] - before["scan_count"] == (result == "valid")
    assert after["status"] == ("checked_in" if result == "valid" else before["status"])
    assert answer["is_first_entry"] is (result == "valid" and fault != "repeated")


def test_nobody_is_forced_in_without_a_ticket(door: Door) -> None:
    assert door.result(uuid4(), **FORCED) == "unknown"
    assert door.scans()[0]["forced"]


def test_a_forced_entry_on_a_ticket_that_is_inside_is_not_its_first(door: Door) -> None:
    by_hand, by_event = door.ticket(status="checked_in"), door.ticket()
    door.entered(by_event, ago(minutes=9))
    for ticket, period in ((by_hand, "event"), (by_hand, "day 1"), (by_event, "day 1")):
        answer = door.scan(ticket, **FORCED, admission_period=period)
        assert (answer["result"], answer["is_first_entry"]) == ("valid", False)


def test_a_forced_entry_is_still_one_to_leave_after(door: Door) -> None:
    ticket = door.ticket()
    door.entered(ticket, ago(minutes=9))
    door.entered(ticket, ago(minutes=8), forced=True)
    door.left(ticket, ago(minutes=7))
    assert door.read(ticket)["scan_count"] == 2
    door.entered(ticket, ago(minutes=6))


# --- the same upload again ---


def test_a_repeated_upload_gets_the_stored_answer_and_changes_nothing(door: Door) -> None:
    ticket = door.ticket()
    given = {"device_id": "d", "client_nonce": "n"}
    stored = "SELECT ctid::text, xmin::text, xmax::text FROM ticketing.tickets WHERE id = %s"
    first = door.scan(ticket, **given)
    before = door.db.one(stored, ticket)
    # Whatever else is told differently, it is the same scan.
    second = door.scan(ticket, **given, result="invalid", gate="B", scanned_at=ago(hours=1))
    assert second == {**first, "is_replay": True}
    assert (first["result"], first["is_first_entry"]) == ("valid", True)
    assert len(door.scans()) == 1
    assert door.db.one(stored, ticket) == before


def test_a_repeated_upload_tells_the_status_of_now(door: Door) -> None:
    ticket = door.ticket()
    given = {"device_id": "d", "client_nonce": "n"}
    door.scan(ticket, **given)
    door.put(ticket, status="revoked", status_reason="so")
    answer = door.scan(ticket, **given)
    assert (answer["result"], answer["ticket_status"]) == ("valid", "revoked")


def test_a_refusal_is_repeated_as_it_was(door: Door) -> None:
    ticket = door.ticket(status="sold")
    given = {"device_id": "d", "client_nonce": "n"}
    first = door.scan(ticket, **given)
    door.put(ticket, status="active")
    assert door.scan(ticket, **given) == {
        **first,
        "is_replay": True,
        "ticket_status": "active",
    }
    assert door.result(ticket) == "valid"


@pytest.mark.parametrize(
    "other", [{"device_id": "e"}, {"client_nonce": "m"}, {"device_id": "d", "client_nonce": "N"}]
)
def test_another_device_or_nonce_is_another_scan(door: Door, other: Row) -> None:
    ticket = door.ticket()
    given = {"device_id": "d", "client_nonce": "n"}
    door.scan(ticket, **given)
    answer = door.scan(ticket, **{**given, **other})
    assert (answer["result"], answer["is_replay"]) == ("duplicate", False)


def test_without_a_nonce_every_upload_is_an_attempt(door: Door) -> None:
    ticket, at = door.ticket(), ago(minutes=5)
    assert [door.upload(ticket, at, device_id="d") for _ in range(3)] == [
        *("valid", "duplicate", "duplicate"),
    ]


def test_a_nonce_is_the_devices_within_its_tenant(door: Door, other_tenant: UUID) -> None:
    given = {"device_id": "d", "client_nonce": "n"}
    door.scan(door.ticket(), **given)
    next_door = Door(door.db, other_tenant)
    answer = next_door.scan(next_door.ticket(), **given)
    assert (answer["result"], answer["is_replay"]) == ("valid", False)


def test_a_nonce_of_another_scan_is_refused(door: Door) -> None:
    ticket = door.ticket()
    given = {"device_id": "d", "client_nonce": "n"}
    door.scan(ticket, **given)
    before = door.scans()
    others: tuple[Row, ...] = (
        {"ticket": door.ticket()},
        {"ticket": uuid4()},
        {"ticket": None, "raw_code_hash": "h"},
        {"direction": "exit"},
        {"event": door.make.id("events", door.tenant)},
    )
    for other in others:
        changed = {**given, **other}
        with door.db.refused("TK302") as by:
            door.scan(changed.pop("ticket", ticket), **changed)
        assert "d" in str(by.error.diag.message_primary)
    assert door.scans() == before


# --- an unknown ticket ---


def hashed(ticket: UUID) -> str:
    return hashlib.sha256(str(ticket).encode()).hexdigest()


@pytest.mark.parametrize(
    ("named", "code_hash"), [(True, None), (True, "h"), (False, "h"), (False, "h" * 255)]
)
def test_what_nobody_knows_is_recorded_by_its_hash(
    door: Door, *, named: bool, code_hash: str | None
) -> None:
    ticket = uuid4() if named else None
    answer = door.scan(ticket, raw_code_hash=code_hash)
    (scan,) = door.scans()
    assert answer == {
        "scan_id": scan["id"],
        "result": "unknown",
        "rejection_reason": "there is no such ticket",
        "is_first_entry": False,
        "is_replay": False,
        "ticket_status": None,
    }
    assert scan["ticket_id"] is None
    assert scan["raw_code_hash"] == (code_hash or hashed(ticket or uuid4()))
    assert (scan["event_id"], scan["check_in_round"]) == (door.event, 1)


def test_a_ticket_of_another_tenant_is_as_unknown_as_any(door: Door, other_tenant: UUID) -> None:
    theirs = Door(door.db, other_tenant).ticket()
    before = door.read(theirs)
    ours, unknown = door.scan(theirs), door.scan(uuid4())
    assert {**ours, "scan_id": None} == {**unknown, "scan_id": None}
    assert door.read(theirs) == before
    assert [scan["ticket_id"] for scan in door.scans()] == [None, None]
    assert door.scans()[0]["raw_code_hash"] == hashed(theirs)


def test_a_known_ticket_needs_no_hash(door: Door) -> None:
    door.scan(door.ticket(), raw_code_hash="h")
    assert door.scans()[0]["raw_code_hash"] is None


@pytest.mark.parametrize("way", ["entry", "exit"])
def test_a_repeated_upload_of_an_unknown_ticket_is_recognised(door: Door, way: str) -> None:
    given = {"device_id": "d", "client_nonce": "n", "direction": way}
    unknown = uuid4()
    first = door.scan(unknown, **given)
    assert door.scan(unknown, **given) == {**first, "is_replay": True}
    with door.db.refused("TK302"):
        door.scan(uuid4(), **given)
    with door.db.refused("TK302"):
        door.scan(None, **given, raw_code_hash="h")
    # The ticket has arrived meanwhile; what the door answered stays what it answered.
    door.ticket(id=unknown)
    assert door.scan(unknown, **given) == {**first, "is_replay": True}
    assert len(door.scans()) == 1


def test_the_hash_of_an_unknown_code_tells_scans_apart(door: Door) -> None:
    given = {"device_id": "d", "client_nonce": "n"}
    first = door.scan(None, **given, raw_code_hash="h")
    assert door.scan(None, **given, raw_code_hash="h") == {**first, "is_replay": True}
    # Looked up at last, it is the same code.
    assert door.scan(door.ticket(), **given, raw_code_hash="h")["is_replay"]
    with door.db.refused("TK302"):
        door.scan(None, **given, raw_code_hash="other")


# --- refused calls ---


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"event": None}, "p_event_id"),
        ({"ticket": None}, "p_ticket_id"),
        ({"direction": None}, "p_direction"),
        ({"direction": "through"}, "p_direction"),
        ({"result": "maybe"}, "p_result"),
        ({"result": ""}, "p_result"),
        ({"scanned_at": "infinity"}, "p_scanned_at"),
        ({"scanned_at": "-infinity"}, "p_scanned_at"),
        ({"offline": None}, "p_offline"),
        ({"forced": None}, "p_forced"),
        ({"forced": True}, "p_forced"),
        ({**FORCED, "direction": "exit"}, "p_forced"),
        ({**FORCED, "result": "invalid"}, "p_forced"),
        ({"client_nonce": "n"}, "p_client_nonce"),
        ({"client_nonce": "", "device_id": "d"}, "p_client_nonce"),
        ({"client_nonce": "n" * 256, "device_id": "d"}, "p_client_nonce"),
        ({"admission_period": None}, "p_admission_period"),
        ({"admission_period": ""}, "p_admission_period"),
        ({"admission_period": "p" * 65}, "p_admission_period"),
        *(({"window_seconds": value}, "p_window_seconds") for value in (0, -1, 86_401)),
        *(
            ({name: "x" * 256}, f"p_{name}")
            for name in ("device_id", "gate", "location", "raw_code_hash")
        ),
        ({"metadata": None}, "p_metadata"),
    ],
)
def test_an_argument_that_cannot_be_is_refused_by_name(door: Door, given: Row, fault: str) -> None:
    ticket = door.ticket()
    given = dict(given)
    with door.db.refused("TK001") as by:
        door.scan(given.pop("ticket", ticket), **given)
    assert str(by.error.diag.message_primary).startswith(f"{fault} ")
    assert door.scans() == []
    assert door.read(ticket)["status"] == "active"


@pytest.mark.parametrize(
    "given",
    [
        {**FORCED, "result": "valid"},
        {"client_nonce": "n" * 255, "device_id": "d" * 255},
        {"client_nonce": "n", "device_id": ""},
        {"admission_period": "p" * 64},
        {"window_seconds": 1},
        {"window_seconds": 86_400},
        {"gate": "g" * 255, "location": "l" * 255},
        {"gate": "", "location": "", "user_agent": ""},
        {"metadata": {}},
    ],
)
def test_the_last_allowed_argument_is_accepted(door: Door, given: Row) -> None:
    assert door.result(door.ticket(), **given) == "valid"


def test_an_event_that_the_tenant_does_not_have_is_refused(door: Door, other_tenant: UUID) -> None:
    theirs = Door(door.db, other_tenant).event
    ticket = door.ticket()
    messages = []
    for event in (uuid4(), theirs):
        for shown in (ticket, uuid4()):
            with door.db.refused("TK301") as by:
                door.scan(shown, event=event)
            messages.append(str(by.error.diag.message_primary).replace(str(event), ""))
    assert len(set(messages)) == 1
    assert door.scans() == []


@pytest.mark.parametrize("user_role", ["user", "venue_owner", "stranger"])
def test_a_customer_does_not_scan(door: Door, as_user: Acting, user_role: str) -> None:
    user = door.make.id("users", door.tenant)
    ticket = door.ticket(user_id=user)
    with as_user(door.tenant, user, user_role), door.db.refused("TK303"):
        door.db.one(*call(door.tenant, ticket, door.event, {}))
    assert door.scans() == []


@pytest.mark.parametrize("user_role", ["staff", "scanner", "admin", "superadmin"])
def test_staff_scan_in_their_own_name(door: Door, as_user: Acting, user_role: str) -> None:
    user, ticket = door.make.id("users", door.tenant), door.ticket()
    with as_user(door.tenant, user, user_role):
        answer = door.db.one(*call(door.tenant, ticket, door.event, {}))
    assert answer["result"] == "valid"
    assert door.scans()[0]["scanned_by"] == user
    after = door.read(ticket)
    assert after["checked_in_by"] == after["status_changed_by"] == user


def test_a_worker_scans_for_the_tenant_it_names(door: Door, as_worker: Acting) -> None:
    ticket = door.ticket()
    with as_worker(tenant=door.tenant):
        assert door.db.one(*call(door.tenant, ticket, door.event, {}))["result"] == "valid"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_without_a_tenant_or_for_another_nobody_scans(
    door: Door, other_tenant: UUID, role: str
) -> None:
    ticket = door.ticket()
    query = call(door.tenant, ticket, door.event, {})
    with door.db.acting(role), door.db.refused("TK701"):
        door.db.one(*query)
    with door.db.acting(role, tenant=other_tenant), door.db.refused("TK702"):
        door.db.one(*query)
    with door.db.acting(role, tenant=door.tenant), door.db.refused("TK702"):
        door.db.one(*call(None, ticket, door.event, {}))
    assert door.scans() == []
    assert door.read(ticket)["status"] == "active"


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_readers_and_strangers_do_not_scan(door: Door, role: str) -> None:
    ticket = door.ticket()
    with door.db.acting(role, tenant=door.tenant), door.db.refused("42501"):
        door.db.one(*call(door.tenant, ticket, door.event, {}))


# --- at the same moment ---


class World:
    """A committed event with a ticket, for callers that meet.

    Args:
        database: a database of the test's own.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        with psycopg.connect(database.superuser_url) as connection:
            door = Door(Session(connection), Make(Session(connection)).tenant())
            self.tenant, self.event = door.tenant, door.event
            self.holder = door.make.id("users", door.tenant)
            self.ticket = door.ticket(user_id=self.holder)
            self.other = door.ticket()

    def scan(self, connection: psycopg.Connection, ticket: UUID | None = None, **given: Any) -> str:
        shown = ticket or self.ticket
        query, *values = call(self.tenant, shown, self.event, given)
        return str(Session(connection).one(query, *values)["result"])

    def set_status(self, connection: psycopg.Connection, status: str) -> str:
        """Ends the ticket as a refund or a revocation does: only while it is what it was."""
        for name, value in (("actor_type", "system"), ("status_change_reason", "fraud")):
            connection.execute("SELECT set_config(%s, %s, TRUE)", [f"app.{name}", value])
        done = connection.execute(
            "UPDATE ticketing.tickets SET status = %s, status_reason = 'fraud'"
            " WHERE id = %s AND status = 'active'",
            [status, self.ticket],
        )
        return status if done.rowcount else "too late"

    def offer(self, connection: psycopg.Connection) -> str:
        connection.execute(
            "INSERT INTO ticketing.ticket_transfers (tenant_id, ticket_id, from_user_id, to_email)"
            " VALUES (%s, %s, %s, 'b@example.org')",
            [self.tenant, self.ticket, self.holder],
        )
        return "offered"

    def scans(self) -> Counter[str]:
        with psycopg.connect(self.database.superuser_url) as connection:
            return Counter(row["result"] for row in Session(connection).all(SCANS))

    def read(self) -> Row:
        with psycopg.connect(self.database.superuser_url) as connection:
            return Session(connection).one(READ, self.ticket)

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """Yields a service's connection inside a transaction that ends with the block."""
        with self.database.connect("ts_test_app") as connection, connection.transaction():
            connection.execute(SET_TENANT, [str(self.tenant)])
            yield connection

    def behind(self, act: Callable[[psycopg.Connection], str]) -> Future[str]:
        """Starts an act that must wait for a lock, and returns its result to come."""
        started: Future[int] = Future()
        done: Future[str] = Future()

        def run() -> None:
            try:
                with self.transaction() as connection:
                    started.set_result(connection.info.backend_pid)
                    result = act(connection)
                done.set_result(result)
            except psycopg.Error as error:
                done.set_result(str(error.sqlstate))

        threading.Thread(target=run, daemon=True).start()
        waiting = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
        with self.database.connect() as watcher:
            for _ in range(1000):
                row = watcher.execute(waiting, [started.result(30)]).fetchone()
                if row == (True,) or done.done():
                    break
                time.sleep(0.01)
        assert not done.done(), f"did not wait, and got {done.result()}"
        return done


@pytest.fixture
def world(clone: Database) -> World:
    return World(clone)


def test_the_second_of_two_doors_waits_and_is_told_duplicate(world: World) -> None:
    with world.transaction() as first:
        assert world.scan(first, device_id="gate 1") == "valid"
        second = world.behind(lambda c: world.scan(c, device_id="gate 2"))
    assert second.result(30) == "duplicate"
    assert world.scans() == {"valid": 1, "duplicate": 1}


def test_a_door_whose_transaction_is_rolled_back_has_let_nobody_in(world: World) -> None:
    with world.transaction() as first:
        assert world.scan(first) == "valid"
        second = world.behind(world.scan)
        raise psycopg.Rollback
    assert second.result(30) == "valid"
    assert world.scans() == {"valid": 1}
    assert world.read()["scan_count"] == 1


@pytest.mark.parametrize("gates", [2, 20])
def test_of_many_doors_at_once_one_lets_the_ticket_in(world: World, gates: int) -> None:
    results = race(
        world.database,
        "ts_test_app",
        gates,
        lambda connection, number: world.scan(connection, device_id=f"gate {number}"),
        tenant=world.tenant,
    )
    assert Counter(results) == world.scans() == {"valid": 1, "duplicate": gates - 1}
    assert (world.read()["status"], world.read()["scan_count"]) == ("checked_in", 1)


def test_of_many_doors_at_once_one_lets_the_ticket_out_and_one_in_again(world: World) -> None:
    with world.transaction() as earlier:
        assert world.scan(earlier, offline=True, scanned_at=ago(minutes=5)) == "valid"

    def leave(connection: psycopg.Connection, _: int) -> str:
        return world.scan(connection, direction="exit")

    def enter(connection: psycopg.Connection, _: int) -> str:
        return world.scan(connection)

    for act, refused in ((leave, "invalid"), (enter, "duplicate")):
        results = race(world.database, "ts_test_app", 8, act, tenant=world.tenant)
        assert Counter(results) == {"valid": 1, refused: 7}
    assert world.read()["scan_count"] == 2


def test_devices_that_upload_at_once_and_twice_store_each_scan_once(world: World) -> None:
    at = ago(hours=1)
    scans = [(f"gate {n % 2}", f"scan {n}", at + n * timedelta(minutes=5)) for n in range(6)]

    def upload(_: psycopg.Connection, number: int) -> int:
        # Each upload is a transaction of its own, in an order of the connection's own.
        shuffled = random.Random(number).sample(scans, len(scans))
        for device, nonce, when in shuffled:
            given: Row = {"device_id": device, "client_nonce": nonce, "scanned_at": when}
            with world.transaction() as own:
                world.scan(own, offline=True, **given)
        return number

    assert race(world.database, "ts_test_app", 6, upload) == list(range(6))
    assert world.scans() == {"valid": 1, "already_used": 5}
    assert world.read()["scan_count"] == 1


def test_one_upload_from_many_connections_is_stored_once(world: World) -> None:
    def upload(connection: psycopg.Connection, number: int) -> tuple[str, bool]:
        given = {"device_id": "d", "client_nonce": "n"}
        query, *values = call(world.tenant, world.ticket, world.event, given)
        answer = Session(connection).one(query, *values)
        return answer["result"], answer["is_replay"]

    results = race(world.database, "ts_test_app", 12, upload, tenant=world.tenant)
    assert Counter(results) == {("valid", False): 1, ("valid", True): 11}
    assert world.scans() == {"valid": 1}
    assert world.read()["scan_count"] == 1


def test_one_upload_of_an_unknown_ticket_is_stored_once(world: World) -> None:
    unknown = uuid4()
    given: Row = {"device_id": "d", "client_nonce": "n"}
    with world.transaction() as first:
        assert world.scan(first, unknown, **given) == "unknown"
        second = world.behind(lambda c: world.scan(c, unknown, **given))
    assert second.result(30) == "unknown"
    assert world.scans() == {"unknown": 1}


@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_one_nonce_for_two_tickets_at_once_is_one_scans(world: World, ends: str) -> None:
    given: Row = {"device_id": "d", "client_nonce": "n"}
    with world.transaction() as first:
        assert world.scan(first, **given) == "valid"
        second = world.behind(lambda c: world.scan(c, world.other, **given))
        if ends == "rollback":
            raise psycopg.Rollback
    assert second.result(30) == ("TK302" if ends == "commit" else "valid")
    assert world.scans() == {"valid": 1}


def test_a_ticket_that_is_being_offered_is_not_let_in(world: World) -> None:
    with world.transaction() as first:
        world.offer(first)
        second = world.behind(world.scan)
    assert second.result(30) == "transfer_pending"
    assert world.read()["status"] == "active"


def test_a_ticket_that_is_being_let_in_is_not_offered(world: World) -> None:
    with world.transaction() as first:
        assert world.scan(first) == "valid"
        second = world.behind(world.offer)
    assert second.result(30) == "TK206"
    assert world.read()["status"] == "checked_in"


@pytest.mark.parametrize("status", ["revoked", "refunded", "cancelled"])
def test_a_ticket_that_is_ending_is_not_let_in(world: World, status: str) -> None:
    with world.transaction() as first:
        assert world.set_status(first, status) == status
        second = world.behind(world.scan)
    assert second.result(30) == "revoked"
    assert (world.read()["status"], world.read()["scan_count"]) == (status, 0)


def test_a_ticket_that_is_being_let_in_is_not_refunded_as_unused(world: World) -> None:
    with world.transaction() as first:
        assert world.scan(first) == "valid"
        second = world.behind(lambda c: world.set_status(c, "refunded"))
    assert second.result(30) == "too late"
    assert world.read()["status"] == "checked_in"


def test_doors_an_offer_and_a_refund_in_any_order_agree(world: World) -> None:
    def act(connection: psycopg.Connection, number: int) -> str:
        if number == 0:
            return world.offer(connection)
        if number == 1:
            return world.set_status(connection, "refunded")
        return world.scan(connection)

    got = race(world.database, "ts_test_app", 8, act, tenant=world.tenant)
    results = [r.sqlstate if isinstance(r, psycopg.Error) else r for r in got]
    status = world.read()["status"]
    assert results.count("valid") == (status == "checked_in")
    assert results[1] == ("refunded" if status == "refunded" else "too late")
    if status == "checked_in":
        assert results[0] == "TK206"
    assert sum(world.scans().values()) == 6


def test_doors_of_several_tickets_do_not_wait_for_each_other(world: World) -> None:
    with world.transaction() as first, ThreadPoolExecutor(1) as pool:
        assert world.scan(first) == "valid"

        def scan_other() -> str:
            with world.transaction() as second:
                second.execute("SET LOCAL lock_timeout = '5s'")
                return world.scan(second, world.other)

        assert pool.submit(scan_other).result(30) == "valid"
