"""place_house_hold: places that the organiser keeps off sale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.requests import call
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

HELD = """
    SELECT held_quantity, available_quantity
    FROM ticketing.ticket_inventory WHERE ticket_type_id = %s
"""


def place(db: Session, kind: UUID | None, quantity: int | None = 4, **given: Any) -> dict[str, Any]:
    usual = {"ticket_type_id": kind, "quantity": quantity, "hold_reason": "press"}
    return call(db, "place_house_hold", **(usual | given))


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_places_are_kept_back(db: Session, make: Make, tenant: UUID, role: str) -> None:
    kind, person = make.ticket_type(tenant, 10)["id"], make.id("users", tenant)
    end = datetime.now(UTC) + timedelta(hours=1)
    with db.acting(role, tenant=tenant):
        made = place(db, kind, 10, hold_type="sponsor", held_by=person, expires_at=end)
    assert made == {
        "hold_id": made["hold_id"],
        "status": "active",
        "expires_at": end,
        "remaining_quantity": 10,
        "outcome": "created",
    }
    row = db.one("SELECT * FROM ticketing.ticket_holds WHERE id = %s", made["hold_id"])
    assert (row["quantity"], row["hold_reason"], row["hold_type"], row["held_by"]) == (
        10,
        "press",
        "sponsor",
        person,
    )
    assert tuple(db.one(HELD, kind).values()) == (10, 0)


def test_without_more_it_is_a_house_hold_without_end(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    with as_tenant(tenant):
        assert place(db, kind)["expires_at"] is None
        assert db.value("SELECT hold_type FROM ticketing.ticket_holds") == "house"


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("TK124", {"quantity": None}),
        ("TK124", {"quantity": 0}),
        ("TK124", {"quantity": -1}),
        ("TK101", {"quantity": 11}),
        ("TK001", {"hold_reason": None}),
        ("TK001", {"hold_reason": " "}),
        ("TK001", {"hold_type": None}),
        ("TK001", {"hold_type": "friends"}),
        ("TK001", {"expires_at": datetime.now(UTC) - timedelta(seconds=1)}),
        ("TK108", {"ticket_type_id": None}),
        ("TK108", {"ticket_type_id": uuid4()}),
    ],
)
def test_a_wrong_call_is_refused(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, code: str, given: dict[str, Any]
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    with as_tenant(tenant), db.refused(code):
        place(db, kind, **given)
    assert tuple(db.one(HELD, kind).values()) == (0, 10)


def test_a_type_of_another_tenant_is_not_found(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(other_tenant, 10)["id"]
    with as_tenant(tenant), db.refused("TK108"):
        place(db, kind)


def test_who_may_call(
    db: Session, make: Make, tenant: UUID, *, as_readonly: Acting, as_worker: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    with as_readonly(tenant), db.refused("42501"):
        place(db, kind)
    with as_worker(), db.refused("TK701"):
        place(db, kind)


def test_callers_that_meet_keep_back_what_there_is(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, 10)["id"]

    def act(connection: psycopg.Connection, number: int) -> str:
        return str(place(Session(connection), kind, 3)["outcome"])

    results = race(clone, "ts_test_app", 12, act, tenant=tenant)
    told = [r.sqlstate if isinstance(r, psycopg.Error) else r for r in results]
    assert (told.count("created"), told.count("TK101")) == (3, 9)
