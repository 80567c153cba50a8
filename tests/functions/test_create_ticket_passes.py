"""create_ticket_passes: a pass for each wallet, made once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.passes import OF_TICKET
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CREATE = "SELECT * FROM ticketing.create_ticket_passes(%s)"
IN = "SELECT * FROM ticketing.create_ticket_passes(%s, %s)"


@pytest.fixture
def ticket(make: Make, tenant: UUID) -> UUID:
    return make.held_ticket(tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_ticket_gets_a_pass_for_each_wallet(
    db: Session, tenant: UUID, ticket: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant):
        made = db.all(CREATE, ticket)
    assert made == db.all(OF_TICKET, ticket)
    assert [row["channel"] for row in made] == ["apple_wallet", "google_wallet"]
    assert {row["status"] for row in made} == {"pending"}
    assert len({row["serial_number"] for row in made}) == 2


def test_asked_again_it_changes_nothing_and_answers_the_same(
    db: Session, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        first = db.all(CREATE, ticket)
        assert db.all(CREATE, ticket) == first
        assert db.all(IN, ticket, ["google_wallet"]) == first[1:]
    assert db.all(OF_TICKET, ticket) == first


def test_a_wallet_that_is_added_later_leaves_the_other_alone(
    db: Session, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        (apple,) = db.all(IN, ticket, ["apple_wallet", "apple_wallet"])
        assert db.all(CREATE, ticket)[0] == apple
        assert db.all(IN, ticket, []) == []


def test_a_void_pass_is_not_counted(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, as_tenant: Acting
) -> None:
    old: Row = make.row("ticket_passes", tenant, ticket_id=ticket)
    db.run("UPDATE ticketing.ticket_passes SET voided_at = now() WHERE id = %s", old["id"])
    with as_tenant(tenant):
        (new,) = db.all(IN, ticket, ["apple_wallet"])
    assert new["id"] != old["id"]


@pytest.mark.parametrize("channels", [None, ["apple_wallet", None], ["post"], [""]], ids=shown)
def test_an_unknown_wallet_is_refused(
    db: Session, *, tenant: UUID, ticket: UUID, as_tenant: Acting, channels: object
) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        db.all("SELECT * FROM ticketing.create_ticket_passes(%s, %s::text[])", ticket, channels)


def test_an_unknown_ticket_is_refused(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting
) -> None:
    theirs = make.held_ticket(other_tenant)
    with as_tenant(tenant):
        for ticket in (theirs, uuid4(), None):
            with db.refused("TK741"):
                db.all(CREATE, ticket)


def test_a_ticket_that_has_ended_is_refused(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    ticket = make.id("tickets", tenant, status="cancelled", status_reason="rain")
    with as_tenant(tenant), db.refused("TK742"):
        db.all(CREATE, ticket)


def test_a_customer_gets_passes_of_own_tickets_alone(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, as_user: Acting
) -> None:
    user = make.id("users", tenant)
    own = make.held_ticket(tenant, user)
    with as_user(tenant, user):
        assert len(db.all(CREATE, own)) == 2
        with db.refused("TK741"):
            db.all(CREATE, ticket)


def test_callers_that_meet_make_one_of_each(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        ticket = make.held_ticket(tenant)

    def act(connection: psycopg.Connection, _number: int) -> list[UUID]:
        query = b"SELECT id FROM ticketing.create_ticket_passes(%s)"
        return [row[0] for row in connection.execute(query, [ticket]).fetchall()]

    answers = race(clone, "ts_test_app", 8, act, tenant=tenant)
    assert not [answer for answer in answers if isinstance(answer, psycopg.Error)]
    seen = Counter(made for answer in answers for made in answer)  # type: ignore[union-attr]
    assert sorted(seen.values()) == [8, 8]
