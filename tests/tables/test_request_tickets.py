"""request_tickets: rules of the table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOMEBODY = UUID("5d3cf3f0-58c1-4b4c-8a3c-3f8c7d6f8a01")
# What a row of each state says besides, and what no row of another state says.
SAYS: dict[str, Row] = {
    "pending": {},
    "completed": {"completed_at": NOW},
    "failed": {"failed_at": NOW, "error": "no seeders"},
    "cancelled": {"cancelled_at": NOW, "cancelled_by": SOMEBODY, "cancel_reason": "found it"},
}
RULES = {
    "completed": "chk_request_tickets_completed",
    "failed": "chk_request_tickets_failed",
    "cancelled": "chk_request_tickets_cancelled",
}


def test_a_new_row_waits_at_the_end_of_the_queue_unclaimed(make: Make, tenant: UUID) -> None:
    row = make.row("request_tickets", tenant)
    assert (row["state"], row["priority"], row["tags"], row["description"]) == (
        "pending",
        0,
        [],
        "",
    )
    assert (row["claimed_by"], row["claimed_until"], row["claim_number"]) == (None, None, 0)
    assert row["version"] == 1


def test_rows_of_one_transaction_keep_their_order(make: Make, tenant: UUID) -> None:
    first, second = (make.row("request_tickets", tenant)["created_at"] for _ in range(2))
    assert first < second


@pytest.mark.parametrize("state", ["processing", "", "Pending", "rejected"])
def test_an_unknown_state_is_refused(db: Session, make: Make, tenant: UUID, state: str) -> None:
    with db.refused("23514", "chk_request_tickets_state"):
        make.row("request_tickets", tenant, state=state)


@pytest.mark.parametrize("priority", [-1, 65536])
def test_a_priority_has_sixteen_bits(db: Session, make: Make, tenant: UUID, priority: int) -> None:
    with db.refused("23514", "chk_request_tickets_priority"):
        make.row("request_tickets", tenant, priority=priority)


@pytest.mark.parametrize("priority", [0, 65535])
def test_the_ends_of_the_range_are_priorities(make: Make, tenant: UUID, priority: int) -> None:
    assert make.row("request_tickets", tenant, priority=priority)["priority"] == priority


def tagged(db: Session, make: Make, tenant: UUID, tags: list[str | None]) -> list[str]:
    row = make.id("request_tickets", tenant)
    db.run("UPDATE ticketing.request_tickets SET tags = %s::text[] WHERE id = %s", tags, row)
    kept: list[str] = db.value("SELECT tags FROM ticketing.request_tickets WHERE id = %s", row)
    return kept


@pytest.mark.parametrize(
    "tags", [[None], ["music", None], [""], ["music", ""], [str(n) for n in range(65)]]
)
def test_an_empty_tag_and_too_many_are_refused(
    db: Session, make: Make, tenant: UUID, tags: list[str | None]
) -> None:
    with db.refused("23514", "chk_request_tickets_tags"):
        tagged(db, make, tenant, tags)


@pytest.mark.parametrize("tags", [[], ["music", "flac"], [str(n) for n in range(64)]])
def test_tags_keep_their_order(
    db: Session, make: Make, tenant: UUID, tags: list[str | None]
) -> None:
    assert tagged(db, make, tenant, tags) == tags


def test_a_description_has_at_most_10000_characters(db: Session, make: Make, tenant: UUID) -> None:
    assert make.row("request_tickets", tenant, description="é" * 10000)
    with db.refused("23514", "chk_request_tickets_description"):
        make.row("request_tickets", tenant, description="é" * 10001)


@pytest.mark.parametrize("path", ["", "  ", "/" * 4097])
def test_a_destination_is_a_path(db: Session, make: Make, tenant: UUID, path: str) -> None:
    with db.refused("23514", "chk_request_tickets_dest_path"):
        make.row("request_tickets", tenant, dest_path=path)


def test_the_longest_destination_is_accepted(make: Make, tenant: UUID) -> None:
    assert make.row("request_tickets", tenant, dest_path="/" * 4096)


@pytest.mark.parametrize("column", ["created_by", "state", "priority", "tags", "description"])
def test_a_missing_value_is_refused(db: Session, make: Make, tenant: UUID, column: str) -> None:
    with db.refused("23502"):
        make.row("request_tickets", tenant, **{column: None})


@pytest.mark.parametrize(
    "claim",
    [
        {"claimed_by": "w1", "claim_number": 1},
        {"claimed_until": NOW, "claim_number": 1},
        {"claimed_by": "w1", "claimed_until": NOW, "claim_number": 0},
        {"claimed_by": "", "claimed_until": NOW, "claim_number": 1},
        {"claimed_by": "w" * 256, "claimed_until": NOW, "claim_number": 1},
        {"claim_number": -1},
        {"claimed_by": "w1", "claimed_until": NOW, "claim_number": 1, "state": "completed"},
    ],
)
def test_half_a_claim_is_refused(db: Session, make: Make, tenant: UUID, claim: Row) -> None:
    with db.refused("23514", "chk_request_tickets_claim"):
        make.row("request_tickets", tenant, **SAYS[claim.get("state", "pending")] | claim)


def test_a_whole_claim_is_accepted(make: Make, tenant: UUID) -> None:
    claim = {"claimed_by": "w" * 255, "claimed_until": NOW, "claim_number": 1}
    assert make.row("request_tickets", tenant, **claim)["claimed_by"] == "w" * 255


@pytest.mark.parametrize("state", SAYS)
def test_a_row_says_what_its_state_needs(make: Make, tenant: UUID, state: str) -> None:
    row = make.row("request_tickets", tenant, state=state, **SAYS[state])
    assert row["state"] == state


@pytest.mark.parametrize(
    ("state", "column"),
    [
        (state, column)
        for state, said in SAYS.items()
        for column in said
        if column != "cancel_reason"
    ],
)
def test_a_row_that_does_not_say_it_is_refused(
    db: Session, make: Make, tenant: UUID, *, state: str, column: str
) -> None:
    with db.refused("23514", RULES[state]):
        make.row("request_tickets", tenant, state=state, **SAYS[state] | {column: None})


@pytest.mark.parametrize(
    ("state", "column", "value", "rule"),
    [
        (state, column, value, rule)
        for state in SAYS
        for rule, said in SAYS.items()
        if rule != state
        for column, value in said.items()
    ],
)
def test_a_row_of_another_state_does_not_say_it(
    db: Session, make: Make, tenant: UUID, *, state: str, column: str, value: Any, rule: str
) -> None:
    with db.refused("23514", RULES[rule]):
        make.row("request_tickets", tenant, state=state, **SAYS[state] | {column: value})


def test_an_id_exists_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    made = make.id("request_tickets", tenant)
    with db.refused("23505", "pk_request_tickets"):
        make.row("request_tickets", tenant, id=made)
    assert make.id("request_tickets", other_tenant, id=made) == made


def test_the_creator_must_be_a_user_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for stranger in (uuid4(), make.id("users", other_tenant)):
        with db.refused("23503", "fk_request_tickets_created_by"):
            make.row("request_tickets", tenant, created_by=stranger)


@pytest.mark.parametrize(
    "column",
    [
        *("state", "version", "created_at", "updated_at", "claimed_by", "claimed_until"),
        *("claim_number", "cancelled_by", "completed_at", "failed_at", "error"),
    ],
)
def test_a_service_cannot_choose_where_a_request_starts(
    db: Session, make: Make, tenant: UUID, column: str
) -> None:
    user = make.id("users", tenant)
    for role in ("ticketing_app", "ticketing_worker"):
        with db.acting(role, tenant=tenant), db.refused("42501"):
            db.run(
                f"INSERT INTO ticketing.request_tickets"
                f" (tenant_id, created_by, dest_path, {column}) VALUES (%s, %s, '/x', DEFAULT)",
                *(tenant, user),
            )


@pytest.mark.parametrize(
    "column",
    [
        *("tenant_id", "id", "created_by", "version", "created_at", "updated_at", "claim_number"),
        *("cancelled_at", "completed_at", "failed_at"),
    ],
)
def test_a_service_cannot_write_what_triggers_write(
    db: Session, make: Make, tenant: UUID, column: str
) -> None:
    row = make.id("request_tickets", tenant)
    for role in ("ticketing_app", "ticketing_worker"):
        with db.acting(role, tenant=tenant), db.refused("42501"):
            db.run(f"UPDATE ticketing.request_tickets SET {column} = {column} WHERE id = %s", row)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_nobody_deletes_a_request(db: Session, make: Make, tenant: UUID, role: str) -> None:
    row = make.id("request_tickets", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.request_tickets WHERE id = %s", row)


def test_a_reader_changes_nothing(db: Session, make: Make, tenant: UUID) -> None:
    row = make.id("request_tickets", tenant)
    with db.acting("ticketing_readonly", tenant=tenant):
        with db.refused("42501"):
            db.run("UPDATE ticketing.request_tickets SET priority = 1 WHERE id = %s", row)
        assert db.value("SELECT id FROM ticketing.request_tickets WHERE id = %s", row) == row
