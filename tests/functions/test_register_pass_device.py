"""register_pass_device: a device that shows a pass wants to hear of its changes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.passes import READ, TOKEN, TYPE, bring
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

REGISTER = "SELECT ticketing.register_pass_device(%s, %s, %s, %s, %s)"
DEVICES = "SELECT * FROM ticketing.pass_device_registrations ORDER BY device_library_id"


@pytest.fixture
def row(db: Session, make: Make, tenant: UUID) -> Row:
    return bring(db, tenant, make.row("ticket_passes", tenant), "sent")


def registered(db: Session, row: Row, **given: str | None) -> str:
    usual: dict[str, str | None] = {
        "device": "d1",
        "type": TYPE,
        "serial": row["serial_number"],
        "push": "p1",
        "token": TOKEN,
    }
    answer: str = db.value(REGISTER, *(usual | given).values())
    return answer


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_device_is_registered_once(db: Session, tenant: UUID, row: Row, role: str) -> None:
    with db.acting(role, tenant=tenant):
        assert registered(db, row) == "created"
        (first,) = db.all(DEVICES)
        assert registered(db, row) == "exists"
        assert db.all(DEVICES) == [first]
    assert (first["pass_id"], first["device_library_id"]) == (row["id"], "d1")
    assert (first["tenant_id"], first["push_token"]) == (tenant, "p1")


def test_a_new_push_token_takes_the_place_of_the_old_one(
    db: Session, tenant: UUID, row: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        registered(db, row)
        registered(db, row, device="d2")
        assert registered(db, row, push="p2") == "exists"
    assert [(r["device_library_id"], r["push_token"]) for r in db.all(DEVICES)] == [
        ("d1", "p2"),
        ("d2", "p1"),
    ]


@pytest.mark.parametrize(
    "given", [{"token": "cd" * 32}, {"token": None}, {"serial": "x"}, {"type": "x"}], ids=str
)
def test_without_the_token_nobody_registers(
    db: Session, tenant: UUID, *, row: Row, as_tenant: Acting, given: dict[str, str | None]
) -> None:
    with as_tenant(tenant):
        assert registered(db, row, **given) == "unauthorized"
        assert registered(db, row, **given, device=None) == "unauthorized"
    assert db.all(DEVICES) == []


@pytest.mark.parametrize(
    "given",
    [{name: value} for name in ("device", "push") for value in (None, "", "x" * 256)],
    ids=shown,
)
def test_a_device_without_a_name_or_an_address_is_refused(
    db: Session, tenant: UUID, *, row: Row, as_tenant: Acting, given: dict[str, str | None]
) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        registered(db, row, **given)


def test_the_longest_names_are_accepted(
    db: Session, tenant: UUID, row: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        assert registered(db, row, device="d" * 255, push="p" * 255) == "created"


@pytest.mark.parametrize("status", ["produced", "sending"])
def test_a_pass_that_is_on_a_device_has_arrived(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, status: str
) -> None:
    row = bring(db, tenant, make.row("ticket_passes", tenant), status)
    with as_tenant(tenant):
        registered(db, row)
        first = db.one(READ, row["id"])
        assert (first["status"], first["delivered_at"] is None) == ("produced", False)
        registered(db, row, push="p2")
        assert db.one(READ, row["id"]) == first


def test_a_void_pass_is_registered_for_its_end(
    db: Session, tenant: UUID, row: Row, as_tenant: Acting
) -> None:
    db.run("UPDATE ticketing.ticket_passes SET voided_at = now()")
    with as_tenant(tenant):
        assert registered(db, row) == "created"


def test_a_device_that_asks_several_times_at_once_is_registered_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        make = Make(db)
        tenant = make.tenant()
        row = bring(db, tenant, make.row("ticket_passes", tenant), "sent")
    values = ["d1", TYPE, row["serial_number"], "p1", TOKEN]

    def act(connection: psycopg.Connection, _number: int) -> str:
        found = connection.execute(REGISTER.encode(), values).fetchone()
        assert found is not None
        return str(found[0])

    answers = race(clone, "ts_test_app", 6, act, tenant=tenant)
    assert sorted(map(str, answers)) == ["created"] + ["exists"] * 5
