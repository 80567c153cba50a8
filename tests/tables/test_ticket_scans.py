"""ticket_scans: rules of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
TICK = timedelta(microseconds=1)
REFUSALS = (
    *("invalid", "duplicate", "expired", "already_used", "wrong_event"),
    *("not_open", "revoked", "transfer_pending", "unknown"),
)
FIRST = {"is_first_entry": True}


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_ticket_scans_result", {"result": "maybe", "rejection_reason": "unsure"}),
        ("chk_ticket_scans_result", {"result": "", "rejection_reason": "unsure"}),
        ("chk_ticket_scans_direction", {"direction": "through"}),
        *(("chk_ticket_scans_reason", {"result": result}) for result in REFUSALS),
        (
            "chk_ticket_scans_subject",
            {"ticket_id": None, "result": "unknown", "rejection_reason": "forged"},
        ),
        ("chk_ticket_scans_valid_ticket", {"ticket_id": None, "raw_code_hash": "h"}),
        (
            "chk_ticket_scans_first_entry",
            {**FIRST, "result": "duplicate", "rejection_reason": "again"},
        ),
        ("chk_ticket_scans_first_entry", {**FIRST, "direction": "exit"}),
        ("chk_ticket_scans_forced", {"forced": True}),
        ("chk_ticket_scans_nonce", {"client_nonce": "n"}),
        ("chk_ticket_scans_nonce", {"client_nonce": "", "device_id": "d"}),
        ("chk_ticket_scans_nonce", {"client_nonce": "n" * 256, "device_id": "d"}),
        ("chk_ticket_scans_time", {"scanned_at": NOW + TICK, "created_at": NOW}),
        ("chk_ticket_scans_period", {"admission_period": ""}),
        ("chk_ticket_scans_period", {"admission_period": "p" * 65}),
        *(
            ("chk_ticket_scans_lengths", {column: "x" * 256})
            for column in ("device_id", "gate", "location", "raw_code_hash")
        ),
        ("chk_ticket_scans_lengths", {"user_agent": "x" * 1025}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    ticket = {"ticket_id": make.id("tickets", tenant)}
    with db.refused("23514", constraint):
        make.row("ticket_scans", tenant, **{**ticket, **given})


@pytest.mark.parametrize(
    "given",
    [
        *({"result": result, "rejection_reason": "so"} for result in REFUSALS),
        {"result": "valid", "rejection_reason": None},
        {"direction": "entry", **FIRST},
        {"direction": "exit"},
        {
            "ticket_id": None,
            "raw_code_hash": "h" * 255,
            "result": "unknown",
            "rejection_reason": "forged",
        },
        {"forced": True, "offline": True},
        {"offline": True},
        {"client_nonce": "n", "device_id": ""},
        {"client_nonce": "n" * 255, "device_id": "d" * 255},
        {"scanned_at": NOW, "created_at": NOW},
        {"admission_period": "p"},
        {"admission_period": "p" * 64},
        {"gate": "g" * 255, "location": "l" * 255, "user_agent": "u" * 1024},
        {"gate": "", "location": "", "user_agent": ""},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    ticket = {"ticket_id": make.id("tickets", tenant)}
    made = make.row("ticket_scans", tenant, **{**ticket, **given})
    assert given.items() <= made.items()


def test_a_ticket_is_admitted_once_in_a_period_and_round(
    db: Session, make: Make, tenant: UUID
) -> None:
    scan = make.row("ticket_scans", tenant, **FIRST)
    same = {"ticket_id": scan["ticket_id"], **FIRST}
    with db.refused("23505", "uq_ticket_scans_first_entry"):
        make.row("ticket_scans", tenant, **same)
    make.row("ticket_scans", tenant, **same, admission_period="2030-06-02")
    make.row("ticket_scans", tenant, **same, check_in_round=2)
    make.row("ticket_scans", tenant, **same, event_id=make.id("events", tenant))
    make.row("ticket_scans", tenant, **{**same, "is_first_entry": False})
    make.row("ticket_scans", tenant, **FIRST)


def test_a_nonce_is_used_once_by_a_device_and_again_by_others(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    given = {"device_id": "gate 1", "client_nonce": "n"}
    make.row("ticket_scans", tenant, **given)
    with db.refused("23505", "uq_ticket_scans_client_nonce"):
        make.row("ticket_scans", tenant, **given)
    make.row("ticket_scans", tenant, **{**given, "device_id": "gate 2"})
    make.row("ticket_scans", other_tenant, **given)


def test_scans_without_a_nonce_do_not_collide(make: Make, tenant: UUID) -> None:
    first = make.id("ticket_scans", tenant, device_id="gate 1")
    assert make.id("ticket_scans", tenant, device_id="gate 1") != first


def test_an_id_exists_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    made = make.id("ticket_scans", tenant)
    with db.refused("23505", "pk_ticket_scans"):
        make.row("ticket_scans", tenant, id=made)
    assert make.id("ticket_scans", other_tenant, id=made) == made


def test_ticket_and_event_must_be_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    event = make.id("events", tenant)
    for stranger in (uuid4(), make.id("tickets", other_tenant)):
        with db.refused("23503", "fk_ticket_scans_ticket_id"):
            make.row("ticket_scans", tenant, ticket_id=stranger, event_id=event)
    ticket = make.id("tickets", tenant)
    for stranger in (uuid4(), make.id("events", other_tenant)):
        with db.refused("23503", "fk_ticket_scans_event_id"):
            make.row("ticket_scans", tenant, ticket_id=ticket, event_id=stranger)


def test_a_scan_is_an_entry_of_now_unless_told_otherwise(
    db: Session, make: Make, tenant: UUID
) -> None:
    before = db.value("SELECT clock_timestamp()")
    row = make.row("ticket_scans", tenant)
    told = ("direction", "is_first_entry", "admission_period", "check_in_round", "metadata")
    assert [row[name] for name in told] == ["entry", False, "event", 1, {}]
    assert (row["offline"], row["forced"]) == (False, False)
    assert before < row["scanned_at"] <= row["created_at"] < db.value("SELECT clock_timestamp()")


def test_the_question_of_a_repeat_is_answered_from_the_index(db: Session) -> None:
    # In a table of a few rows every way costs the same.
    db.run("SET LOCAL enable_seqscan = off")
    db.run("SET LOCAL enable_sort = off")
    plan = db.all(
        """
        EXPLAIN SELECT * FROM ticketing.ticket_scans
        WHERE tenant_id = %s AND ticket_id = %s ORDER BY scanned_at DESC LIMIT 1
        """,
        *(uuid4(), uuid4()),
    )
    text = "\n".join(str(row["QUERY PLAN"]) for row in plan)
    assert "idx_ticket_scans_duplicate_detection" in text
    assert "Sort" not in text
