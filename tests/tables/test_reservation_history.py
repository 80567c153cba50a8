"""reservation_history: rules of the table."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

STATUSES = ("pending", "confirmed", "expired", "cancelled")


def restricted(db: Session) -> str:
    """Returns the SQLSTATE of ON DELETE RESTRICT, which version 18 changed."""
    return "23001" if db.connection.info.server_version >= 180000 else "23503"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("pending", "sold"),
        (None, "sold"),
        (None, ""),
        ("sold", "pending"),
        ("", "pending"),
        *[(status, status) for status in STATUSES],
    ],
)
def test_an_unknown_or_repeated_status_is_refused(
    db: Session, make: Make, tenant: UUID, before: str | None, after: str
) -> None:
    with db.refused("23514", "chk_reservation_history_statuses"):
        make.row("reservation_history", tenant, status_from=before, status_to=after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *[(None, status) for status in STATUSES],
        *[("pending", status) for status in STATUSES[1:]],
        ("confirmed", "cancelled"),
        ("expired", "pending"),
        ("cancelled", "pending"),
    ],
)
def test_a_change_between_known_statuses_is_accepted(
    make: Make, tenant: UUID, before: str | None, after: str
) -> None:
    row = make.row("reservation_history", tenant, status_from=before, status_to=after)
    assert (row["status_from"], row["status_to"]) == (before, after)


def test_an_id_exists_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    made = make.id("reservation_history", tenant)
    with db.refused("23505", "pk_reservation_history"):
        make.row("reservation_history", tenant, id=made)
    assert make.id("reservation_history", other_tenant, id=made) == made


def test_the_reservation_must_be_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for stranger in (uuid4(), make.id("reservations", other_tenant)):
        with db.refused("23503", "fk_reservation_history_reservation_id"):
            make.row("reservation_history", tenant, reservation_id=stranger)


def test_the_tenant_must_exist(db: Session, make: Make) -> None:
    nobody = uuid4()
    db.run("SET LOCAL session_replication_role = replica")
    made = make.id("reservations", nobody, guest_session="guest")
    db.run("SET LOCAL session_replication_role = origin")
    with db.refused("23503", "fk_reservation_history_tenant_id"):
        make.row("reservation_history", nobody, reservation_id=made)


def test_a_reservation_with_history_cannot_be_deleted(
    db: Session, make: Make, tenant: UUID
) -> None:
    made = make.id("reservations", tenant)
    with db.refused(restricted(db), "fk_reservation_history_reservation_id"):
        db.run("DELETE FROM ticketing.reservations WHERE id = %s", made)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ticketing.reservation_history SET reason = 'forged'",
        "DELETE FROM ticketing.reservation_history",
        "TRUNCATE ticketing.reservation_history",
    ],
    ids=["update", "delete", "truncate"],
)
def test_what_is_written_stays(db: Session, make: Make, tenant: UUID, change: str) -> None:
    make.row("reservations", tenant)
    with db.acting("ticketing_app", tenant=tenant), db.refused("42501"):
        db.run(change)
    with db.refused("TK003"):
        db.run(change)
