"""scan_code: the door that has a code in its hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from support.factories import Make
from support.names import shown
from support.session import Session
from support.transfers import Desk, hashed

SCANS = "SELECT * FROM ticketing.ticket_scans ORDER BY created_at"


@pytest.fixture
def desk(db: Session, tenant: UUID) -> Desk:
    return Desk(db, tenant)


def scan(desk: Desk, code: str, **named: Any) -> dict[str, Any]:
    given = {"tenant_id": desk.tenant, "code_hash": hashed(code), "event_id": desk.event, **named}
    return desk.call("scan_code", **given)


def test_the_code_of_a_ticket_lets_it_in_once(desk: Desk) -> None:
    row = scan(desk, "old code")
    (stored,) = desk.db.all(SCANS)
    assert row == {
        "scan_id": stored["id"],
        "result": "valid",
        "rejection_reason": None,
        "is_first_entry": True,
        "is_replay": False,
        "ticket_status": "checked_in",
        "ticket_id": desk.ticket,
    }
    assert (stored["ticket_id"], stored["credential_version"]) == (desk.ticket, 1)
    assert desk.scan("old code") == "duplicate"


@pytest.mark.parametrize("way", ["transfer", "reissue", "written", "withdrawn"])
def test_a_dead_code_is_revoked_and_the_attempt_is_kept(desk: Desk, way: str) -> None:
    if way == "transfer":
        desk.hand_over()
    elif way == "reissue":
        desk.call("reissue_ticket", ticket_id=desk.ticket, code_hash=hashed("new"))
    else:
        code = "new" if way == "written" else None
        with desk.db.acting("ticketing_app", tenant=desk.tenant):
            desk.db.run("UPDATE ticketing.tickets SET qr_code = %s", code)
    row = scan(desk, "old code")
    assert (row["result"], row["ticket_id"]) == ("revoked", desk.ticket)
    (stored,) = desk.db.all(SCANS)
    assert (stored["result"], stored["ticket_id"]) == ("revoked", desk.ticket)
    assert stored["credential_version"] == 1
    assert desk.read()["status"] in ("active", "transferred")


@pytest.mark.parametrize("status", ["revoked", "refunded", "cancelled"])
def test_the_code_of_a_dead_ticket_is_revoked(desk: Desk, make: Make, status: str) -> None:
    make.advance("tickets", desk.ticket, status)
    row = scan(desk, "old code")
    assert (row["result"], row["rejection_reason"]) == ("revoked", f"the ticket is {status}")


def test_the_code_of_an_expired_ticket_is_expired(desk: Desk, make: Make) -> None:
    make.advance("tickets", desk.ticket, "expired")
    assert desk.scan("old code") == "expired"


def test_a_dead_code_is_dead_on_a_ticket_that_is_inside(desk: Desk) -> None:
    desk.call("reissue_ticket", ticket_id=desk.ticket, code_hash=hashed("new"))
    assert desk.scan("new") == "valid"
    assert desk.scan("old code") == "revoked"


def test_a_code_that_was_never_a_tickets_is_unknown_and_kept_by_its_hash(
    desk: Desk, other_tenant: UUID
) -> None:
    Desk(desk.db, other_tenant, qr_code="foreign")
    for code in ("never", "foreign"):
        row = scan(desk, code)
        assert (row["result"], row["ticket_id"]) == ("unknown", None)
    stored = desk.db.all(SCANS)
    assert [s["raw_code_hash"] for s in stored] == [hashed("never"), hashed("foreign")]
    assert {s["ticket_id"] for s in stored} == {None}


def test_a_ticket_on_offer_waits_and_one_whose_offer_ran_out_goes_in(desk: Desk) -> None:
    transfer = desk.start()
    assert desk.scan("old code") == "transfer_pending"
    desk.overdue(transfer)
    assert desk.scan("old code") == "valid"
    assert desk.read("ticket_transfers", transfer)["status"] == "expired"


def test_a_repeated_upload_gets_the_stored_answer(desk: Desk) -> None:
    given = {"device_id": "gate", "client_nonce": "1"}
    first = scan(desk, "old code", **given)
    again = scan(desk, "old code", **given)
    assert again == {**first, "is_replay": True}
    assert len(desk.db.all(SCANS)) == 1


def test_everything_that_is_told_goes_along(desk: Desk) -> None:
    person = uuid4()
    at = datetime.now(UTC) - timedelta(minutes=5)
    scan(
        desk,
        "old code",
        scanned_by=person,
        device_id="device",
        location="here",
        result="invalid",
        rejection_reason="no shoes",
        ip_address="192.0.2.1",
        user_agent="agent",
        direction="entry",
        scanned_at=at,
        client_nonce="nonce",
        gate="north",
        offline=True,
        forced=False,
        admission_period="day 1",
        window_seconds=10,
        metadata=Jsonb({"a": 1}),
    )
    (stored,) = desk.db.all(SCANS)
    expected = {
        "scanned_by": person,
        "device_id": "device",
        "location": "here",
        "result": "invalid",
        "rejection_reason": "no shoes",
        "ip_address": ip_address("192.0.2.1"),
        "user_agent": "agent",
        "direction": "entry",
        "scanned_at": at,
        "client_nonce": "nonce",
        "gate": "north",
        "offline": True,
        "forced": False,
        "admission_period": "day 1",
        "metadata": {"a": 1},
    }
    assert expected.items() <= stored.items()


def test_forced_window_and_direction_go_along(desk: Desk) -> None:
    earlier = datetime.now(UTC) - timedelta(minutes=5)
    assert desk.scan("old code", offline=True, scanned_at=earlier) == "valid"
    assert desk.scan("old code") == "already_used"
    assert desk.scan("old code", window_seconds=600) == "duplicate"
    assert desk.scan("old code", offline=True, forced=True, result="valid") == "valid"
    assert desk.scan("old code", direction="exit") == "valid"


def test_a_dead_code_is_not_forced_in(desk: Desk) -> None:
    desk.hand_over()
    assert desk.scan("old code", offline=True, forced=True, result="valid") == "revoked"


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("TK001", {"code_hash": None}),
        ("TK001", {"code_hash": "old code"}),
        ("TK001", {"direction": "through"}),
        ("TK301", {"event_id": uuid4()}),
        ("TK702", {"tenant_id": uuid4()}),
        ("TK702", {"tenant_id": None}),
        ("TK303", {"acting": {"user": uuid4(), "user_role": "user"}}),
        ("42501", {"role": "ticketing_readonly"}),
        ("42501", {"role": "ts_test_nobody"}),
    ],
    ids=shown,
)
def test_a_call_that_cannot_be_is_refused(desk: Desk, code: str, named: dict[str, Any]) -> None:
    with desk.db.refused(code):
        scan(desk, "old code", **named)
    assert desk.db.all(SCANS) == []


def test_it_needs_a_tenant(desk: Desk) -> None:
    with desk.db.acting("ticketing_app"), desk.db.refused("TK701"):
        desk.db.one(
            "SELECT * FROM ticketing.scan_code(%s, %s, %s)",
            *(desk.tenant, hashed("old code"), desk.event),
        )


def test_a_worker_and_a_scanner_scan(desk: Desk) -> None:
    assert desk.scan("old code", role="ticketing_worker") == "valid"
    acting = {"user": desk.friend, "user_role": "scanner"}
    assert desk.scan("old code", acting=acting) == "duplicate"
