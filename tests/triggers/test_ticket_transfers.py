"""Triggers of ticket_transfers: the version follows every update."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGE = "UPDATE ticketing.ticket_transfers SET message = 'new' WHERE id = %s"
READ = "SELECT version, updated_at FROM ticketing.ticket_transfers WHERE id = %s"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_each_update_raises_the_version_by_one_and_stamps_it(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    row = make.row("ticket_transfers", tenant)
    assert row["version"] == 1
    with db.acting(role, tenant=tenant):
        db.run(CHANGE, row["id"])
        first = db.one(READ, row["id"])
        db.run(CHANGE, row["id"])
        second = db.one(READ, row["id"])

    assert (first["version"], second["version"]) == (2, 3)
    assert row["updated_at"] < first["updated_at"] < second["updated_at"]


@pytest.mark.parametrize("given", ["1", "99", "version", "NULL"])
def test_the_version_cannot_be_chosen(db: Session, make: Make, tenant: UUID, given: str) -> None:
    row = make.id("ticket_transfers", tenant)
    db.run(f"UPDATE ticketing.ticket_transfers SET version = {given} WHERE id = %s", row)

    assert db.one(READ, row)["version"] == 2


@pytest.mark.parametrize("column", ["version", "updated_at"])
def test_a_service_may_not_write_it_at_all(
    make: Make, tenant: UUID, as_tenant: Acting, column: str
) -> None:
    row = make.id("ticket_transfers", tenant)
    with as_tenant(tenant) as service, service.refused("42501"):
        service.run(f"UPDATE ticketing.ticket_transfers SET {column} = DEFAULT WHERE id = %s", row)


def test_a_row_that_is_not_updated_keeps_its_version(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    row, other = make.row("ticket_transfers", tenant), make.row("ticket_transfers", tenant)
    with as_tenant(tenant) as service:
        service.run(CHANGE, other["id"])

    assert db.one("SELECT * FROM ticketing.ticket_transfers WHERE id = %s", row["id"]) == row
