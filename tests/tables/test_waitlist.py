"""waitlist: rules of the table."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
TICK = timedelta(microseconds=1)
OFFER = {"notified_at": NOW, "offer_expires_at": NOW + TICK}
PARENTS = [
    ("fk_waitlist_ticket_type_id", "ticket_type_id", "ticket_types"),
    ("fk_waitlist_user_id", "user_id", "users"),
    ("fk_waitlist_reservation_id", "reservation_id", "reservations"),
]


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_waitlist_quantity_positive", {"quantity": 0}),
        ("chk_waitlist_quantity_positive", {"quantity": -1}),
        ("chk_waitlist_status", {"status": "open"}),
        ("chk_waitlist_offer", {"status": "notified", **OFFER, "reservation_id": None}),
        ("chk_waitlist_offer", {"notified_at": NOW, "offer_expires_at": NOW}),
    ],
)
def test_a_broken_rule_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: dict[str, Any]
) -> None:
    with db.refused("23514", constraint):
        make.row("waitlist", tenant, **given)


@pytest.mark.parametrize("missing", ["notified_at", "offer_expires_at"])
def test_an_offer_has_its_moment_and_its_deadline(
    db: Session, make: Make, tenant: UUID, missing: str
) -> None:
    offer = {**OFFER, "reservation_id": make.id("reservations", tenant), missing: None}
    with db.refused("23514", "chk_waitlist_offer"):
        make.row("waitlist", tenant, status="notified", **offer)


@pytest.mark.parametrize("status", ["active", "converted", "expired", "cancelled"])
def test_a_deadline_without_an_offer_is_refused(
    db: Session, make: Make, tenant: UUID, status: str
) -> None:
    with db.refused("23514", "chk_waitlist_offer"):
        make.row("waitlist", tenant, status=status, offer_expires_at=NOW)


@pytest.mark.parametrize(
    "given",
    [
        {"quantity": 1},
        *({"status": status} for status in ("active", "converted", "expired", "cancelled")),
        {"status": "expired", **OFFER},
        {"notified_at": NOW, "offer_expires_at": None},
    ],
)
def test_the_last_allowed_value_is_accepted(
    make: Make, tenant: UUID, given: dict[str, Any]
) -> None:
    assert given.items() <= make.row("waitlist", tenant, **given).items()


def test_a_complete_offer_is_accepted(make: Make, tenant: UUID) -> None:
    behind = make.id("reservations", tenant)
    row = make.row("waitlist", tenant, status="notified", **OFFER, reservation_id=behind)
    assert row["reservation_id"] == behind


@pytest.mark.parametrize("status", ["active", "notified"])
def test_a_person_waits_once_for_a_type(db: Session, make: Make, tenant: UUID, status: str) -> None:
    behind = make.id("reservations", tenant)
    first = make.row("waitlist", tenant, status=status, **OFFER, reservation_id=behind)
    same = {"ticket_type_id": first["ticket_type_id"], "user_id": first["user_id"]}
    with db.refused("23505", "uq_waitlist_one_live"):
        make.row("waitlist", tenant, **same)


@pytest.mark.parametrize("status", ["converted", "expired", "cancelled"])
def test_a_person_may_come_back_to_the_queue(make: Make, tenant: UUID, status: str) -> None:
    first = make.row("waitlist", tenant, status=status)
    same = {"ticket_type_id": first["ticket_type_id"], "user_id": first["user_id"]}
    assert make.row("waitlist", tenant, **same)["status"] == "active"


@pytest.mark.parametrize("same", ["ticket_type_id", "user_id"])
def test_another_person_or_type_is_another_place_in_the_queue(
    make: Make, tenant: UUID, same: str
) -> None:
    first = make.row("waitlist", tenant)
    assert make.row("waitlist", tenant, **{same: first[same]})["status"] == "active"


def test_the_same_ids_in_another_tenant_are_another_place_in_the_queue(
    make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    first = make.row("waitlist", tenant)
    kind = make.id("ticket_types", other_tenant, id=first["ticket_type_id"])
    ann = make.id("users", other_tenant, id=first["user_id"])
    assert make.row("waitlist", other_tenant, ticket_type_id=kind, user_id=ann)["user_id"] == ann


@pytest.mark.parametrize(("constraint", "column", "parent"), PARENTS)
def test_a_parent_of_another_tenant_is_refused(
    db: Session,
    make: Make,
    *,
    tenant: UUID,
    other_tenant: UUID,
    constraint: str,
    column: str,
    parent: str,
) -> None:
    stranger = make.id(parent, other_tenant)
    with db.refused("23503", constraint):
        make.row("waitlist", tenant, **{column: stranger})


@pytest.mark.parametrize(("constraint", "column", "parent"), PARENTS)
def test_a_parent_must_exist(
    db: Session, make: Make, *, tenant: UUID, constraint: str, column: str, parent: str
) -> None:
    with db.refused("23503", constraint):
        make.row("waitlist", tenant, **{column: uuid4()})


def test_who_comes_later_stands_further_back(make: Make, tenant: UUID) -> None:
    first, second = make.row("waitlist", tenant), make.row("waitlist", tenant)
    assert first["position"] < second["position"]


def test_nobody_chooses_their_position(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    place = {"ticket_type_id": make.id("ticket_types", tenant), "user_id": make.id("users", tenant)}
    with as_tenant(tenant), db.refused("428C9"):
        make.row("waitlist", tenant, position=1, **place)


def test_a_new_place_is_active_without_priority_or_offer(make: Make, tenant: UUID) -> None:
    row = make.row("waitlist", tenant)
    expected = {"status": "active", "quantity": 1, "priority": 0, "offer_count": 0, "version": 1}
    assert expected.items() <= row.items()


@pytest.mark.parametrize(
    "column",
    [
        "tenant_id",
        "id",
        "ticket_type_id",
        "user_id",
        "position",
        "version",
        "created_at",
        "updated_at",
    ],
)
def test_a_service_cannot_change(db: Session, tenant: UUID, as_tenant: Acting, column: str) -> None:
    with as_tenant(tenant), db.refused("42501") as by:
        db.run(f"UPDATE ticketing.waitlist SET {column} = DEFAULT")
    assert "permission denied" in str(by.error)


def test_a_service_may_change_all_the_rest(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    columns = """
        quantity, status, priority, notified_at, offer_expires_at, reservation_id, offer_count
    """
    make.row("waitlist", tenant)
    with as_tenant(tenant):
        assert db.run(f"UPDATE ticketing.waitlist SET ({columns}) = ROW ({columns})") == 1


def test_a_service_cannot_delete(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("42501"):
        db.run("DELETE FROM ticketing.waitlist")
