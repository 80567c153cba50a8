"""ticket_passes: rules of the table."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from support.factories import PASSES, Make, Row
from support.names import shown
from support.session import Session

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLAIM: Row = {"claimed_by": "w1", "claimed_until": NOW, "claim_number": 1}


def test_a_new_pass_waits_to_be_built(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row("ticket_passes", tenant)
    assert (
        row.items()
        >= {
            "status": "pending",
            "pass_version": 1,
            "credential_version": 1,
            "sending_version": None,
            "claimed_by": None,
            "claim_number": 0,
            "attempts": 0,
            "max_attempts": 10,
            "produced_at": None,
            "delivered_at": None,
            "voided_at": None,
            "metadata": {},
            "version": 1,
        }.items()
    )
    assert UUID(row["serial_number"])
    assert row["next_attempt_at"] <= db.value("SELECT clock_timestamp()")


@pytest.mark.parametrize("status", PASSES)
def test_a_row_says_what_its_status_needs(make: Make, tenant: UUID, status: str) -> None:
    assert make.row("ticket_passes", tenant, status=status)["status"] == status


@pytest.mark.parametrize("channel", ["apple_wallet", "google_wallet"])
def test_the_wallets(make: Make, tenant: UUID, channel: str) -> None:
    assert make.row("ticket_passes", tenant, channel=channel)


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        *(("channel", {"channel": value}) for value in ("", "apple", "Apple_Wallet")),
        *(("status", {"status": value}) for value in ("", "processing", "Sent")),
        *(("serial_number", {"serial_number": value}) for value in ("", "s" * 256)),
        *(
            ("auth_token_hash", {"auth_token_hash": value})
            for value in ("", "secret", "AB" * 32, "ab" * 31, "ab" * 33, "ab" * 32 + "\n")
        ),
        ("produced", {"status": "produced", "produced_at": None}),
        ("sent", {"status": "sent", "delivered_at": None}),
        ("sent", {"delivered_at": NOW}),
        ("failed", {"status": "failed", "error_message": None}),
        ("counters", {"attempts": -1}),
        ("counters", {"max_attempts": -1}),
        ("counters", {"pass_version": 0}),
        ("counters", {"sending_version": 0}),
        ("counters", {"sending_version": 2}),
        ("claim", {**CLAIM, "claimed_by": None}),
        ("claim", {**CLAIM, "claimed_until": None}),
        ("claim", {**CLAIM, "claim_number": 0}),
        ("claim", {**CLAIM, "claimed_by": ""}),
        ("claim", {**CLAIM, "claimed_by": "w" * 256}),
        ("claim", {"claim_number": -1}),
        ("claim", {**CLAIM, "status": "sent"}),
        ("claim", {**CLAIM, "status": "failed"}),
        ("metadata", {"metadata": []}),
    ],
    ids=shown,
)
def test_what_breaks_a_rule_is_refused_by_its_name(
    db: Session, make: Make, tenant: UUID, *, rule: str, given: Row
) -> None:
    assert rule in RULES
    with db.refused("23514", f"chk_ticket_passes_{rule}"):
        make.row("ticket_passes", tenant, **given)


RULES = {
    name.removeprefix("chk_ticket_passes_")
    for name in (
        "chk_ticket_passes_channel",
        "chk_ticket_passes_status",
        "chk_ticket_passes_serial_number",
        "chk_ticket_passes_auth_token_hash",
        "chk_ticket_passes_produced",
        "chk_ticket_passes_sent",
        "chk_ticket_passes_failed",
        "chk_ticket_passes_counters",
        "chk_ticket_passes_claim",
        "chk_ticket_passes_metadata",
    )
}


def test_the_code_shown_is_counted_from_one(db: Session, make: Make, tenant: UUID) -> None:
    row = make.id("ticket_passes", tenant)
    with db.refused("23514", "chk_ticket_passes_counters"):
        db.run("UPDATE ticketing.ticket_passes SET credential_version = 0 WHERE id = %s", row)


@pytest.mark.parametrize(
    "given",
    [
        {"serial_number": "s" * 255},
        {"auth_token_hash": "0123456789abcdef" * 4},
        {"pass_version": 3, "sending_version": 3},
        {"max_attempts": 0},
        {**CLAIM, "claimed_by": "w" * 255},
        {**CLAIM, "status": "produced"},
        {"produced_at": NOW, "delivered_at": NOW},
    ],
    ids=shown,
)
def test_the_ends_of_each_range_are_accepted(make: Make, tenant: UUID, given: Row) -> None:
    assert make.row("ticket_passes", tenant, **given).items() >= given.items()


@pytest.mark.parametrize(
    "column",
    [
        "ticket_id",
        "channel",
        "status",
        "serial_number",
        "pass_version",
        "claim_number",
        "attempts",
        "max_attempts",
        "next_attempt_at",
        "version",
        "created_at",
        "updated_at",
    ],
)
def test_a_missing_value_is_refused(db: Session, make: Make, tenant: UUID, column: str) -> None:
    ticket = make.held_ticket(tenant)
    with db.refused("23502"):
        make.row("ticket_passes", tenant, **{"ticket_id": ticket, column: None})


def test_a_ticket_has_one_living_pass_in_a_wallet(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row("ticket_passes", tenant)
    assert make.row("ticket_passes", tenant, ticket_id=row["ticket_id"], channel="google_wallet")
    with db.refused("23505", "uq_ticket_passes_channel"):
        make.row("ticket_passes", tenant, ticket_id=row["ticket_id"])
    db.run("UPDATE ticketing.ticket_passes SET voided_at = now() WHERE id = %s", row["id"])
    for voided in (NOW, None, NOW):
        assert make.row("ticket_passes", tenant, ticket_id=row["ticket_id"], voided_at=voided)
    with db.refused("23505", "uq_ticket_passes_channel"):
        make.row("ticket_passes", tenant, ticket_id=row["ticket_id"])


def test_a_serial_number_is_given_once_in_a_wallet_void_or_not(
    db: Session, make: Make, tenant: UUID
) -> None:
    make.row("ticket_passes", tenant, serial_number="S-1", voided_at=NOW)
    assert make.row("ticket_passes", tenant, serial_number="S-1", channel="google_wallet")
    with db.refused("23505", "uq_ticket_passes_serial"):
        make.row("ticket_passes", tenant, serial_number="S-1")


def test_the_ticket_must_be_the_tenants(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    with db.refused("23503", "fk_ticket_passes_ticket_id"):
        make.row("ticket_passes", tenant, ticket_id=make.held_ticket(other_tenant))


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_nobody_deletes_a_pass(db: Session, make: Make, tenant: UUID, role: str) -> None:
    row = make.id("ticket_passes", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.ticket_passes WHERE id = %s", row)


def test_a_reader_changes_nothing(db: Session, make: Make, tenant: UUID) -> None:
    row = make.id("ticket_passes", tenant)
    with db.acting("ticketing_readonly", tenant=tenant):
        with db.refused("42501"):
            db.run("UPDATE ticketing.ticket_passes SET attempts = 1 WHERE id = %s", row)
        assert db.value("SELECT id FROM ticketing.ticket_passes WHERE id = %s", row) == row


@pytest.mark.parametrize("column", ["status", "pass_version", "claim_number", "voided_at"])
def test_a_service_starts_a_pass_where_every_pass_starts(
    db: Session, make: Make, tenant: UUID, column: str
) -> None:
    ticket = make.held_ticket(tenant)
    with db.acting("ticketing_app", tenant=tenant), db.refused("42501"):
        db.run(
            f"INSERT INTO ticketing.ticket_passes (tenant_id, ticket_id, channel, {column})"
            f" SELECT %s, %s, 'apple_wallet', {column} FROM ticketing.ticket_passes",
            *(tenant, ticket),
        )


def test_the_queues_hold_what_somebody_still_tries(db: Session) -> None:
    """Rows that rest for ever must not stand in front of every claim."""
    for index in ("due", "unsent"):
        text = db.value(
            "SELECT pg_get_indexdef(%s::regclass)", f"ticketing.idx_ticket_passes_{index}"
        )
        assert "(attempts < max_attempts)" in text
