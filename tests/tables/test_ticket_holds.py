"""ticket_holds: rules of the table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def restricted(db: Session) -> str:
    """Returns the SQLSTATE of ON DELETE RESTRICT, which version 18 changed."""
    return "23001" if db.connection.info.server_version >= 180000 else "23503"


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_ticket_holds_type", {"hold_type": "friends"}),
        ("chk_ticket_holds_type", {"hold_type": ""}),
        ("chk_ticket_holds_quantity", {"quantity": 0}),
        ("chk_ticket_holds_quantity", {"quantity": -1, "remaining_quantity": -1}),
        ("chk_ticket_holds_quantity", {"quantity": 3, "remaining_quantity": 4}),
        ("chk_ticket_holds_quantity", {"quantity": 3, "remaining_quantity": -1}),
        (
            "chk_ticket_holds_status",
            {"status": "lost", "remaining_quantity": 0, "released_at": NOW},
        ),
        ("chk_ticket_holds_released", {"released_at": NOW}),
        ("chk_ticket_holds_released", {"status": "released", "remaining_quantity": 0}),
        ("chk_ticket_holds_released", {"status": "expired", "remaining_quantity": 0}),
        ("chk_ticket_holds_closed_empty", {"status": "released", "released_at": NOW}),
        ("chk_ticket_holds_closed_empty", {"status": "expired", "released_at": NOW}),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("ticket_holds", tenant, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"hold_type": "house"},
        {"hold_type": "press"},
        {"hold_type": "sponsor"},
        {"hold_type": "production"},
        {"hold_type": "kill"},
        {"quantity": 1, "remaining_quantity": 1},
        {"quantity": 3, "remaining_quantity": 0},
        {"quantity": 3, "remaining_quantity": 3},
        {"status": "active", "released_at": None},
        {"status": "released", "remaining_quantity": 0, "released_at": NOW},
        {"status": "expired", "remaining_quantity": 0, "released_at": NOW},
        {"expires_at": None},
        {"expires_at": NOW},
    ],
)
def test_a_value_at_the_edge_of_the_rules_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    row = make.row("ticket_holds", tenant, **given)
    assert {name: row[name] for name in given} == given


def test_an_id_exists_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    made = make.id("ticket_holds", tenant)
    with db.refused("23505", "pk_ticket_holds"):
        make.row("ticket_holds", tenant, id=made)
    assert make.id("ticket_holds", other_tenant, id=made) == made


def test_the_type_must_be_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for kind in (uuid4(), make.ticket_type(other_tenant)["id"]):
        with db.refused("23503", "fk_ticket_holds_ticket_type_id"):
            make.row("ticket_holds", tenant, ticket_type_id=kind)


def test_whoever_holds_is_a_user_of_the_tenant_or_not_named(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for stranger in (uuid4(), make.id("users", other_tenant)):
        with db.refused("23503", "fk_ticket_holds_held_by"):
            make.row("ticket_holds", tenant, held_by=stranger)
    assert make.row("ticket_holds", tenant, held_by=None)["held_by"] is None


def test_the_tenant_must_exist(db: Session, make: Make) -> None:
    nobody = uuid4()
    db.run("SET LOCAL session_replication_role = replica")
    kind = make.id("ticket_types", nobody, event_id=uuid4())
    db.run("SET LOCAL session_replication_role = origin")
    with db.refused("23503", "fk_ticket_holds_tenant_id"):
        make.row("ticket_holds", nobody, ticket_type_id=kind)


def test_a_type_with_holds_cannot_be_deleted(db: Session, make: Make, tenant: UUID) -> None:
    kind = make.row("ticket_holds", tenant)["ticket_type_id"]
    db.run("ALTER TABLE ticketing.ticket_price_history DISABLE TRIGGER USER")
    db.run("DELETE FROM ticketing.ticket_price_history WHERE ticket_type_id = %s", kind)
    with db.refused(restricted(db), "fk_ticket_holds_ticket_type_id"):
        db.run("DELETE FROM ticketing.ticket_types WHERE id = %s", kind)


@pytest.mark.parametrize(
    "column", ["tenant_id", "id", "ticket_type_id", "quantity", "version", "created_at"]
)
def test_a_service_cannot_change_what_a_hold_is(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, column: str
) -> None:
    make.row("ticket_holds", tenant)
    with as_tenant(tenant), db.refused("42501"):
        db.run(f"UPDATE ticketing.ticket_holds SET {column} = {column}")


def test_a_service_cannot_delete_a_hold(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.row("ticket_holds", tenant)
    with as_tenant(tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.ticket_holds")
