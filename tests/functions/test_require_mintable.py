"""require_mintable: whether a new mint of a ticket may be signed."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.relay import HEIGHT, LANDED, SLOT, Relay, call


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


def ask(relay: Relay, ticket: UUID | None) -> Any:
    return relay.call("require_mintable", ticket_id=ticket)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize(
    "status", ["reserved", "sold", "minted", "active", "transferred", "checked_in", "used"]
)
def test_a_ticket_without_a_mint_may_have_one(
    make: Make, tenant: UUID, role: str, status: str
) -> None:
    relay = Relay(make, tenant, role)
    given: dict[str, Row] = {
        "minted": {"is_nft": True, "token_mint": "7" * 44},
        "checked_in": {"checked_in_at": LANDED},
        "used": {"checked_in_at": LANDED},
    }
    ask(relay, relay.ticket(status, **given.get(status, {})))


@pytest.mark.parametrize("status", ["revoked", "refunded", "expired", "cancelled"])
def test_one_that_ended_may_not(relay: Relay, status: str) -> None:
    with relay.db.refused("TK513") as refused:
        ask(relay, relay.ticket(status, status_reason="over"))
    assert status in str(refused.error)


@pytest.mark.parametrize("status", ["pending", "confirming", "failed", "expired", "replaced"])
def test_a_mint_that_is_open_or_came_to_nothing_says_nothing(relay: Relay, status: str) -> None:
    ticket = relay.ticket()
    relay.bring(ticket, status)
    ask(relay, ticket)


def test_a_confirmed_mint_is_the_only_one(relay: Relay) -> None:
    ticket = relay.ticket()
    late = relay.bring(ticket, "expired")
    relay.bring(ticket, "confirmed")
    relay.see(late)
    with relay.db.refused("TK504"):
        ask(relay, ticket)
    ask(relay, relay.ticket())


@pytest.mark.parametrize("kind", ["transfer", "burn", "metadata_update", "verify"])
def test_other_transactions_are_no_mints(relay: Relay, kind: str) -> None:
    ticket = relay.ticket("active")
    relay.bring(ticket, "confirmed", tx_type=kind)
    relay.see(relay.bring(ticket, "expired", tx_type=kind))
    ask(relay, ticket)


@pytest.mark.parametrize("commitment", ["processed", "confirmed"])
@pytest.mark.parametrize("before", ["expired", "rejected", "replaced", "rejected and replaced"])
def test_a_mint_that_was_given_up_and_seen_may_hold(
    relay: Relay, before: str, commitment: str
) -> None:
    ticket = relay.ticket()
    if "rejected" in before:
        tx = relay.create(ticket)
        relay.fail(tx, "Rejected")
    else:
        tx = relay.bring(ticket, "expired")
    if "replaced" in before:
        relay.fail(relay.replace(tx))
    ask(relay, ticket)
    relay.see(tx, commitment)
    with relay.db.refused("TK514") as refused:
        ask(relay, ticket)
    assert tx in str(refused.error)
    assert str(SLOT) in str(refused.error)
    # Refuted, it says nothing any more.
    relay.miss(tx, HEIGHT + 9)
    ask(relay, ticket)


@pytest.mark.parametrize(("commitment", "code"), [("processed", "TK514"), ("confirmed", None)])
@pytest.mark.parametrize("before", ["expired", "replaced"])
def test_seen_with_an_error_it_holds_nothing_once_the_error_is_sure(
    relay: Relay, before: str, commitment: str, code: str | None
) -> None:
    ticket = relay.ticket()
    tx = relay.bring(ticket, before)
    relay.see(tx, commitment, error_code="Custom:1")
    if code is None:
        ask(relay, ticket)
    else:
        with relay.db.refused(code):
            ask(relay, ticket)


@pytest.mark.parametrize("before", ["failed", "replaced"])
def test_one_that_landed_with_its_error_holds_nothing(relay: Relay, before: str) -> None:
    ticket = relay.ticket()
    tx = relay.bring(ticket, "failed")
    if before == "replaced":
        relay.replace(tx)
    assert relay.row(tx)["commitment"] == "finalized"
    ask(relay, ticket)


def test_a_ticket_that_the_session_does_not_have_is_refused(
    relay: Relay, make: Make, other_tenant: UUID
) -> None:
    theirs = Relay(make, other_tenant)
    mine = relay.ticket()
    for unknown in (uuid4(), theirs.ticket("revoked", status_reason="x"), None):
        with relay.db.refused("TK512"):
            ask(relay, unknown)
    with relay.db.acting("ticketing_app"), relay.db.refused("TK512"):
        call(relay.db.connection, "require_mintable", ticket_id=mine)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_others_may_not_ask(make: Make, relay: Relay, role: str) -> None:
    ticket = relay.ticket()
    with make.session.refused("42501"):
        ask(Relay(make, relay.tenant, role), ticket)
