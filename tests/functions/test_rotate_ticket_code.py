"""rotate_ticket_code: a ticket that changes hands or code keeps nothing of the old one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from support.factories import Make
from support.names import shown
from support.session import Session
from support.transfers import Desk

CODES = ("credential_version", "qr_code", "barcode")


@pytest.fixture
def desk(db: Session, tenant: UUID) -> Desk:
    return Desk(db, tenant, barcode="old bars", credential_version=3)


def written(desk: Desk, **values: Any) -> tuple[Any, ...]:
    """Returns version, code and barcode after a service of the tenant has written a ticket."""
    columns = ", ".join(f"{name} = %s" for name in values)
    with desk.db.acting("ticketing_app", tenant=desk.tenant, actor="admin", reason="so"):
        change = f"UPDATE ticketing.tickets SET {columns} WHERE id = %s"
        assert desk.db.run(change, *values.values(), desk.ticket) == 1
    row = desk.read()
    return tuple(row[name] for name in CODES)


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ({"seat": "7"}, (3, "old code", "old bars")),
        ({"status": "checked_in"}, (3, "old code", "old bars")),
        ({"status": "revoked"}, (3, "old code", "old bars")),
        ({"qr_code": "old code"}, (3, "old code", "old bars")),
        ({"qr_code": "new code"}, (4, "new code", None)),
        ({"qr_code": None}, (4, None, None)),
        ({"qr_code": "new code", "barcode": "new bars"}, (4, "new code", "new bars")),
        ({"qr_code": "new code", "credential_version": 4}, (4, "new code", None)),
        ({"qr_code": "new code", "credential_version": 9}, (9, "new code", None)),
        ({"credential_version": 4}, (4, None, None)),
        ({"credential_version": 3}, (3, "old code", "old bars")),
        ({"barcode": "new bars"}, (3, "old code", "new bars")),
    ],
    ids=shown,
)
def test_a_code_that_ends_takes_its_version_and_its_barcode_along(
    desk: Desk, values: dict[str, Any], codes: tuple[Any, ...]
) -> None:
    assert written(desk, **values) == codes


@pytest.mark.parametrize("status", ["sold", "active", "transferred", "checked_in"])
def test_a_ticket_that_changes_hands_keeps_no_code(db: Session, tenant: UUID, status: str) -> None:
    admitted = status == "checked_in"
    desk = Desk(
        *(db, tenant),
        status=status,
        checked_in_at="now" if admitted else None,
        barcode="old bars",
        credential_version=3,
    )
    assert written(desk, user_id=desk.friend) == (4, None, None)


def test_a_new_holder_may_come_with_a_new_code(desk: Desk) -> None:
    values = {"user_id": desk.friend, "qr_code": "new code", "barcode": "new bars"}
    assert written(desk, **values) == (4, "new code", "new bars")


def test_a_holder_who_is_taken_away_takes_the_code_along(desk: Desk) -> None:
    assert written(desk, user_id=None, purchaser_email="a@example.org") == (4, None, None)


def test_a_guest_who_makes_an_account_keeps_the_code(desk: Desk) -> None:
    desk.put("tickets", desk.ticket, user_id=None, purchaser_email="a@example.org")
    assert written(desk, user_id=desk.friend) == (3, "old code", "old bars")


@pytest.mark.parametrize("status", ["available", "reserved"])
def test_a_place_that_was_never_sold_keeps_its_printed_code(desk: Desk, status: str) -> None:
    holder = None if status == "available" else desk.sender
    desk.put("tickets", desk.ticket, status=status, user_id=holder)
    assert written(desk, status="sold", user_id=desk.friend) == (3, "old code", "old bars")


def test_the_first_code_is_the_first_version(db: Session, tenant: UUID) -> None:
    desk = Desk(db, tenant, qr_code=None)
    assert written(desk, qr_code="first") == (1, "first", None)


def test_a_code_in_clear_ends_one_that_only_its_hash_tells(db: Session, tenant: UUID) -> None:
    desk = Desk(db, tenant, qr_code=None)
    Make(db).row("ticket_credentials", tenant, ticket_id=desk.ticket)
    assert written(desk, qr_code="second") == (2, "second", None)


def test_a_version_is_never_lowered(desk: Desk) -> None:
    with desk.db.refused("TK241") as refused:
        written(desk, credential_version=2)
    assert "version 3" in str(refused.error)
    with desk.db.refused("TK241"):
        written(desk, credential_version=2, qr_code="new code")


def test_a_missing_version_is_the_columns_to_refuse(desk: Desk) -> None:
    with desk.db.refused("23502"):
        written(desk, credential_version=None)


def test_codes_of_another_tenant_do_not_matter(
    db: Session, tenant: UUID, other_tenant: UUID
) -> None:
    desk = Desk(db, tenant, qr_code=None)
    make = Make(db)
    foreign = make.id("tickets", other_tenant, id=desk.ticket)
    make.row("ticket_credentials", other_tenant, ticket_id=foreign)
    with db.acting("ticketing_app", tenant=tenant):
        db.run("UPDATE ticketing.tickets SET qr_code = 'first' WHERE tenant_id = %s", tenant)
    found = "SELECT credential_version FROM ticketing.tickets WHERE tenant_id = %s"
    assert db.value(found, tenant) == 1
