"""reserve_bundle: all that a bundle contains, at the bundle's price."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.races import race
from support.sales import DRIFT, calls, counters, key
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

NOW = datetime.now(UTC)


def bundle_of(
    make: Make, tenant: UUID, *items: tuple[int, int], stock: int = 10, **given: Any
) -> tuple[UUID, list[UUID]]:
    """Returns a bundle of types with a list price and a quantity each, and its types by id."""
    bundle = make.id("ticket_bundles", tenant, **given)
    kinds = []
    for price, quantity in items:
        kind = make.ticket_type(tenant, stock, price_cents=price)["id"]
        make.id(
            "ticket_bundle_items",
            tenant,
            bundle_id=bundle,
            ticket_type_id=kind,
            quantity=quantity,
        )
        kinds.append(kind)
    return bundle, kinds


def reserve(db: Session, bundle: UUID | None, count: int | None = 1, **given: Any) -> list[Row]:
    usual = {"bundle_id": bundle, "count": count, "idempotency_key": key()}
    return calls(db, "reserve_bundle", **(usual | given))


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_all_components_are_held_at_the_price_of_the_bundle(
    db: Session, make: Make, tenant: UUID, *, user: UUID, role: str
) -> None:
    bundle, kinds = bundle_of(make, tenant, (1000, 1), (500, 2), price_cents=1500)
    with db.acting(role, tenant=tenant):
        made = reserve(db, bundle, 2, user_id=user)
    assert {r["ticket_type_id"]: (r["quantity"], r["total_cents"]) for r in made} == {
        kinds[0]: (2, 1500),
        kinds[1]: (4, 1500),
    }
    assert len({r["group_id"] for r in made}) == 1
    assert [counters(db, kind) for kind in kinds] == [(2, 0, 8), (4, 0, 6)]
    query = "SELECT DISTINCT tickets FROM ticketing.reservations"
    assert db.value(query) == [{"bundle_id": str(bundle), "quantity": 2}]


@pytest.mark.parametrize(
    ("items", "price", "count"),
    [
        (((1000, 1), (1000, 1), (1000, 1)), 1000, 1),
        (((1, 1), (1, 1), (1, 1)), 1, 1),
        (((0, 1), (0, 3)), 999, 3),
        (((0, 1), (700, 1)), 333, 1),
        (((999, 3), (1, 1), (5001, 2)), 7001, 3),
        (((1000, 1),), 1, 2),
        (((1000, 1), (2000, 1)), 0, 2),
    ],
)
def test_the_shares_add_up_to_the_price(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    user: UUID,
    items: tuple[tuple[int, int], ...],
    price: int,
    count: int,
) -> None:
    bundle, kinds = bundle_of(make, tenant, *items, price_cents=price)
    with db.acting("ticketing_app", tenant=tenant):
        made = reserve(db, bundle, count, user_id=user)
    assert sum(r["total_cents"] for r in made) == price * count
    weights = (
        [cents * n for cents, n in items] if any(c for c, _ in items) else [n for _, n in items]
    )
    shares = {r["ticket_type_id"]: r["total_cents"] for r in made}
    for kind, weight in zip(kinds, weights, strict=True):
        assert abs(shares[kind] - price * count * weight / sum(weights)) < 1


def test_one_component_short_is_none_at_all(
    db: Session, make: Make, tenant: UUID, user: UUID
) -> None:
    bundle, kinds = bundle_of(make, tenant, (1000, 1), (500, 2))
    with db.acting("ticketing_app", tenant=tenant):
        db.run("SELECT ticketing.set_ticket_quantity(%s, 1)", kinds[1])
        with db.refused("TK101"):
            reserve(db, bundle, user_id=user)
    assert [counters(db, kind) for kind in kinds] == [(0, 0, 10), (0, 0, 1)]


def test_a_repeat_is_answered_after_the_end_of_the_sale(
    db: Session, make: Make, tenant: UUID, user: UUID
) -> None:
    bundle, kinds = bundle_of(make, tenant, (1000, 1), (500, 2))
    with db.acting("ticketing_app", tenant=tenant):
        made = reserve(db, bundle, user_id=user, idempotency_key="key")
        db.run("UPDATE ticketing.ticket_bundles SET is_active = FALSE, price_cents = 9")
        again = reserve(db, bundle, user_id=user, idempotency_key="key")
        assert again == [{**r, "outcome": "replayed"} for r in made]
        with db.refused("TK136"):
            reserve(db, bundle, user_id=user)
        db.run("UPDATE ticketing.ticket_bundles SET is_active = TRUE")
        with db.refused("TK122"):
            reserve(db, bundle, 2, user_id=user, idempotency_key="key")
    assert counters(db, kinds[0]) == (1, 0, 9)


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("TK136", {"is_active": False}),
        ("TK136", {"valid_from": NOW + timedelta(hours=1)}),
        ("TK136", {"valid_until": NOW - timedelta(seconds=1)}),
        ("TK133", {"currency": "EUR"}),
        (None, {"valid_from": NOW - timedelta(1), "valid_until": NOW + timedelta(1)}),
    ],
    ids=shown,
)
def test_when_a_bundle_is_on_sale(
    db: Session, make: Make, tenant: UUID, *, user: UUID, code: str | None, given: Row
) -> None:
    bundle, _ = bundle_of(make, tenant, (1000, 1), **given)
    with db.acting("ticketing_app", tenant=tenant):
        if code is None:
            assert reserve(db, bundle, user_id=user)
        else:
            with db.refused(code):
                reserve(db, bundle, user_id=user)


@pytest.mark.parametrize("count", [None, 0, -1, 1001])
def test_a_count_out_of_range_is_refused(
    db: Session, make: Make, tenant: UUID, *, user: UUID, count: int | None
) -> None:
    bundle, _ = bundle_of(make, tenant, (1000, 1))
    with db.acting("ticketing_app", tenant=tenant), db.refused("TK001"):
        reserve(db, bundle, count, user_id=user)


def test_an_empty_unknown_or_foreign_bundle_is_refused(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, user: UUID
) -> None:
    foreign, _ = bundle_of(make, other_tenant, (1000, 1))
    empty = make.id("ticket_bundles", tenant)
    with db.acting("ticketing_app", tenant=tenant):
        for absent in (None, uuid4(), foreign):
            with db.refused("TK135"):
                reserve(db, absent, user_id=user)
        with db.refused("TK137"):
            reserve(db, empty, user_id=user)


def test_who_may_call(
    db: Session, make: Make, tenant: UUID, *, as_readonly: Acting, as_worker: Acting
) -> None:
    bundle, _ = bundle_of(make, tenant, (1000, 1))
    with as_readonly(tenant), db.refused("42501"):
        reserve(db, bundle)
    with as_worker(), db.refused("TK701"):
        reserve(db, bundle)


def test_the_last_bundles_are_sold_once_and_whole(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        users = [make.id("users", tenant) for _ in range(12)]
        bundle, kinds = bundle_of(make, tenant, (1000, 1), (500, 2), stock=6)

    def act(connection: psycopg.Connection, number: int) -> int:
        return len(reserve(Session(connection), bundle, user_id=users[number]))

    results = race(clone, "ts_test_app", 12, act, tenant=tenant)
    refused = [r.sqlstate for r in results if isinstance(r, psycopg.Error)]
    assert refused == ["TK101"] * 9
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert [counters(db, kind) for kind in kinds] == [(3, 0, 3), (6, 0, 0)]
        assert db.all(DRIFT) == []
