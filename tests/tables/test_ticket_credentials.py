"""ticket_credentials: rules of the table, and who may read and write it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
DEAD = {"status": "revoked", "revoked_reason": "lost", "revoked_at": NOW}
REASONS = (
    *("transfer", "reissue", "lost", "fraud", "replaced", "withdrawn"),
    *("revoked", "refunded", "cancelled", "expired"),
)
READ = "SELECT id FROM ticketing.ticket_credentials"


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_ticket_credentials_hash", {"code_hash": "the code in clear"}),
        ("chk_ticket_credentials_hash", {"code_hash": ""}),
        ("chk_ticket_credentials_hash", {"code_hash": "a" * 63}),
        ("chk_ticket_credentials_hash", {"code_hash": "a" * 65}),
        ("chk_ticket_credentials_hash", {"code_hash": "A" * 64}),
        ("chk_ticket_credentials_hash", {"code_hash": "a" * 64 + "\n"}),
        ("chk_ticket_credentials_version", {"credential_version": 0}),
        ("chk_ticket_credentials_status", {**DEAD, "revoked_at": None}),
        ("chk_ticket_credentials_status", {"revoked_at": NOW}),
        ("chk_ticket_credentials_reason", {**DEAD, "revoked_reason": None}),
        ("chk_ticket_credentials_reason", {**DEAD, "revoked_reason": "so"}),
        ("chk_ticket_credentials_reason", {"revoked_reason": "lost"}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    values = {
        "tenant_id": tenant,
        "ticket_id": make.id("tickets", tenant),
        "code_hash": "a" * 64,
        "credential_version": 1,
        **given,
    }
    columns = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    with db.refused("23514", constraint):
        db.run(
            f"INSERT INTO ticketing.ticket_credentials ({columns}) VALUES ({marks})",
            *values.values(),
        )


def test_an_unknown_status_is_refused_by_the_check_as_well(
    db: Session, make: Make, tenant: UUID
) -> None:
    made = make.id("ticket_credentials", tenant)
    db.run("ALTER TABLE ticketing.ticket_credentials DISABLE TRIGGER USER")
    with db.refused("23514", "chk_ticket_credentials_status"):
        db.run("UPDATE ticketing.ticket_credentials SET status = 'asleep' WHERE id = %s", made)


@pytest.mark.parametrize(
    "given",
    [
        {"code_hash": "0123456789abcdef" * 4},
        {"credential_version": 1},
        *({**DEAD, "revoked_reason": reason} for reason in REASONS),
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("ticket_credentials", tenant, **given).items()


def test_a_code_belongs_to_one_ticket_for_ever_and_to_others_in_another_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    dead = make.row("ticket_credentials", tenant, **DEAD)
    for ticket in (dead["ticket_id"], make.id("tickets", tenant)):
        with db.refused("23505", "uq_ticket_credentials_code"):
            make.row(
                "ticket_credentials",
                tenant,
                ticket_id=ticket,
                code_hash=dead["code_hash"],
                credential_version=2,
            )
    make.row("ticket_credentials", other_tenant, code_hash=dead["code_hash"])


def test_each_code_of_a_ticket_has_a_version_of_its_own(
    db: Session, make: Make, tenant: UUID
) -> None:
    dead = make.row("ticket_credentials", tenant, **DEAD)
    with db.refused("23505", "uq_ticket_credentials_version"):
        make.row("ticket_credentials", tenant, ticket_id=dead["ticket_id"])
    make.row("ticket_credentials", tenant, ticket_id=dead["ticket_id"], credential_version=2)


def test_a_ticket_has_one_code_that_admits(db: Session, make: Make, tenant: UUID) -> None:
    first = make.row("ticket_credentials", tenant)
    given = {"ticket_id": first["ticket_id"], "credential_version": 2}
    with db.refused("23505", "uq_ticket_credentials_one_active"):
        make.row("ticket_credentials", tenant, **given)
    make.row("ticket_credentials", tenant, **given, **DEAD)
    make.row("ticket_credentials", tenant)


def test_a_code_is_one_of_a_ticket_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for ticket in (uuid4(), make.id("tickets", other_tenant)):
        with db.refused("23503", "fk_ticket_credentials_ticket_id"):
            make.row("ticket_credentials", tenant, ticket_id=ticket)


def test_a_new_code_is_active_since_now(db: Session, make: Make, tenant: UUID) -> None:
    before = db.value("SELECT clock_timestamp()")
    row = make.row("ticket_credentials", tenant)
    assert (row["status"], row["revoked_reason"], row["revoked_at"]) == ("active", None, None)
    assert before < row["created_at"] < db.value("SELECT clock_timestamp()")


def test_a_dead_code_stays_dead_for_everybody(db: Session, make: Make, tenant: UUID) -> None:
    dead = make.id("ticket_credentials", tenant, **DEAD)
    with db.refused("TK201"):
        db.run(
            "UPDATE ticketing.ticket_credentials"
            " SET status = 'active', revoked_reason = NULL, revoked_at = NULL WHERE id = %s",
            dead,
        )


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO ticketing.ticket_credentials (tenant_id, ticket_id, code_hash,"
        " credential_version) SELECT tenant_id, ticket_id, repeat('b', 64), 2"
        " FROM ticketing.ticket_credentials",
        "UPDATE ticketing.ticket_credentials SET status = status",
        "UPDATE ticketing.ticket_credentials SET code_hash = repeat('b', 64)",
        "DELETE FROM ticketing.ticket_credentials",
        "TRUNCATE ticketing.ticket_credentials",
    ],
)
def test_nobody_writes_codes_by_hand(
    db: Session, make: Make, tenant: UUID, role: str, change: str
) -> None:
    make.id("ticket_credentials", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(change)


@pytest.mark.parametrize(
    ("user_role", "sees"), [("user", False), ("venue_owner", False), ("scanner", True)]
)
def test_customers_see_no_codes_not_even_their_own(
    db: Session, make: Make, tenant: UUID, *, as_user: Acting, user_role: str, sees: bool
) -> None:
    user = make.id("users", tenant)
    code = make.id("ticket_credentials", tenant, ticket_id=make.held_ticket(tenant, user))
    with as_user(tenant, user, user_role):
        assert db.all(READ) == ([{"id": code}] if sees else [])
