"""log_ticket_price_change: each price of a ticket type, with who set it and why."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHANGE = "UPDATE ticketing.ticket_types SET price_cents = %s WHERE id = %s"


def prices(db: Session, ticket_type: UUID) -> list[tuple[int | None, int]]:
    rows = history(db, ticket_type)
    return [(row["old_price_cents"], row["new_price_cents"]) for row in rows]


def history(db: Session, ticket_type: UUID) -> list[Row]:
    return db.all(
        "SELECT * FROM ticketing.ticket_price_history WHERE ticket_type_id = %s "
        "ORDER BY changed_at",
        ticket_type,
    )


def test_the_first_price_is_logged_without_an_old_one(
    db: Session, make: Make, tenant: UUID
) -> None:
    kind = make.id("ticket_types", tenant, price_cents=2500)
    assert prices(db, kind) == [(None, 2500)]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_service_logs_its_changes_in_order(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    kind = make.id("ticket_types", tenant, price_cents=2500)
    with db.acting(role, tenant=tenant) as service:
        service.run(CHANGE, 0, kind)
        service.run(CHANGE, 3000, kind)

    assert prices(db, kind) == [(None, 2500), (2500, 0), (0, 3000)]


def test_the_user_the_reason_and_the_currency_are_noted(
    db: Session, make: Make, tenant: UUID
) -> None:
    kind = make.id("ticket_types", tenant, price_cents=2500, currency="EUR")
    user = make.id("users", tenant)
    with db.acting("ticketing_app", tenant=tenant, user=user, user_role="admin", reason="early"):
        db.run(CHANGE, 2000, kind)

    logged = history(db, kind)[-1]
    assert logged["tenant_id"] == tenant
    assert logged["changed_by"] == user
    assert logged["reason"] == "early"
    assert logged["currency"] == "EUR"


def test_without_a_user_and_a_reason_both_are_null(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.id("ticket_types", tenant, price_cents=2500)
    with as_tenant(tenant) as service:
        service.run(CHANGE, 2000, kind)

    logged = history(db, kind)[-1]
    assert (logged["changed_by"], logged["reason"]) == (None, None)


def test_the_same_price_again_is_no_change(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.id("ticket_types", tenant, price_cents=2500)
    with as_tenant(tenant) as service:
        assert service.run(CHANGE, 2500, kind) == 1

    assert prices(db, kind) == [(None, 2500)]


def test_another_change_of_the_type_is_not_logged(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.id("ticket_types", tenant, price_cents=2500)
    with as_tenant(tenant) as service:
        service.run("UPDATE ticketing.ticket_types SET name = 'Standing' WHERE id = %s", kind)

    assert prices(db, kind) == [(None, 2500)]


def test_a_statement_over_several_types_logs_each(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kinds = [make.id("ticket_types", tenant, price_cents=price) for price in (100, 200)]
    with as_tenant(tenant) as service:
        service.run("UPDATE ticketing.ticket_types SET price_cents = 200")

    assert [prices(db, kind) for kind in kinds] == [[(None, 100), (100, 200)], [(None, 200)]]


def test_a_change_that_is_undone_leaves_no_row(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.id("ticket_types", tenant, price_cents=2500)
    with as_tenant(tenant) as service, service.refused("23514", "chk_ticket_types_price_positive"):
        service.run(CHANGE, 2000, kind)
        service.run(CHANGE, -1, kind)

    assert prices(db, kind) == [(None, 2500)]


def test_changes_at_once_form_one_chain(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.id("ticket_types", tenant, price_cents=1000)

    def change(connection: psycopg.Connection, number: int) -> int:
        return connection.execute(CHANGE, [number, kind]).rowcount

    assert race(clone, "ts_test_app", 8, change, tenant=tenant) == [1] * 8
    with clone.connect() as connection:
        chain = prices(Session(connection), kind)
        last = Session(connection).value("SELECT price_cents FROM ticketing.ticket_types")
    assert [new for _, new in chain[:-1]] == [old for old, _ in chain[1:]]
    assert sorted(new for _, new in chain) == [0, 1, 2, 3, 4, 5, 6, 7, 1000]
    assert chain[-1][1] == last
