"""guard_ticket_transfer: who may offer which ticket, and until when the offer stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

OFFER = """
    INSERT INTO ticketing.ticket_transfers (
        tenant_id, ticket_id, from_user_id, to_email, transfer_type
    ) VALUES (%s, %s, %s, 'friend@example.org', %s)
"""
READ = "SELECT * FROM ticketing.ticket_transfers WHERE id = %s"


@pytest.fixture
def holder(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


def held(make: Make, tenant: UUID, holder: UUID, **given: Any) -> UUID:
    return make.id("tickets", tenant, **{"status": "active", "user_id": holder, **given})


def offer(db: Session, tenant: UUID, ticket: UUID, holder: UUID, kind: str = "gift") -> int:
    return db.run(OFFER, tenant, ticket, holder, kind)


@pytest.mark.parametrize("status", ["active", "transferred"])
def test_the_holder_of_a_usable_ticket_may_offer_it(
    db: Session, make: Make, tenant: UUID, *, holder: UUID, as_tenant: Acting, status: str
) -> None:
    ticket = held(make, tenant, holder, status=status)
    with as_tenant(tenant):
        assert offer(db, tenant, ticket, holder) == 1


@pytest.mark.parametrize(
    "status",
    ["sold", "minted", "checked_in", "used", "revoked", "refunded", "expired", "cancelled"],
)
def test_no_other_ticket_may_be_offered(
    db: Session, make: Make, tenant: UUID, *, holder: UUID, as_tenant: Acting, status: str
) -> None:
    ticket = held(
        *(make, tenant, holder),
        status=status,
        status_reason="over",
        checked_in_at=datetime.now(UTC),
        is_nft=True,
        token_mint="7" * 44,
    )
    for kind in ("gift", "resale", "admin", "correction"):
        with as_tenant(tenant), db.refused("TK206") as refused:
            offer(db, tenant, ticket, holder, kind)
        assert status in str(refused.error)


@pytest.mark.parametrize("kind", ["gift", "admin"])
def test_nobody_offers_a_ticket_of_somebody_else(
    db: Session, make: Make, tenant: UUID, *, holder: UUID, as_tenant: Acting, kind: str
) -> None:
    ticket = held(make, tenant, holder)
    stranger = make.id("users", tenant)
    with as_tenant(tenant), db.refused("TK206"):
        offer(db, tenant, ticket, stranger, kind)


def test_a_ticket_without_a_holder_is_nobodys_to_offer(
    db: Session, make: Make, tenant: UUID, holder: UUID, as_tenant: Acting
) -> None:
    ticket = make.id("tickets", tenant, status="active", purchaser_email="a@example.org")
    with as_tenant(tenant), db.refused("TK206"):
        offer(db, tenant, ticket, holder)


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        pytest.param({"is_transferable": False}, True, id="not transferable"),
        pytest.param({"max_transfers": 0}, True, id="none allowed"),
        pytest.param({"max_transfers": 2, "transfer_count": 2}, True, id="used up"),
        pytest.param({"max_transfers": 2, "transfer_count": 1}, False, id="one left"),
        pytest.param({"max_transfers": None, "transfer_count": 99}, False, id="no limit"),
    ],
)
def test_limits_bind_holders_and_not_staff(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    holder: UUID,
    as_tenant: Acting,
    given: Row,
    refused: bool,
) -> None:
    ticket = held(make, tenant, holder, **given)
    for kind, bound in (("gift", True), ("resale", True), ("admin", False), ("correction", False)):
        with as_tenant(tenant), db.connection.transaction(force_rollback=True):
            if refused and bound:
                with db.refused("TK206"):
                    offer(db, tenant, ticket, holder, kind)
            else:
                assert offer(db, tenant, ticket, holder, kind) == 1


def test_a_customer_offers_their_own_and_learns_nothing_about_others(
    db: Session, make: Make, tenant: UUID, holder: UUID, as_user: Acting
) -> None:
    mine = held(make, tenant, holder)
    other = held(make, tenant, make.id("users", tenant))
    with as_user(tenant, holder):
        assert offer(db, tenant, mine, holder) == 1
        texts = set()
        for ticket in (other, uuid4()):
            with db.refused("TK206") as refused:
                offer(db, tenant, ticket, holder)
            texts.add(str(refused.error).replace(str(ticket), ""))
        assert len(texts) == 1


@pytest.mark.parametrize("kind", ["admin", "correction"])
@pytest.mark.parametrize(("user_role", "may"), [("user", False), ("staff", True)])
def test_no_customer_makes_a_transfer_of_staff(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    holder: UUID,
    as_user: Acting,
    kind: str,
    user_role: str,
    may: bool,
) -> None:
    ticket = held(make, tenant, holder)
    with as_user(tenant, holder, user_role):
        if may:
            assert offer(db, tenant, ticket, holder, kind) == 1
            return
        with db.refused("TK229"):
            offer(db, tenant, ticket, holder, kind)
        assert offer(db, tenant, ticket, holder) == 1
        with db.refused("TK229"):
            db.run("UPDATE ticketing.ticket_transfers SET transfer_type = %s", kind)
    db.run("UPDATE ticketing.ticket_transfers SET transfer_type = %s", kind)
    with as_user(tenant, holder, user_role):
        assert db.run("UPDATE ticketing.ticket_transfers SET message = 'enjoy'") == 1


def test_a_ticket_of_another_tenant_is_no_ticket(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, holder: UUID, as_tenant: Acting
) -> None:
    foreign = held(make, other_tenant, make.id("users", other_tenant))
    with as_tenant(tenant), db.refused("23503", "fk_ticket_transfers_ticket_id"):
        offer(db, tenant, foreign, holder)


def test_two_offers_at_once_leave_one(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        holder = make.id("users", tenant)
        ticket = held(make, tenant, holder)
    answers = race(
        clone,
        "ts_test_app",
        8,
        lambda connection, _: connection.execute(OFFER, [tenant, ticket, holder, "gift"]).rowcount,
        tenant=tenant,
    )
    assert answers.count(1) == 1
    errors = [answer for answer in answers if isinstance(answer, psycopg.Error)]
    assert {error.diag.constraint_name for error in errors} == {"uq_ticket_transfers_one_open"}


# --- what it costs ---


def priced(kind: str, cents: int, currency: str) -> tuple[str, list[object]]:
    return "(transfer_type, price_cents, currency) = (%s, %s, %s)", [kind, cents, currency]


@pytest.mark.parametrize(
    ("kind", "cents", "currency", "code"),
    [
        ("resale", 5000, "EUR", None),
        ("resale", 5001, "EUR", "TK225"),
        ("admin", 5001, "EUR", None),
        ("resale", 1, "USD", "TK226"),
        ("gift", 0, "USD", None),
    ],
)
def test_a_price_keeps_to_the_ticket_whenever_it_is_written(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    holder: UUID,
    as_tenant: Acting,
    kind: str,
    cents: int,
    currency: str,
    code: str | None,
) -> None:
    ticket = held(make, tenant, holder, currency="EUR", max_resale_price_cents=5000)
    insert = """
        INSERT INTO ticketing.ticket_transfers (
            tenant_id, ticket_id, from_user_id, to_email, transfer_type, price_cents, currency
        ) VALUES (%s, %s, %s, 'friend@example.org', %s, %s, %s)
    """
    first = tenant, ticket, holder
    columns, values = priced(kind, cents, currency)
    for way in ("insert", "update"):
        with as_tenant(tenant), db.connection.transaction(force_rollback=True):
            if way == "insert":
                statement, given = insert, [*first, kind, cents, currency]
            else:
                db.run(insert, *first, "gift", 0, "EUR")
                statement, given = f"UPDATE ticketing.ticket_transfers SET {columns}", values
            if code is None:
                assert db.run(statement, *given) == 1
            else:
                with db.refused(code):
                    db.run(statement, *given)


# --- what is in flight on the chain ---

CONFIRM = """
    UPDATE ticketing.pending_transactions
    SET status = 'confirmed', commitment = 'finalized', slot = 7, confirmed_at = now(),
        error_code = NULL
    WHERE id = %s
"""


def in_flight(make: Make, tenant: UUID, ticket: UUID, **given: Any) -> UUID:
    return make.id("pending_transactions", tenant, ticket_id=ticket, **given)


@pytest.mark.parametrize("status", ["pending", "confirming"])
@pytest.mark.parametrize("kind", ["mint", "transfer", "burn", "metadata_update"])
def test_a_ticket_with_a_transaction_in_flight_is_not_offered(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    holder: UUID,
    as_tenant: Acting,
    status: str,
    kind: str,
) -> None:
    ticket = held(make, tenant, holder)
    tx = in_flight(make, tenant, ticket, tx_type=kind, status=status)
    for way in ("gift", "resale", "admin", "correction"):
        with as_tenant(tenant), db.refused("TK209"):
            offer(db, tenant, ticket, holder, way)
    db.run(CONFIRM, tx)
    with as_tenant(tenant):
        assert offer(db, tenant, ticket, holder) == 1


@pytest.mark.parametrize("status", ["pending", "confirming"])
def test_nor_handed_over(
    db: Session, make: Make, tenant: UUID, *, holder: UUID, as_tenant: Acting, status: str
) -> None:
    ticket = held(make, tenant, holder)
    made = make.id("ticket_transfers", tenant, from_user_id=holder, ticket_id=ticket)
    friend = make.id("users", tenant)
    move = "UPDATE ticketing.ticket_transfers SET status = %s, to_user_id = %s WHERE id = %s"
    tx = in_flight(make, tenant, ticket, tx_type="transfer", status=status)
    with as_tenant(tenant):
        with db.refused("TK209"):
            db.run(move, "completed", friend, made)
        assert db.run(move, "accepted", friend, made) == 1
        with db.refused("TK209"):
            db.run(move, "completed", friend, made)
    db.run(CONFIRM, tx)
    with as_tenant(tenant):
        assert db.run(move, "completed", friend, made) == 1


def test_a_look_at_the_chain_and_what_another_ticket_waits_for_are_not_in_the_way(
    db: Session, make: Make, tenant: UUID, holder: UUID, as_tenant: Acting
) -> None:
    ticket, other = held(make, tenant, holder), held(make, tenant, holder)
    make.row("pending_transactions", tenant, tx_type="verify", ticket_id=ticket)
    in_flight(make, tenant, other, tx_type="burn", status="pending")
    friend = make.id("users", tenant)
    with as_tenant(tenant):
        assert offer(db, tenant, ticket, holder) == 1
        complete = "UPDATE ticketing.ticket_transfers SET status = 'completed', to_user_id = %s"
        assert db.run(complete, friend) == 1


# --- an offer that stands ---


@pytest.mark.parametrize("column", ["ticket_id", "from_user_id", "id", "tenant_id", "created_at"])
def test_what_is_offered_and_by_whom_stays(
    db: Session, make: Make, tenant: UUID, holder: UUID, column: str
) -> None:
    made = make.row("ticket_transfers", tenant, from_user_id=holder)
    values = {
        "ticket_id": held(make, tenant, holder),
        "from_user_id": make.id("users", tenant),
        "id": uuid4(),
        "tenant_id": make.tenant(),
        "created_at": made["created_at"] - timedelta(hours=1),
    }
    with db.refused("TK002"):
        db.run(
            f"UPDATE ticketing.ticket_transfers SET {column} = %s WHERE id = %s",
            *(values[column], made["id"]),
        )


@pytest.mark.parametrize("status", ["accepted", "completed"])
def test_an_offer_is_not_taken_after_its_time(
    db: Session, make: Make, tenant: UUID, *, holder: UUID, as_tenant: Acting, status: str
) -> None:
    now = datetime.now(UTC)
    friend = make.id("users", tenant)
    made = make.id(
        "ticket_transfers",
        tenant,
        from_user_id=holder,
        created_at=now - timedelta(days=1),
        expires_at=now - timedelta(seconds=1),
    )
    with as_tenant(tenant), db.refused("TK207"):
        db.run(
            """
            UPDATE ticketing.ticket_transfers
            SET status = %s, to_user_id = %s, expires_at = now() + interval '1 day'
            WHERE id = %s
            """,
            *(status, friend, made),
        )


def test_what_was_accepted_in_time_may_be_completed_later(
    db: Session, make: Make, tenant: UUID, holder: UUID, as_tenant: Acting
) -> None:
    made = make.id("ticket_transfers", tenant, from_user_id=holder)
    friend = make.id("users", tenant)
    move = "UPDATE ticketing.ticket_transfers SET status = %s, to_user_id = %s WHERE id = %s"
    with as_tenant(tenant):
        db.run(move, "accepted", friend, made)
        db.run(
            "UPDATE ticketing.ticket_transfers SET expires_at = %s WHERE id = %s",
            *(datetime.now(UTC) + timedelta(milliseconds=1), made),
        )
        db.value("SELECT pg_sleep(0.005)")
        assert db.run(move, "completed", friend, made) == 1


@pytest.mark.parametrize(
    ("status", "stamps"),
    [
        ("accepted", {"accepted_at"}),
        ("completed", {"accepted_at", "transferred_at"}),
        ("rejected", {"rejected_at"}),
        ("cancelled", {"cancelled_at"}),
    ],
)
def test_each_change_is_stamped_and_no_other_is(
    db: Session, make: Make, tenant: UUID, *, holder: UUID, status: str, stamps: set[str]
) -> None:
    made = make.id("ticket_transfers", tenant, from_user_id=holder)
    friend = make.id("users", tenant)
    before = db.value("SELECT clock_timestamp()")
    with db.acting("ticketing_app", tenant=tenant, reason="changed my mind"):
        db.run(
            "UPDATE ticketing.ticket_transfers SET status = %s, to_user_id = %s WHERE id = %s",
            *(status, friend, made),
        )
    row = db.one(READ, made)
    every = ("accepted_at", "rejected_at", "cancelled_at", "transferred_at")
    assert {column for column in every if row[column] is not None} == stamps
    assert all(row[column] > before for column in stamps)
    expected = "changed my mind" if status == "cancelled" else None
    assert row["cancellation_reason"] == expected


def test_a_moment_and_a_reason_that_are_given_are_kept(
    db: Session, make: Make, tenant: UUID, holder: UUID
) -> None:
    made = make.id("ticket_transfers", tenant, from_user_id=holder)
    when = datetime(2026, 1, 2, tzinfo=UTC)
    with db.acting("ticketing_app", tenant=tenant, reason="the transaction's"):
        db.run(
            """
            UPDATE ticketing.ticket_transfers
            SET status = 'cancelled', cancelled_at = %s, cancellation_reason = 'my own'
            WHERE id = %s
            """,
            *(when, made),
        )
    row = db.one(READ, made)
    assert (row["cancelled_at"], row["cancellation_reason"]) == (when, "my own")


def test_other_columns_may_change_while_it_stands(
    db: Session, make: Make, tenant: UUID, holder: UUID, as_tenant: Acting
) -> None:
    made = make.id("ticket_transfers", tenant, from_user_id=holder)
    with as_tenant(tenant):
        edit = "UPDATE ticketing.ticket_transfers SET message = 'enjoy' WHERE id = %s"
        assert db.run(edit, made) == 1
