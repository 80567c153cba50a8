"""ticket_state_history: rules of the table."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from support.factories import Make
from support.session import Session

STATUSES = (
    *("available", "reserved", "sold", "minted", "active", "transferred"),
    *("checked_in", "used", "revoked", "refunded", "expired", "cancelled"),
)


def restricted(db: Session) -> str:
    """Returns the SQLSTATE of ON DELETE RESTRICT, which version 18 changed."""
    return "23001" if db.connection.info.server_version >= 180000 else "23503"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sold", "lost"),
        (None, "lost"),
        (None, ""),
        ("lost", "sold"),
        ("", "sold"),
        *[(status, status) for status in STATUSES],
    ],
)
def test_an_unknown_or_repeated_status_is_refused(
    db: Session, make: Make, tenant: UUID, before: str | None, after: str
) -> None:
    with db.refused("23514", "chk_ticket_state_history_statuses"):
        make.row("ticket_state_history", tenant, previous_status=before, new_status=after)


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_may_stand_before_and_after(make: Make, tenant: UUID, status: str) -> None:
    other = "sold" if status != "sold" else "active"
    for before, after in ((None, status), (status, other), (other, status)):
        row = make.row("ticket_state_history", tenant, previous_status=before, new_status=after)
        assert (row["previous_status"], row["new_status"]) == (before, after)


@pytest.mark.parametrize("kind", ["robot", "", "User"])
def test_an_unknown_kind_of_actor_is_refused(
    db: Session, make: Make, tenant: UUID, kind: str
) -> None:
    with db.refused("23514", "chk_ticket_state_history_actor"):
        make.row("ticket_state_history", tenant, changed_by_type=kind)


@pytest.mark.parametrize("kind", ["user", "system", "admin", "service"])
def test_the_four_kinds_are_accepted(make: Make, tenant: UUID, kind: str) -> None:
    assert make.row("ticket_state_history", tenant, changed_by_type=kind)


@pytest.mark.parametrize("source", [None, "", "api", "Import"])
def test_a_row_without_a_version_says_that_it_was_imported(
    db: Session, make: Make, tenant: UUID, source: str | None
) -> None:
    with db.refused("23514", "chk_ticket_state_history_manual"):
        make.row("ticket_state_history", tenant, source=source)
    assert make.row("ticket_state_history", tenant, source=source, ticket_version=7)


@pytest.mark.parametrize("metadata", [[], "x", 1, None])
def test_metadata_is_an_object(db: Session, make: Make, tenant: UUID, metadata: Any) -> None:
    with db.refused("23514", "chk_ticket_state_history_metadata"):
        make.row("ticket_state_history", tenant, metadata=Jsonb(metadata))


def test_a_version_is_logged_once_and_imports_have_none(
    db: Session, make: Make, tenant: UUID
) -> None:
    ticket = make.row("tickets", tenant)
    with db.refused("23505", "uq_ticket_state_history_version"):
        make.row(
            "ticket_state_history", tenant, ticket_id=ticket["id"], ticket_version=ticket["version"]
        )
    for _ in range(2):
        assert make.row("ticket_state_history", tenant, ticket_id=ticket["id"])


def test_an_id_exists_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    made = make.id("ticket_state_history", tenant)
    with db.refused("23505", "pk_ticket_state_history"):
        make.row("ticket_state_history", tenant, id=made)
    assert make.id("ticket_state_history", other_tenant, id=made) == made


def test_the_ticket_must_be_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for stranger in (uuid4(), make.id("tickets", other_tenant)):
        with db.refused("23503", "fk_ticket_state_history_ticket_id"):
            make.row("ticket_state_history", tenant, ticket_id=stranger)


def test_the_tenant_must_exist(db: Session, make: Make) -> None:
    nobody = uuid4()
    db.run("SET LOCAL session_replication_role = replica")
    ticket = make.id("tickets", nobody)
    db.run("SET LOCAL session_replication_role = origin")
    with db.refused("23503", "fk_ticket_state_history_tenant_id"):
        make.row("ticket_state_history", nobody, ticket_id=ticket)


def test_a_ticket_with_history_cannot_be_deleted(db: Session, make: Make, tenant: UUID) -> None:
    ticket = make.id("tickets", tenant)
    with db.refused(restricted(db), "fk_ticket_state_history_ticket_id"):
        db.run("DELETE FROM ticketing.tickets WHERE id = %s", ticket)


def test_the_sequence_is_the_databases(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("428C9"):
        make.row("ticket_state_history", tenant, seq=1)
    first, second = (make.row("ticket_state_history", tenant)["seq"] for _ in range(2))
    assert first < second
