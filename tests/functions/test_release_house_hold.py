"""release_house_hold: kept places on sale again, some or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, overdue
from support.races import race
from support.requests import call
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

FREE = "SELECT available_quantity FROM ticketing.ticket_inventory WHERE ticket_type_id = %s"


def kept(make: Make, tenant: UUID, **given: Any) -> tuple[UUID, UUID]:
    """Returns a type of ten and a house hold of four of it."""
    kind = make.ticket_type(tenant, 10)["id"]
    return kind, make.id("ticket_holds", tenant, ticket_type_id=kind, quantity=4, **given)


def release(db: Session, hold: UUID | None, **given: Any) -> dict[str, Any]:
    return call(db, "release_house_hold", hold_id=hold, **given)


@pytest.mark.parametrize("given", [{}, {"quantity": None}, {"quantity": 4}])
def test_all_of_it_closes_the_hold_once(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, given: dict[str, Any]
) -> None:
    kind, made = kept(make, tenant)
    with as_tenant(tenant, actor="admin"):
        told = release(db, made, **given)
        assert (told["outcome"], told["status"], told["remaining_quantity"]) == (
            "released",
            "released",
            0,
        )
        assert told["released_at"] is not None
        assert release(db, made) == {**told, "outcome": "replayed"}
        assert release(db, made, quantity=99)["outcome"] == "replayed"
    assert db.value(FREE, kind) == 10


def test_a_part_of_it_leaves_the_rest(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind, made = kept(make, tenant)
    with as_tenant(tenant):
        told = release(db, made, quantity=3)
        assert (told["outcome"], told["status"], told["remaining_quantity"]) == (
            "reduced",
            "active",
            1,
        )
        assert told["released_at"] is None
    assert db.value(FREE, kind) == 9
    with as_tenant(tenant, actor="system"):
        assert release(db, made, quantity=1)["outcome"] == "released"
    assert db.value(FREE, kind) == 10


@pytest.mark.parametrize("quantity", [0, -1, 5])
def test_a_quantity_that_is_not_there_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, quantity: int
) -> None:
    kind, made = kept(make, tenant)
    with as_tenant(tenant, actor="admin"), db.refused("TK124"):
        release(db, made, quantity=quantity)
    assert db.value(FREE, kind) == 6


@pytest.mark.parametrize("actor", ["user", "service"])
def test_only_the_organiser_closes_it(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, actor: str
) -> None:
    _, made = kept(make, tenant)
    with as_tenant(tenant, actor=actor), db.refused("TK202"):
        release(db, made)


def test_an_expired_one_is_closed_already(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind, made = kept(make, tenant, **overdue())
    make.advance("ticket_holds", made, "expired")
    with as_tenant(tenant, actor="admin"):
        told = release(db, made)
    assert (told["outcome"], told["status"]) == ("replayed", "expired")
    assert db.value(FREE, kind) == 10


def test_an_unknown_one_is_not_found(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    for absent in (None, uuid4(), kept(make, other_tenant)[1]):
        with as_tenant(tenant, actor="admin"), db.refused("TK132"):
            release(db, absent)


def test_who_may_call(
    db: Session, make: Make, tenant: UUID, *, as_readonly: Acting, as_worker: Acting
) -> None:
    _, made = kept(make, tenant)
    with as_readonly(tenant), db.refused("42501"):
        release(db, made)
    with as_worker(), db.refused("TK701"):
        release(db, made)


def test_callers_that_meet_release_what_is_left_and_no_more(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind, made = kept(make, tenant)

    def act(connection: psycopg.Connection, number: int) -> str:
        return str(release(Session(connection), made, quantity=1)["outcome"])

    results = race(clone, "ts_test_app", 12, act, tenant=tenant, actor="admin")
    told = [r.sqlstate if isinstance(r, psycopg.Error) else r for r in results]
    assert [told.count(word) for word in ("reduced", "released", "replayed")] == [3, 1, 8]
    with psycopg.connect(clone.superuser_url) as connection:
        assert Session(connection).value(FREE, kind) == 10
