"""Wallet passes as a batch sees them: run twice, killed in between, and the ticket moving on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from psycopg.rows import dict_row

from support.databases import Database
from support.factories import Make, Row
from support.passes import READ, TOKEN, TYPE
from support.races import race
from support.session import Session
from support.walks import Walk, walk

if TYPE_CHECKING:
    from conftest import Acting

IMPORT = """
    SELECT outcome FROM ticketing.import_external_ticket(
        'ticket_tailor', %s, %s, %s, %s, p_status => %s
    )
"""
CLAIM = "SELECT * FROM ticketing.claim_ticket_passes(%s, %s, 100, %s)"
PRODUCED = "SELECT ticketing.mark_ticket_pass_produced(%s, %s, %s, '{}', %s, %s)"
SENT = "SELECT ticketing.mark_ticket_pass_sent(%s, %s, %s)"
OVER = (
    "UPDATE ticketing.ticket_passes SET claimed_until = clock_timestamp()"
    " WHERE claimed_until > clock_timestamp()"
)


@dataclass
class Outside:
    """The world that a batch cannot roll back: what was built, and what went out."""

    built: list[tuple[UUID, int]] = field(default_factory=list)
    mailed: list[tuple[UUID, int]] = field(default_factory=list)


class Batch:
    """A run of the batch: import, build, deliver, each call a transaction of its own."""

    def __init__(self, target: Database, tenant: UUID, outside: Outside, name: str = "w1") -> None:
        self.connection = target.connect("ts_test_worker")
        self.connection.row_factory = dict_row  # type: ignore[assignment]
        self.connection.execute(
            "SELECT set_config('app.current_tenant_id', %s, FALSE)", [str(tenant)]
        )
        self.outside, self.name = outside, name

    def rows(self, query: str, *values: object) -> list[Row]:
        return self.connection.execute(query.encode(), values).fetchall()  # type: ignore[return-value]

    def value(self, query: str, *values: object) -> object:
        ((value,),) = (row.values() for row in self.rows(query, *values))
        return value

    def build(self, lease: str = "1 minute") -> list[Row]:
        """Claims and builds, without saying so yet."""
        rows = self.rows(CLAIM, self.name, "produce", lease)
        self.outside.built += [(row["id"], row["pass_version"]) for row in rows]
        return rows

    def say_built(self, rows: list[Row]) -> list[object]:
        return [
            self.value(PRODUCED, row["id"], row["claim_number"], row["pass_version"], TYPE, TOKEN)
            for row in rows
        ]

    def deliver(self, lease: str = "1 minute") -> list[Row]:
        """Claims and sends, without saying so yet."""
        rows = self.rows(CLAIM, self.name, "send", lease)
        self.outside.mailed += [(row["id"], row["pass_version"]) for row in rows]
        return rows

    def say_sent(self, rows: list[Row]) -> list[object]:
        return [
            self.value(SENT, row["id"], row["claim_number"], row["pass_version"]) for row in rows
        ]

    def run(self) -> None:
        self.say_built(self.build())
        self.say_sent(self.deliver())

    def close(self) -> None:
        self.connection.close()


@dataclass
class Service:
    """A tenant with so many imported tickets, and what it takes to import more."""

    target: Database
    tenant: UUID
    kind: Row
    outside: Outside = field(default_factory=Outside)
    batches: list[Batch] = field(default_factory=list)

    def batch(self, name: str = "w1") -> Batch:
        self.batches.append(Batch(self.target, self.tenant, self.outside, name))
        return self.batches[-1]

    def bring_in(self, batch: Batch, count: int, status: str = "valid") -> Counter[str]:
        return Counter(
            str(
                batch.value(
                    IMPORT,
                    f"it_{number}",
                    self.kind["event_id"],
                    self.kind["id"],
                    f"a{number}@example.org",
                    status,
                )
            )
            for number in range(count)
        )


@pytest.fixture
def service(clone: Database) -> Iterator[Service]:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        made = Service(clone, tenant, make.row("ticket_types", tenant))
    yield made
    for batch in made.batches:
        batch.close()


def statuses(service: Service) -> Counter[str]:
    with service.target.connect() as connection:
        rows = connection.execute("SELECT status FROM ticketing.ticket_passes").fetchall()
    return Counter(row[0] for row in rows)


def kill(service: Service, victim: Batch) -> None:
    """Ends a worker's session as the server sees it, in the middle of its work."""
    with service.target.connect() as superuser:
        pid = victim.connection.info.backend_pid
        row = superuser.execute("SELECT pg_terminate_backend(%s, 10000)", [pid]).fetchone()
    assert row == (True,)


def lapse(service: Service) -> None:
    with service.target.connect() as superuser:
        superuser.execute(OVER.encode())


def test_a_batch_that_is_run_twice_sends_once(service: Service) -> None:
    batch = service.batch()
    for outcome in ("imported", "unchanged", "unchanged"):
        assert service.bring_in(batch, 3) == {outcome: 3}
        batch.run()
        assert statuses(service) == {"sent": 6}
    assert len(service.outside.built) == len(service.outside.mailed) == 6
    assert set(Counter(service.outside.mailed).values()) == {1}


def test_only_new_tickets_are_built_and_sent(service: Service) -> None:
    batch = service.batch()
    service.bring_in(batch, 2)
    batch.run()
    assert service.bring_in(batch, 3) == {"unchanged": 2, "imported": 1}
    batch.run()
    assert len(service.outside.mailed) == 6
    assert set(Counter(service.outside.mailed).values()) == {1}


def test_two_batches_at_once_send_once(service: Service) -> None:
    first = service.batch()
    service.bring_in(first, 20)

    def act(_connection: psycopg.Connection, number: int) -> int:
        batch = service.batch(f"w{number}")
        for _ in range(3):
            batch.run()
        return 1

    assert race(service.target, "ts_test_worker", 2, act) == [1, 1]
    assert statuses(service) == {"sent": 40}
    assert set(Counter(service.outside.mailed).values()) == {1}


def test_a_worker_that_is_killed_between_building_and_saying_so_loses_nothing(
    service: Service,
) -> None:
    first, second = service.batch("w1"), service.batch("w2")
    service.bring_in(first, 2)
    rows = first.build()
    kill(service, first)
    with pytest.raises(psycopg.OperationalError):
        first.say_built(rows)
    second.run()
    assert statuses(service) == {"pending": 4}
    lapse(service)
    second.run()
    second.run()
    assert statuses(service) == {"sent": 4}
    assert len(service.outside.built) == 8
    assert sorted(Counter(service.outside.mailed).values()) == [1] * 4


def test_a_worker_that_is_killed_between_sending_and_saying_so_sends_nothing_twice(
    service: Service,
) -> None:
    first, second = service.batch("w1"), service.batch("w2")
    service.bring_in(first, 2)
    first.say_built(first.build())
    rows = first.deliver()
    kill(service, first)
    with pytest.raises(psycopg.OperationalError):
        first.say_sent(rows)
    for _ in range(2):
        lapse(service)
        second.run()
    assert statuses(service) == {"produced": 4}
    assert sorted(Counter(service.outside.mailed).values()) == [1] * 4
    # Whoever finds out that the mails went out says so in the dead worker's place.
    assert second.say_sent(rows) == ["sent"] * 4


def test_a_worker_that_is_killed_before_it_commits_its_claim_has_sent_nothing(
    service: Service,
) -> None:
    """The claim is what forbids a second delivery, so it must stand before the first."""
    first, second = service.batch("w1"), service.batch("w2")
    service.bring_in(first, 1)
    first.say_built(first.build())
    first.connection.execute("BEGIN")
    first.rows(CLAIM, "w1", "send", "1 minute")
    kill(service, first)
    second.run()
    assert statuses(service) == {"sent": 2}


@pytest.mark.parametrize(
    ("change", "void"),
    [
        ("UPDATE ticketing.tickets SET qr_code = 'new', credential_version = 2", False),
        ("UPDATE ticketing.tickets SET purchaser_email = 'b@example.org'", False),
        ("UPDATE ticketing.events SET name = 'moved', version = version + 1", False),
        ("UPDATE ticketing.tickets SET status = 'cancelled', status_reason = 'rain'", True),
    ],
    ids=["code", "holder", "event", "void"],
)
@pytest.mark.parametrize("moment", ["building", "built", "sending", "sent"])
def test_a_change_at_any_moment_reaches_whoever_should_have_it(
    service: Service, moment: str, change: str, *, void: bool
) -> None:
    """Whatever the worker says of the older version, the newer one goes out in the end."""
    batch, late = service.batch("w1"), service.batch("w2")
    service.bring_in(batch, 1)

    def happen() -> None:
        with service.target.connect() as superuser:
            superuser.execute("SET app.actor_type = 'system'")
            superuser.execute(change.encode())

    rows = batch.build()
    if moment == "building":
        happen()
    said = batch.say_built(rows)
    assert said == ["outdated" if moment == "building" else "produced"] * 2
    if moment == "built":
        happen()
    if moment in ("sending", "sent"):
        rows = batch.deliver()
        if moment == "sending":
            happen()
        assert batch.say_sent(rows) == ["outdated" if moment == "sending" else "sent"] * 2
        if moment == "sent":
            happen()
    went_out = list(service.outside.mailed)
    for _ in range(2):
        late.run()
    with service.target.connect() as superuser:
        found = Session(superuser).all("SELECT * FROM ticketing.ticket_passes")
    living = [row for row in found if row["voided_at"] is None]
    assert len(living) == (0 if void else 2)
    assert {row["pass_version"] for row in found} == {2}
    for row in found:
        due = void and not went_out
        assert row["status"] == ("pending" if due else "sent")
        mails = [version for made, version in service.outside.mailed if made == row["id"]]
        assert mails == ([] if due else [1, 2] if (row["id"], 1) in went_out else [2])


def test_voided_upstream_reaches_the_pass(service: Service) -> None:
    batch = service.batch()
    service.bring_in(batch, 1)
    batch.run()
    assert service.bring_in(batch, 1, "voided") == {"voided": 1}
    batch.run()
    for _ in range(2):
        assert service.bring_in(batch, 1, "voided") == {"unchanged": 1}
        batch.run()
    assert sorted(version for _, version in service.outside.mailed) == [1, 1, 2, 2]


def test_what_was_produced_already_can_be_asked_for_by_the_ids_of_the_source(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    user = make.id("users", tenant)
    for number, status in enumerate(("pending", "produced", "sent", "failed")):
        ticket = make.id(
            "tickets",
            tenant,
            status="active",
            user_id=user,
            external_source="ticket_tailor",
            external_id=f"it_{number}",
        )
        make.row("ticket_passes", tenant, ticket_id=ticket, status=status)
    with as_tenant(tenant):
        rows = db.all(
            """
            SELECT t.external_id, p.channel
            FROM ticketing.tickets AS t
            INNER JOIN ticketing.ticket_passes AS p
                ON t.tenant_id = p.tenant_id AND t.id = p.ticket_id
            WHERE t.external_source = 'ticket_tailor' AND p.status IN ('produced', 'sent')
            ORDER BY t.external_id
            """
        )
    assert rows == [
        {"external_id": "it_1", "channel": "apple_wallet"},
        {"external_id": "it_2", "channel": "apple_wallet"},
    ]


# --- random walks ---

WHICH = st.integers(0, 2)


class Passes(Walk):
    """Three tickets with a pass each, workers that live and die, and what holders have by now.

    The model counts for each pass which versions were sent, as the world outside would.
    """

    @initialize()
    def begin(self) -> None:
        make = self.start()
        self.make = make
        self.tickets = [make.held_ticket(self.tenant) for _ in range(3)]
        for ticket in self.tickets:
            make.row("ticket_passes", self.tenant, ticket_id=ticket)
        self.held: dict[UUID, Row] = {}
        self.mailed: Counter[tuple[UUID, int]] = Counter()

    def _service(self, query: str, *values: object) -> list[Row]:
        with self.db.acting("ticketing_worker", tenant=self.tenant):
            return self.db.all(query, *values)

    @rule(step=st.sampled_from(["produce", "send"]))
    def claim(self, step: str) -> None:
        query = "SELECT * FROM ticketing.claim_ticket_passes('w', %s, 1)"
        for row in self._service(query, step):
            assert self.held.get(row["id"], {}).get("live") is not True
            self.held[row["id"]] = {**row, "live": True, "step": step}
            if step == "send":
                self.mailed[row["id"], row["pass_version"]] += 1

    @rule(which=st.integers(0, 9))
    def answer(self, which: int) -> None:
        live = sorted(key for key, one in self.held.items() if one["live"])
        if not live:
            return
        one = self.held[live[which % len(live)]]
        query = PRODUCED if one["step"] == "produce" else SENT
        more = (TYPE, None) if one["step"] == "produce" else ()
        values = one["id"], one["claim_number"], one["pass_version"]
        ((answer,),) = (row.values() for row in self._service(query, *values, *more))
        now = self.db.one(READ, one["id"])
        outdated = now["pass_version"] > one["pass_version"]
        assert (answer == "outdated") is outdated
        assert now["claimed_by"] is None
        one["live"] = False

    @rule(which=st.integers(0, 9))
    def die(self, which: int) -> None:
        live = sorted(key for key, one in self.held.items() if one["live"])
        if live:
            made = live[which % len(live)]
            self.db.run(f"{OVER} AND id = %s", made)
            self.held[made]["live"] = False

    @rule(which=WHICH)
    def rotate(self, which: int) -> None:
        change = "UPDATE ticketing.tickets SET credential_version = credential_version + 1"
        self.db.run(f"{change} WHERE id = %s", self.tickets[which])

    @rule(which=WHICH)
    def hand_on(self, which: int) -> None:
        user = self.make.id("users", self.tenant)
        change = "UPDATE ticketing.tickets SET user_id = %s WHERE id = %s"
        self.db.run(change, user, self.tickets[which])

    @rule(which=WHICH)
    def end(self, which: int) -> None:
        with self.db.saying(actor="system", reason="rain"):
            self.db.run(
                "UPDATE ticketing.tickets SET status = 'cancelled'"
                " WHERE id = %s AND status = 'active'",
                self.tickets[which],
            )

    @invariant()
    def no_version_was_sent_twice(self) -> None:
        if hasattr(self, "mailed"):
            assert all(count == 1 for count in self.mailed.values())

    @invariant()
    def whoever_has_an_old_version_is_still_owed_the_new_one(self) -> None:
        if not hasattr(self, "mailed"):
            return
        for row in self.db.all("SELECT * FROM ticketing.ticket_passes"):
            if row["status"] == "sent":
                assert self.mailed[row["id"], row["pass_version"]] == 1
            elif row["voided_at"] is None or row["delivered_at"] is not None:
                assert row["attempts"] < row["max_attempts"]

    @invariant()
    def a_living_pass_for_a_living_ticket_and_none_for_a_dead_one(self) -> None:
        if not hasattr(self, "mailed"):
            return
        rows = self.db.all(
            """
            SELECT t.status, count(p.id) FILTER (WHERE p.voided_at IS NULL) AS living
            FROM ticketing.tickets AS t
            INNER JOIN ticketing.ticket_passes AS p ON p.ticket_id = t.id
            GROUP BY t.id, t.status
            """
        )
        assert all(row["living"] == (row["status"] == "active") for row in rows)


def test_random_walks_send_no_version_twice_and_owe_nobody_a_change(db: Session) -> None:
    walk(Passes, db, examples=30, steps=25)
