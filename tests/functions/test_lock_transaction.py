"""lock_transaction: the row as of now, and everything in one order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, blockhash, signature
from support.races import in_turn
from support.relay import SLOT, Relay, calling, committing, outcome

World = tuple[Database, Relay]
LOCK = "SELECT status FROM ticketing.lock_transaction(%s, p_with_ticket => %s)"


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


@pytest.fixture
def world(clone: Database) -> Iterator[World]:
    with committing(clone) as relay:
        yield clone, relay


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_returns_the_row(make: Make, tenant: UUID, role: str) -> None:
    relay = Relay(make, tenant, role)
    tx = relay.create(relay.ticket())
    with relay.acting() as session:
        for with_ticket in (False, True):
            query = "SELECT * FROM ticketing.lock_transaction(%s, 'solana-mainnet', %s)"
            assert session.one(query, tx, with_ticket) == relay.row(tx)


@pytest.mark.parametrize("with_ticket", [False, True])
def test_an_unknown_transaction_is_refused(
    relay: Relay, make: Make, other_tenant: UUID, with_ticket: bool
) -> None:
    neighbour = Relay(make, other_tenant)
    theirs = neighbour.create(neighbour.ticket())
    there = relay.create(relay.ticket(), network="solana-devnet")
    for unknown in (signature(), None, theirs, there):
        with relay.acting() as session, session.refused("TK503"):
            session.all(LOCK, unknown, with_ticket)
    with make.session.acting("ticketing_worker") as worker, worker.refused("TK503"):
        worker.all(LOCK, theirs, with_ticket)


def test_a_customer_locks_no_ticket_of_somebody_else(make: Make, relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    stranger = make.id("users", relay.tenant)
    with (
        make.session.acting("ticketing_app", tenant=relay.tenant, user=stranger, user_role="user"),
        make.session.refused("TK512"),
    ):
        make.session.all(LOCK, tx, True)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_others_may_not_lock_it(make: Make, relay: Relay, role: str) -> None:
    tx = relay.create(relay.ticket())
    with make.session.acting(role, tenant=relay.tenant), make.session.refused("42501"):
        make.session.all(LOCK, tx, False)


def taking(query: str, *values: Any) -> Any:
    def act(connection: psycopg.Connection) -> Any:
        row = connection.execute(query.encode(), values).fetchone()
        return row and row[0]

    return act


@pytest.mark.parametrize(
    ("held", "plain", "with_ticket"),
    [
        ("tickets", False, True),
        ("ticket_transfers", False, True),
        ("pending_transactions", True, True),
    ],
)
def test_it_waits_for_what_it_locks_and_for_nothing_else(
    world: World, held: str, plain: bool, with_ticket: bool
) -> None:
    target, relay = world
    ticket = relay.ticket("active")
    holder = relay.find_ticket(ticket)["user_id"]
    offer = relay.make.id("ticket_transfers", relay.tenant, ticket_id=ticket, from_user_id=holder)
    tx = relay.create(ticket, tx_type="transfer", transfer_id=offer)
    relay.commit()
    hold = taking(f"SELECT 1 FROM ticketing.{held} FOR NO KEY UPDATE")
    for wanted, expected in ((False, plain), (True, with_ticket)):
        lock = taking(LOCK, tx, wanted)
        *_, status, waited = in_turn(target, "ts_test_app", hold, lock, tenant=relay.tenant)
        assert (status, waited) == ("pending", expected)


def test_verify_needs_no_ticket(world: World) -> None:
    target, relay = world
    tx = relay.create(relay.ticket(), tx_type="verify")
    relay.commit()
    hold = taking("SELECT 1 FROM ticketing.tickets FOR NO KEY UPDATE")
    *_, status, waited = in_turn(
        target, "ts_test_app", hold, taking(LOCK, tx, True), tenant=relay.tenant
    )
    assert (status, waited) == ("pending", False)


@pytest.mark.parametrize("with_ticket", [False, True])
def test_what_happened_while_it_waited_is_in_the_row(world: World, with_ticket: bool) -> None:
    target, relay = world
    tx = relay.create(relay.ticket())
    relay.commit()
    confirm = calling(
        "confirm_transaction",
        tx_signature=tx,
        slot=SLOT,
        block_time=None,
        token_mint=blockhash(),
    )
    _, status, waited = in_turn(
        target, "ts_test_app", confirm, taking(LOCK, tx, with_ticket), tenant=relay.tenant
    )
    assert (outcome(status), waited) == ("confirmed", True)
