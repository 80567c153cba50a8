"""require_no_open_transaction: a ticket that the chain has yet to decide about stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.relay import OPEN, STATUSES, Relay
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

REQUIRE = "SELECT ticketing.require_no_open_transaction(%s, %s)"


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


@pytest.mark.parametrize("status", STATUSES)
def test_an_open_transaction_refuses(relay: Relay, status: str) -> None:
    ticket = relay.ticket()
    relay.bring(ticket, status)
    with relay.acting() as session:
        # The successor of a replaced one is open.
        if status in (*OPEN, "replaced"):
            with session.refused("TK209"):
                session.all(REQUIRE, relay.tenant, ticket)
        else:
            session.all(REQUIRE, relay.tenant, ticket)


def test_looking_at_the_chain_is_no_transaction(relay: Relay) -> None:
    ticket = relay.ticket()
    relay.create(ticket, tx_type="verify")
    with relay.acting() as session:
        session.all(REQUIRE, relay.tenant, ticket)


def test_it_is_about_one_ticket_of_one_tenant(
    relay: Relay, db: Session, other_tenant: UUID
) -> None:
    ticket = relay.ticket()
    relay.create(ticket)
    for tenant, other in ((relay.tenant, uuid4()), (relay.tenant, None), (other_tenant, ticket)):
        # The superuser, whom no policy keeps from the row.
        db.all(REQUIRE, tenant, other)


def test_a_reader_has_no_use_for_it(relay: Relay, as_readonly: Acting, as_nobody: Acting) -> None:
    for acting in (as_readonly, as_nobody):
        with acting(tenant=relay.tenant) as session, session.refused("42501"):
            session.all(REQUIRE, relay.tenant, uuid4())
