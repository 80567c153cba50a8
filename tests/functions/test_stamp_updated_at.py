"""stamp_updated_at: the clock of the server, whatever the statement said."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

STAMP = "SELECT updated_at FROM ticketing.ticket_bundle_items WHERE id = %s"
CHANGE = "UPDATE ticketing.ticket_bundle_items SET quantity = quantity + 1 WHERE id = %s"


def test_each_update_of_a_transaction_stamps_a_later_time(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    item = make.id("ticket_bundle_items", tenant)
    stamps = [db.value(STAMP, item)]
    with as_tenant(tenant) as service:
        for _ in range(2):
            assert service.run(CHANGE, item) == 1
            stamps.append(service.value(STAMP, item))

    assert stamps[0] < stamps[1] < stamps[2]


@pytest.mark.parametrize("given", ["NULL", "'2001-01-01'", "'2999-01-01'", "updated_at"])
def test_a_time_in_the_statement_is_overruled(
    db: Session, make: Make, tenant: UUID, given: str
) -> None:
    item = make.id("ticket_bundle_items", tenant)
    before = db.value("SELECT clock_timestamp()")
    db.run(f"UPDATE ticketing.ticket_bundle_items SET updated_at = {given} WHERE id = %s", item)

    assert before < db.value(STAMP, item) < db.value("SELECT clock_timestamp()")


def test_other_rows_and_columns_stay_as_they_are(db: Session, make: Make, tenant: UUID) -> None:
    changed = make.row("ticket_bundle_items", tenant)
    other = make.row("ticket_bundle_items", tenant)
    db.run(CHANGE, changed["id"])
    read = "SELECT * FROM ticketing.ticket_bundle_items WHERE id = %s"
    after = db.one(read, changed["id"])

    assert after == {**changed, "quantity": 2, "updated_at": after["updated_at"]}
    assert db.one(read, other["id"]) == other


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_services_may_not_write_it_themselves(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    make.id("ticket_bundle_items", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run("UPDATE ticketing.ticket_bundle_items SET updated_at = now()")
