"""unregister_pass_device: a device that no longer shows a pass."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row
from support.passes import READ, TOKEN, TYPE, bring
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

UNREGISTER = "SELECT ticketing.unregister_pass_device(%s, %s, %s, %s)"
DEVICES = "SELECT device_library_id FROM ticketing.pass_device_registrations ORDER BY 1"


@pytest.fixture
def row(db: Session, make: Make, tenant: UUID) -> Row:
    made = bring(db, tenant, make.row("ticket_passes", tenant), "sent")
    for device in ("d1", "d2"):
        make.row("pass_device_registrations", tenant, pass_id=made["id"], device_library_id=device)
    return made


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_goes_alone_and_once(
    db: Session, make: Make, tenant: UUID, *, row: Row, role: str
) -> None:
    other = make.id("ticket_passes", tenant)
    make.row("pass_device_registrations", tenant, pass_id=other, device_library_id="d1")
    before = db.one(READ, row["id"])
    with db.acting(role, tenant=tenant):
        values = "d1", TYPE, row["serial_number"], TOKEN
        assert [db.value(UNREGISTER, *values) for _ in range(2)] == ["deleted", "absent"]
    assert [r["device_library_id"] for r in db.all(DEVICES)] == ["d1", "d2"]
    assert db.one(READ, row["id"]) == before


@pytest.mark.parametrize("place", [1, 2, 3])
@pytest.mark.parametrize("wrong", ["cd" * 32, None])
def test_without_the_token_nothing_goes(
    db: Session, tenant: UUID, *, row: Row, as_tenant: Acting, place: int, wrong: str | None
) -> None:
    values: list[str | None] = ["d1", TYPE, row["serial_number"], TOKEN]
    values[place] = wrong
    with as_tenant(tenant):
        assert db.value(UNREGISTER, *values) == "unauthorized"
    assert len(db.all(DEVICES)) == 2


@pytest.mark.parametrize("device", ["d3", None])
def test_an_unknown_device_is_absent(
    db: Session, tenant: UUID, *, row: Row, as_tenant: Acting, device: str | None
) -> None:
    with as_tenant(tenant):
        assert db.value(UNREGISTER, device, TYPE, row["serial_number"], TOKEN) == "absent"
