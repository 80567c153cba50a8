"""update_user_ticket_stats: what a person has bought, counted once a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


def stats(db: Session, tenant: UUID, user: UUID) -> tuple[int, int]:
    row = db.one(
        "SELECT ticket_purchase_count, total_spent_cents FROM ticketing.users "
        "WHERE tenant_id = %s AND id = %s",
        tenant,
        user,
    )
    return row["ticket_purchase_count"], row["total_spent_cents"]


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_sale_by_a_service_counts_though_it_may_not_write_the_counters(
    db: Session, make: Make, tenant: UUID, user: UUID, role: str
) -> None:
    ticket = make.id("tickets", tenant, price_cents=2500)
    with db.acting(role, tenant=tenant):
        db.run(
            "UPDATE ticketing.tickets SET status = 'sold', user_id = %s WHERE id = %s",
            user,
            ticket,
        )

    assert stats(db, tenant, user) == (1, 2500)


def test_tickets_made_as_sold_add_up(
    db: Session, make: Make, tenant: UUID, user: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant)
    with as_tenant(tenant) as service:
        service.run(
            """
            INSERT INTO ticketing.tickets (
                tenant_id, event_id, ticket_type_id, ticket_number, user_id, status, price_cents
            )
            SELECT %s, %s, %s, 'T-' || n, %s, 'sold', n
            FROM unnest(ARRAY[100, 0, 2500]) AS n
            """,
            tenant,
            kind["event_id"],
            kind["id"],
            user,
        )

    assert stats(db, tenant, user) == (3, 2600)


@pytest.mark.parametrize(
    ("price", "spent"), [(None, 0), (0, 0), (1, 1), (3_000_000_000, 3_000_000_000)]
)
def test_the_price_is_what_was_spent(
    make: Make, tenant: UUID, user: UUID, price: int | None, spent: int
) -> None:
    make.id("tickets", tenant, status="sold", user_id=user, price_cents=price)
    assert stats(make.session, tenant, user) == (1, spent)


def test_an_import_does_not_count(db: Session, make: Make, tenant: UUID, user: UUID) -> None:
    make.id(
        "tickets",
        tenant,
        status="active",
        user_id=user,
        price_cents=2500,
        external_source="partner",
        external_id="it_1",
    )
    assert stats(db, tenant, user) == (0, 0)


def test_a_reissued_ticket_was_bought_once(
    db: Session, make: Make, tenant: UUID, user: UUID
) -> None:
    first = make.id("tickets", tenant, status="active", user_id=user, price_cents=2500)
    make.id(
        "tickets",
        tenant,
        status="active",
        user_id=user,
        price_cents=2500,
        replaces_ticket_id=first,
    )
    assert stats(db, tenant, user) == (1, 2500)


def test_a_ticket_without_a_person_counts_for_nobody(
    db: Session, make: Make, tenant: UUID, user: UUID
) -> None:
    make.id("tickets", tenant, status="sold", purchaser_email="a@example.org", price_cents=100)
    assert db.value("SELECT sum(ticket_purchase_count) FROM ticketing.users") == 0


def test_the_same_id_in_another_tenant_is_another_person(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, user: UUID
) -> None:
    make.id("users", other_tenant, id=user)
    make.id("tickets", tenant, status="sold", user_id=user, price_cents=2500)

    assert stats(db, other_tenant, user) == (0, 0)


def test_purchases_at_once_are_all_counted(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        user = make.id("users", tenant)
        tickets = [make.id("tickets", tenant, price_cents=10**number) for number in range(8)]

    def sell(connection: psycopg.Connection, number: int) -> int:
        change = "UPDATE ticketing.tickets SET status = 'sold', user_id = %s WHERE id = %s"
        return connection.execute(change, [user, tickets[number]]).rowcount

    assert race(clone, "ts_test_app", 8, sell, tenant=tenant) == [1] * 8
    with clone.connect() as connection:
        assert stats(Session(connection), tenant, user) == (8, 11_111_111)


def test_a_ticket_sold_twice_at_once_counts_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        user = make.id("users", tenant)
        ticket = make.id("tickets", tenant, price_cents=2500)

    def sell(connection: psycopg.Connection, number: int) -> int:
        change = "UPDATE ticketing.tickets SET status = 'sold', user_id = %s WHERE id = %s"
        return connection.execute(change, [user, ticket]).rowcount

    assert race(clone, "ts_test_app", 8, sell, tenant=tenant) == [1] * 8
    with clone.connect() as connection:
        assert stats(Session(connection), tenant, user) == (1, 2500)
