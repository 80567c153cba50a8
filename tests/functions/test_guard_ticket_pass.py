"""guard_ticket_pass: what a pass may be made of, and what follows from each change of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.passes import READ, TOKEN, TYPE, bring
from support.races import in_turn
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

INSERT = (
    "INSERT INTO ticketing.ticket_passes (tenant_id, ticket_id, channel)"
    " VALUES (%s, %s, 'apple_wallet') RETURNING id"
)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def change(db: Session, row: UUID, **columns: Any) -> Row:
    sets = ", ".join(f"{column} = %s" for column in columns)
    return db.one(
        f"UPDATE ticketing.ticket_passes SET {sets} WHERE id = %s RETURNING *",
        *columns.values(),
        row,
    )


@pytest.fixture
def row(make: Make, tenant: UUID) -> Row:
    return make.row("ticket_passes", tenant)


# --- a new pass ---


@pytest.mark.parametrize("status", ["sold", "minted", "active", "transferred", "checked_in"])
def test_a_ticket_that_is_held_gets_a_pass_with_the_version_of_its_code(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, status: str
) -> None:
    more: Row = {"checked_in_at": LONG_AGO} if status == "checked_in" else {}
    more |= {"is_nft": True, "token_mint": "7" * 44} if status == "minted" else {}
    user = make.id("users", tenant)
    ticket = make.id("tickets", tenant, status=status, user_id=user, credential_version=7, **more)
    with as_tenant(tenant):
        made = db.value(INSERT, tenant, ticket)
    assert db.one(READ, made)["credential_version"] == 7


@pytest.mark.parametrize(
    "status", ["available", "reserved", "used", "revoked", "refunded", "expired", "cancelled"]
)
def test_a_ticket_that_nobody_holds_or_that_ended_gets_none(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, status: str
) -> None:
    more: Row = {"user_id": make.id("users", tenant)} if status == "used" else {}
    ticket = make.id(
        "tickets", tenant, status=status, status_reason="why", checked_in_at=LONG_AGO, **more
    )
    with as_tenant(tenant), db.refused("TK742"):
        db.value(INSERT, tenant, ticket)


def test_a_ticket_of_another_tenant_is_the_foreign_keys_to_refuse(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting
) -> None:
    theirs = make.held_ticket(other_tenant)
    with as_tenant(tenant):
        for ticket in (theirs, uuid4()):
            with db.refused("23503", "fk_ticket_passes_ticket_id"):
                db.value(INSERT, tenant, ticket)
        with db.refused("42501"):
            db.value(INSERT, other_tenant, theirs)


def test_a_customer_makes_passes_of_own_tickets_alone(
    db: Session, make: Make, tenant: UUID, as_user: Acting
) -> None:
    user = make.id("users", tenant)
    own, other = make.held_ticket(tenant, user), make.held_ticket(tenant)
    with as_user(tenant, user):
        assert db.value(INSERT, tenant, own)
        with db.refused("TK741"):
            db.value(INSERT, tenant, other)


def test_a_customer_changes_no_pass_but_by_what_happens_to_the_ticket(
    db: Session, make: Make, tenant: UUID, as_user: Acting
) -> None:
    user = make.id("users", tenant)
    ticket = make.held_ticket(tenant, user)
    row = make.id("ticket_passes", tenant, ticket_id=ticket)
    with as_user(tenant, user):
        for columns in ({"pass_version": 2}, {"attempts": 1}, {"voided_at": LONG_AGO}):
            with db.refused("TK745"):
                change(db, row, **columns)
    with as_user(tenant, user, user_role="staff"):
        assert change(db, row, attempts=1)["attempts"] == 1
    # Where a customer may change what the pass shows, the pass follows all the same.
    with db.unguarded("tickets", "10_guard_holder"), as_user(tenant, user):
        assert db.run("UPDATE ticketing.tickets SET seat = '9' WHERE id = %s", ticket) == 1
    assert db.one(READ, row)["pass_version"] == 2


# --- what does not change ---


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", UUID(int=1)),
        ("ticket_id", UUID(int=1)),
        ("channel", "google_wallet"),
        ("serial_number", "another"),
        ("created_at", LONG_AGO),
    ],
)
def test_what_a_wallet_knows_the_pass_by_is_fixed(
    db: Session, row: Row, column: str, value: object
) -> None:
    with db.refused("TK002"):
        change(db, row["id"], **{column: value})


@pytest.mark.parametrize(
    ("column", "value", "other"),
    [
        ("pass_type_id", TYPE, "pass.org.example.other"),
        ("auth_token_hash", TOKEN, "cd" * 32),
        ("voided_at", LONG_AGO, datetime(2021, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_is_given_once_stays(
    db: Session,
    *,
    tenant: UUID,
    row: Row,
    as_worker: Acting,
    column: str,
    value: object,
    other: object,
) -> None:
    with as_worker(tenant=tenant):
        first = change(db, row["id"], **{column: value})[column]
        assert change(db, row["id"], **{column: first})[column] == first
        for changed in (other, None):
            with db.refused("TK002"):
                change(db, row["id"], **{column: changed})


def test_the_version_of_what_it_shows_does_not_fall(db: Session, row: Row) -> None:
    assert change(db, row["id"], pass_version=5)["pass_version"] == 5
    assert change(db, row["id"], pass_version=5)["pass_version"] == 5
    with db.refused("TK002"):
        change(db, row["id"], pass_version=4)


@pytest.mark.parametrize(
    ("column", "value"), [("claim_number", 9), ("produced_at", LONG_AGO), ("produced_xid", "9")]
)
def test_what_the_trigger_keeps_is_nobody_elses(
    db: Session, *, tenant: UUID, row: Row, as_worker: Acting, column: str, value: object
) -> None:
    assert change(db, row["id"], **{column: value})[column] == row[column]
    with as_worker(tenant=tenant), db.refused("42501"):
        change(db, row["id"], **{column: value})


# --- built anew ---


@pytest.mark.parametrize("status", ["produced", "sent", "failed"])
def test_a_higher_version_is_built_from_the_start(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, status: str
) -> None:
    row = make.row(
        "ticket_passes",
        tenant,
        status=status,
        attempts=9,
        max_attempts=9,
        next_attempt_at=datetime(2100, 1, 1, tzinfo=UTC),
    )
    with as_worker(tenant=tenant):
        after = change(db, row["id"], pass_version=2)
        now = db.value("SELECT clock_timestamp()")
    assert (after["status"], after["pass_version"]) == ("pending", 2)
    assert (after["attempts"], after["max_attempts"]) == (0, 10)
    assert after["error_message"] is None
    assert row["created_at"] < after["next_attempt_at"] < now
    assert after["produced_at"] == row["produced_at"]
    assert after["delivered_at"] == row["delivered_at"]


@pytest.mark.parametrize("status", ["produced", "sent"])
def test_going_back_by_hand_is_a_new_version(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, status: str
) -> None:
    row = make.id("ticket_passes", tenant, status=status)
    with as_worker(tenant=tenant):
        assert change(db, row, status="pending")["pass_version"] == 2


def test_a_retry_is_no_new_version(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = make.id("ticket_passes", tenant, status="failed", attempts=3)
    with as_worker(tenant=tenant):
        after = change(db, row, status="pending")
    assert (after["pass_version"], after["attempts"]) == (1, 3)
    assert after["error_message"] == "the signer is away"


def test_a_live_claim_outlives_a_change(db: Session, tenant: UUID, row: Row) -> None:
    before = bring(db, tenant, row, "claimed")
    after = change(db, row["id"], pass_version=2)
    for column in ("claimed_by", "claimed_until", "claim_number"):
        assert after[column] == before[column] is not None


# --- void ---


@pytest.mark.parametrize(
    ("status", "known", "attempts"),
    [
        ("pending", {}, 0),
        ("failed", {}, 0),
        ("produced", {}, 0),
        ("produced", {"sending_version": 1}, 10),
        ("pending", {"produced_at": LONG_AGO, "delivered_at": LONG_AGO}, 10),
        ("sent", {}, 10),
    ],
)
def test_a_void_pass_is_built_once_more_for_those_who_may_have_it_and_for_nobody_else(
    db: Session, make: Make, tenant: UUID, *, status: str, known: Row, attempts: int
) -> None:
    row = make.row("ticket_passes", tenant, status=status, **known)
    after = change(db, row["id"], voided_at=LONG_AGO)
    assert after["voided_at"] > row["created_at"]
    assert (after["status"], after["pass_version"]) == ("pending", 2)
    assert after["max_attempts"] == attempts


def test_a_void_pass_stays_at_rest_when_its_version_is_raised(db: Session, row: Row) -> None:
    change(db, row["id"], voided_at=LONG_AGO)
    assert change(db, row["id"], pass_version=9)["max_attempts"] == 0


# --- steps ---


@pytest.mark.parametrize(
    ("before", "after", "stamped", "attempts"),
    [
        ("pending", "produced", "produced_at", 0),
        ("produced", "sent", "delivered_at", 0),
        ("pending", "failed", "updated_at", 4),
        ("produced", "failed", "updated_at", 4),
    ],
)
def test_a_step_is_stamped_and_ends_the_claim(
    db: Session,
    make: Make,
    *,
    tenant: UUID,
    as_worker: Acting,
    before: str,
    after: str,
    stamped: str,
    attempts: int,
) -> None:
    row = make.row(
        "ticket_passes",
        tenant,
        status=before,
        attempts=4,
        claimed_by="w1",
        claimed_until=datetime(2100, 1, 1, tzinfo=UTC),
        claim_number=1,
    )
    with as_worker(tenant=tenant, reason="no answer"):
        start = db.value("SELECT clock_timestamp()")
        done = change(db, row["id"], status=after, error_message=" ")
        end = db.value("SELECT clock_timestamp()")
    assert start < done[stamped] < end
    assert (done["claimed_by"], done["claimed_until"], done["claim_number"]) == (None, None, 1)
    assert done["attempts"] == attempts
    assert done["error_message"] == ("no answer" if after == "failed" else None)
    assert done["pass_version"] == 1


def test_the_transaction_of_the_production_is_kept(
    db: Session, row: Row, tenant: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        change(db, row["id"], status="produced")
    assert db.value(
        "SELECT produced_xid = pg_current_xact_id() FROM ticketing.ticket_passes WHERE id = %s",
        row["id"],
    )


# --- claims ---


def test_claims_are_numbered_and_a_live_one_is_nobody_elses(
    db: Session, row: Row, tenant: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        now = db.value("SELECT clock_timestamp()")
        hour = timedelta(hours=1)
        first = change(db, row["id"], claimed_by="w1", claimed_until=now + hour)
        longer = change(db, row["id"], claimed_until=now + 2 * hour)
        assert (first["claim_number"], longer["claim_number"]) == (1, 1)
        with db.refused("TK744"):
            change(db, row["id"], claimed_by="w2", claimed_until=now + hour)
        change(db, row["id"], claimed_until=now)
        for number, worker in ((2, "w2"), (3, "w2")):
            again = change(db, row["id"], claimed_by=worker, claimed_until=now + number * hour)
            assert again["claim_number"] == number
            change(db, row["id"], claimed_until=now)


# --- callers that meet ---


@pytest.mark.parametrize(
    "meanwhile",
    [
        "UPDATE ticketing.events SET starts_at = starts_at + interval '1 hour',"
        " ends_at = ends_at + interval '1 hour', version = version + 1",
        "UPDATE ticketing.tickets SET qr_code = 'new', credential_version = 2",
    ],
    ids=["event", "ticket"],
)
@pytest.mark.parametrize("change_first", [True, False])
def test_a_pass_that_is_made_while_its_ticket_changes_misses_nothing(
    clone: Database, meanwhile: str, *, change_first: bool
) -> None:
    """Either the change sees the pass, or the pass is made of what is new."""
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        ticket = make.held_ticket(tenant)

    def changing(connection: psycopg.Connection) -> None:
        connection.execute(meanwhile.encode())

    def making(connection: psycopg.Connection) -> None:
        connection.execute(INSERT.encode(), [tenant, ticket])

    order = (changing, making) if change_first else (making, changing)
    _, answer, waited = in_turn(clone, "ts_test_worker", *order, tenant=tenant)
    assert answer is None
    assert waited
    with psycopg.connect(clone.superuser_url) as connection:
        row = Session(connection).one("SELECT * FROM ticketing.ticket_passes")
    assert row["pass_version"] == (1 if change_first else 2)
    if change_first and "qr_code" in meanwhile:
        assert row["credential_version"] == 2


def test_a_ticket_that_ends_leaves_no_living_pass(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        ticket = make.held_ticket(tenant)
    end = b"UPDATE ticketing.tickets SET status = 'refunded', status_reason = 'x'"
    insert = INSERT.encode()
    _, answer, waited = in_turn(
        clone,
        "ts_test_app",
        lambda connection: connection.execute(end).rowcount,
        lambda connection: connection.execute(insert, [tenant, ticket]).rowcount,
        tenant=tenant,
    )
    assert waited
    assert isinstance(answer, psycopg.Error)
    assert answer.sqlstate == "TK742"
