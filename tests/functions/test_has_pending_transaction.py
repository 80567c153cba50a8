"""has_pending_transaction: whether a ticket is busy on the chain."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.relay import OPEN, STATUSES, Relay, call


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


def asked(relay: Relay, ticket: UUID | None) -> bool:
    answer: bool = relay.call("has_pending_transaction", ticket_id=ticket)
    return answer


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
@pytest.mark.parametrize("status", STATUSES)
def test_only_what_is_open_counts(make: Make, relay: Relay, status: str, role: str) -> None:
    ticket = relay.ticket()
    tx = relay.bring(ticket, status)
    if status == "replaced":
        (successor,) = make.session.all(
            "SELECT tx_signature FROM ticketing.pending_transactions WHERE replaces_id = %s",
            relay.row(tx)["id"],
        )
        relay.fail(successor["tx_signature"])
    assert asked(Relay(make, relay.tenant, role), ticket) is (status in OPEN)


@pytest.mark.parametrize("kind", ["mint", "transfer", "burn", "metadata_update", "verify"])
def test_verify_does_not_count(relay: Relay, kind: str) -> None:
    ticket = relay.ticket("active")
    relay.create(ticket, tx_type=kind)
    assert asked(relay, ticket) is (kind != "verify")


def test_a_network_is_no_way_round(relay: Relay) -> None:
    ticket = relay.ticket()
    relay.create(ticket, network="solana-devnet")
    assert asked(relay, ticket) is True


def test_other_tickets_and_none_are_free(relay: Relay) -> None:
    relay.create(relay.ticket())
    for ticket in (relay.ticket(), uuid4(), None):
        assert asked(relay, ticket) is False


def test_a_ticket_of_another_tenant_is_as_unknown(
    relay: Relay, make: Make, other_tenant: UUID
) -> None:
    neighbour = Relay(make, other_tenant)
    ticket = neighbour.ticket()
    neighbour.create(ticket)
    assert (asked(neighbour, ticket), asked(relay, ticket)) == (True, False)
    with make.session.acting("ticketing_worker"):
        assert call(make.session.connection, "has_pending_transaction", ticket_id=ticket) is False
    # Nor does a superuser look past the tenant of the context.
    set_ = "SELECT set_config('app.current_tenant_id', %s, TRUE)"
    assert make.session.value(set_, str(relay.tenant)) == str(relay.tenant)
    assert call(make.session.connection, "has_pending_transaction", ticket_id=ticket) is False


def test_a_login_without_grants_may_not_ask(make: Make, relay: Relay) -> None:
    with make.session.refused("42501"):
        asked(Relay(make, relay.tenant, "ts_test_nobody"), relay.ticket())
