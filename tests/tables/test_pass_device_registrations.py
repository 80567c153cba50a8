"""pass_device_registrations: rules of the table."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make, Row
from support.session import Session

TABLE = "pass_device_registrations"


def test_a_device_is_registered_once_for_a_pass(db: Session, make: Make, tenant: UUID) -> None:
    row = make.row(TABLE, tenant, device_library_id="d1")
    assert make.row(TABLE, tenant, device_library_id="d1")
    assert make.row(TABLE, tenant, pass_id=row["pass_id"], device_library_id="d2")
    with db.refused("23505", "uq_pass_device_registrations"):
        make.row(TABLE, tenant, pass_id=row["pass_id"], device_library_id="d1")


def test_the_pass_must_be_the_tenants(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    theirs = make.id("ticket_passes", other_tenant)
    with db.refused("23503", "fk_pass_device_registrations_pass_id"):
        make.row(TABLE, tenant, pass_id=theirs)


def test_a_registration_goes_with_its_pass(db: Session, make: Make, tenant: UUID) -> None:
    row, other = make.row(TABLE, tenant), make.row(TABLE, tenant)
    db.run("DELETE FROM ticketing.ticket_passes WHERE id = %s", row["pass_id"])
    assert db.all(f"SELECT * FROM ticketing.{TABLE}") == [other]


@pytest.mark.parametrize(
    ("column", "rule"),
    [
        ("device_library_id", "chk_pass_device_registrations_device"),
        ("push_token", "chk_pass_device_registrations_push_token"),
    ],
)
def test_a_name_has_1_to_255_characters(
    db: Session, make: Make, tenant: UUID, *, column: str, rule: str
) -> None:
    for value in ("", "x" * 256):
        with db.refused("23514", rule):
            make.row(TABLE, tenant, **{column: value})
    with db.refused("23502"):
        make.row(TABLE, tenant, **{column: None})
    for value in ("x", "x" * 255):
        assert make.row(TABLE, tenant, **{column: value})[column] == value


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_service_writes_and_deletes_but_moves_nothing(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    row: Row = make.row(TABLE, tenant)
    with db.acting(role, tenant=tenant):
        for column in ("pass_id", "device_library_id"):
            with db.refused("42501"):
                db.run(f"UPDATE ticketing.{TABLE} SET {column} = {column}")
        assert db.run(f"UPDATE ticketing.{TABLE} SET push_token = 'new'") == 1
        assert db.run(f"DELETE FROM ticketing.{TABLE} WHERE id = %s", row["id"]) == 1


def test_a_reader_changes_nothing(db: Session, make: Make, tenant: UUID) -> None:
    make.row(TABLE, tenant)
    with db.acting("ticketing_readonly", tenant=tenant):
        for query in (
            f"DELETE FROM ticketing.{TABLE}",
            f"UPDATE ticketing.{TABLE} SET push_token = ''",
        ):
            with db.refused("42501"):
                db.run(query)
