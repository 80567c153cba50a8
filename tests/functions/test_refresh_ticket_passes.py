"""refresh_ticket_passes: the passes of a ticket follow it, to its end or to another holder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from support.factories import Make, Row
from support.passes import OF_TICKET, READ, TYPE, bring, claim, produce, send
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

LATER = datetime.now(UTC) + timedelta(days=9)


def change(db: Session, ticket: UUID, **columns: Any) -> None:
    sets = ", ".join(f'"{column}" = %s' for column in columns)
    query = f"UPDATE ticketing.tickets SET {sets} WHERE id = %s"
    assert db.run(query, *columns.values(), ticket) == 1


@pytest.fixture
def ticket(make: Make, tenant: UUID) -> UUID:
    return make.held_ticket(tenant)


@pytest.fixture
def friend(make: Make, tenant: UUID) -> UUID:
    """Somebody else, to whom a ticket may be handed on."""
    return make.id("users", tenant)


@pytest.fixture
def row(make: Make, tenant: UUID, ticket: UUID) -> Row:
    return make.row("ticket_passes", tenant, ticket_id=ticket)


@pytest.mark.parametrize("status", ["revoked", "refunded", "cancelled", "expired"])
def test_the_end_of_a_ticket_voids_its_passes_of_every_wallet(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, row: Row, status: str, as_tenant: Acting
) -> None:
    bring(db, tenant, row, "sent")
    make.row("ticket_passes", tenant, ticket_id=ticket, channel="google_wallet")
    other = make.row("ticket_passes", tenant)
    with as_tenant(tenant, actor="admin", reason="chargeback"):
        change(db, ticket, status=status)
    apple, google = db.all(OF_TICKET, ticket)
    assert apple["voided_at"] is not None
    assert google["voided_at"] is not None
    assert (apple["status"], apple["pass_version"], apple["max_attempts"]) == ("pending", 2, 10)
    assert google["max_attempts"] == 0
    assert db.one(READ, other["id"]) == other


@pytest.mark.parametrize("status", ["checked_in", "used"])
def test_a_ticket_that_is_used_keeps_its_passes(
    db: Session, *, ticket: UUID, row: Row, status: str
) -> None:
    with db.saying(actor="system"):
        change(db, ticket, status="checked_in")
        if status == "used":
            change(db, ticket, status=status)
    assert db.one(READ, row["id"]) == row


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("qr_code", "new"),
        ("barcode", "new"),
        ("credential_version", 2),
        ("ticket_number", "N-1"),
        ("section", "B"),
        ("row", "2"),
        ("seat", "7"),
        ("valid_from", LATER),
        ("expires_at", LATER),
    ],
)
@pytest.mark.parametrize("status", ["claimed", "produced", "sending", "sent"])
def test_a_change_that_the_pass_shows_has_it_built_anew(
    db: Session,
    tenant: UUID,
    *,
    ticket: UUID,
    row: Row,
    as_tenant: Acting,
    status: str,
    column: str,
    value: object,
) -> None:
    before = bring(db, tenant, row, status)
    with as_tenant(tenant):
        change(db, ticket, **{column: value})
    after = db.one(READ, row["id"])
    assert (after["status"], after["pass_version"], after["voided_at"]) == ("pending", 2, None)
    assert after["claimed_by"] == before["claimed_by"]
    assert after["serial_number"] == before["serial_number"]


def test_another_venue_has_it_built_anew(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, row: Row
) -> None:
    change(db, ticket, venue_id=make.id("venues", tenant))
    assert db.one(READ, row["id"])["pass_version"] == 2


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("price_cents", 5),
        ("resale_price_cents", 5),
        ("metadata", '{"a": 1}'),
        ("scan_count", 3),
        ("qr_code", "same"),
        ("status_reason", "why"),
        ("transfer_count", 1),
    ],
)
def test_any_other_change_leaves_it_alone(
    db: Session, make: Make, tenant: UUID, *, column: str, value: object
) -> None:
    user = make.id("users", tenant)
    ticket = make.id("tickets", tenant, status="active", user_id=user, qr_code="same")
    row = make.row("ticket_passes", tenant, ticket_id=ticket)
    change(db, ticket, **{column: value})
    assert db.one(READ, row["id"]) == row


# --- another holder ---


@pytest.mark.parametrize("status", ["pending", "claimed", "produced"])
def test_a_pass_that_nobody_has_yet_becomes_the_new_holders(
    db: Session,
    tenant: UUID,
    *,
    friend: UUID,
    ticket: UUID,
    row: Row,
    status: str,
    as_tenant: Acting,
) -> None:
    if status != "pending":
        bring(db, tenant, row, status)
    with as_tenant(tenant):
        change(db, ticket, user_id=friend, status="transferred")
    (after,) = db.all(OF_TICKET, ticket)
    assert (after["id"], after["status"], after["pass_version"]) == (row["id"], "pending", 2)
    assert after["voided_at"] is None


@pytest.mark.parametrize("status", ["sending", "sent"])
def test_a_pass_that_the_former_holder_may_have_ends_and_the_new_holder_gets_another(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    friend: UUID,
    ticket: UUID,
    row: Row,
    status: str,
    as_tenant: Acting,
) -> None:
    bring(db, tenant, row, status)
    make.row("pass_device_registrations", tenant, pass_id=row["id"])
    with as_tenant(tenant):
        change(db, ticket, user_id=friend, status="transferred")
    former, new = db.all(OF_TICKET, ticket)
    assert former["id"] == row["id"]
    assert former["voided_at"] is not None
    assert (former["status"], former["pass_version"]) == ("pending", 2)
    assert former["serial_number"] == row["serial_number"]
    assert new["serial_number"] != row["serial_number"]
    assert (new["status"], new["pass_version"], new["voided_at"]) == ("pending", 2, None)
    assert (new["channel"], new["pass_type_id"]) == ("apple_wallet", TYPE)
    assert new["auth_token_hash"] is None
    assert (new["delivered_at"], new["sending_version"]) == (None, None)
    (device,) = db.all("SELECT pass_id FROM ticketing.pass_device_registrations")
    assert device["pass_id"] == former["id"]


def test_both_are_delivered_the_end_to_the_one_and_the_pass_to_the_other(
    db: Session, tenant: UUID, *, friend: UUID, ticket: UUID, row: Row, as_worker: Acting
) -> None:
    bring(db, tenant, row, "sent")
    with as_worker(tenant=tenant):
        change(db, ticket, user_id=friend, status="transferred")
        for _ in range(2):
            assert produce(db, claim(db, limit=1), auth_token_hash=None) == "produced"
        sent = [claim(db, step="send", limit=1) for _ in range(2)]
        assert [send(db, one) for one in sent] == ["sent", "sent"]
    former, new = db.all(OF_TICKET, ticket)
    assert {former["id"], new["id"]} == {one["id"] for one in sent}
    assert former["delivered_at"] > former["voided_at"]


def test_the_next_holders_pass_counts_on(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, row: Row
) -> None:
    bring(db, tenant, row, "sent")
    for status in ("transferred", "transferred"):
        change(db, ticket, user_id=make.id("users", tenant), status=status)
    first, second = db.all(OF_TICKET, ticket)
    assert (first["pass_version"], second["pass_version"]) == (2, 3)


def test_a_ticket_without_an_account_is_handed_on_by_its_address(
    db: Session, make: Make, tenant: UUID
) -> None:
    ticket = make.id("tickets", tenant, status="active", purchaser_email="a@example.org")
    row = make.row("ticket_passes", tenant, ticket_id=ticket)
    bring(db, tenant, row, "sent")
    change(db, ticket, purchaser_email="b@example.org")
    assert [one["voided_at"] is None for one in db.all(OF_TICKET, ticket)] == [False, True]


def test_with_an_account_the_address_is_only_shown(
    db: Session, tenant: UUID, ticket: UUID, row: Row
) -> None:
    bring(db, tenant, row, "sent")
    change(db, ticket, purchaser_email="b@example.org")
    (only,) = db.all(OF_TICKET, ticket)
    assert (only["voided_at"], only["pass_version"]) == (None, 2)


def test_a_ticket_that_ends_in_other_hands_has_no_new_pass(
    db: Session, make: Make, tenant: UUID, ticket: UUID, row: Row
) -> None:
    bring(db, tenant, row, "sent")
    with db.saying(actor="admin", reason="fraud"):
        change(db, ticket, user_id=make.id("users", tenant), status="revoked")
    (only,) = db.all(OF_TICKET, ticket)
    assert only["voided_at"] is not None


def test_a_dead_ticket_that_loses_its_holder_has_no_new_pass(
    db: Session, make: Make, tenant: UUID
) -> None:
    """What was used has living passes; whose data is erased later has none."""
    user = make.id("users", tenant)
    ticket = make.id("tickets", tenant, status="active", user_id=user)
    row = make.row("ticket_passes", tenant, ticket_id=ticket)
    bring(db, tenant, row, "sent")
    with db.saying(actor="system"):
        change(db, ticket, status="checked_in")
        change(db, ticket, status="used")
    change(db, ticket, user_id=make.id("users", tenant))
    (only,) = db.all(OF_TICKET, ticket)
    assert only["voided_at"] is not None


def test_a_transfer_that_is_completed_ends_the_senders_pass(
    db: Session,
    make: Make,
    *,
    tenant: UUID,
    friend: UUID,
    ticket: UUID,
    row: Row,
    as_tenant: Acting,
) -> None:
    bring(db, tenant, row, "sent")
    offer = make.id("ticket_transfers", tenant, ticket_id=ticket)
    with as_tenant(tenant, actor="admin", reason="asked for"):
        for status in ("accepted", "completed"):
            db.run(
                "UPDATE ticketing.ticket_transfers SET status = %s, to_user_id = %s WHERE id = %s",
                *(status, friend, offer),
            )
    if db.value("SELECT user_id FROM ticketing.tickets WHERE id = %s", ticket) != friend:
        change(db, ticket, user_id=friend, status="transferred")
    assert [one["voided_at"] is None for one in db.all(OF_TICKET, ticket)] == [False, True]


def test_many_tickets_of_one_statement_each_take_theirs_and_no_other_tenants(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting
) -> None:
    rows = [make.row("ticket_passes", tenant) for _ in range(3)]
    theirs = make.row(
        "ticket_passes",
        other_tenant,
        ticket_id=make.id(
            "tickets",
            other_tenant,
            id=rows[0]["ticket_id"],
            status="active",
            user_id=make.id("users", other_tenant),
        ),
    )
    with as_tenant(tenant, actor="admin", reason="rain"):
        assert db.run("UPDATE ticketing.tickets SET status = 'cancelled'") == 3
    assert db.one(READ, theirs["id"]) == theirs
    for row in rows:
        assert db.one(READ, row["id"])["voided_at"] is not None


def test_a_customers_own_change_reaches_the_pass_though_it_may_not_write_it(
    db: Session, make: Make, tenant: UUID, *, as_user: Acting
) -> None:
    """Nothing that a customer may change is shown, so the trigger stands aside."""
    user = make.id("users", tenant)
    ticket = make.held_ticket(tenant, user)
    row = make.row("ticket_passes", tenant, ticket_id=ticket)
    with as_user(tenant, user):
        change(db, ticket, resale_price_cents=5)
    assert db.one(READ, row["id"]) == row
