"""get_pending_transaction_status: what is recorded of a transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from support.factories import Make, Row, signature
from support.relay import SLOT, STATUSES, Relay

COLUMNS = (
    "status",
    "confirmation_count",
    "slot",
    "error_code",
    "error_message",
    "commitment",
    "attempt",
    "replaced_by",
)


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


def asked(relay: Relay, *arguments: Any) -> list[Row]:
    marks = ", ".join(["%s"] * len(arguments))
    query = f"SELECT * FROM ticketing.get_pending_transaction_status({marks})"
    with relay.acting() as session:
        return session.all(query, *arguments)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
@pytest.mark.parametrize("status", STATUSES)
def test_it_answers_what_the_row_says(make: Make, relay: Relay, status: str, role: str) -> None:
    tx = relay.bring(relay.ticket(), status)
    (answer,) = asked(Relay(make, relay.tenant, role), tx)
    assert tuple(answer) == COLUMNS
    row = relay.row(tx)
    assert {name: answer[name] for name in COLUMNS[:-1]} == {
        name: row[name] for name in COLUMNS[:-1]
    }
    assert (answer["replaced_by"] is not None) is (status == "replaced")


def test_a_sight_shows_all_that_was_seen(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, confirmations=7, error_code="Custom:1", error_message="no")
    assert tuple(asked(relay, tx)[0].values()) == (
        *("confirming", 7, SLOT, "Custom:1", "no", "confirmed", 1, None),
    )


def test_a_successor_is_named_by_its_signature(relay: Relay) -> None:
    first = relay.bring(relay.ticket(), "failed")
    second = relay.replace(first)
    assert asked(relay, first)[0]["replaced_by"] == second
    (answer,) = asked(relay, second)
    assert (answer["attempt"], answer["replaced_by"]) == (2, None)


def test_it_answers_for_one_network(relay: Relay) -> None:
    tx = relay.create(relay.ticket(), network="solana-devnet")
    assert asked(relay, tx) == []
    assert asked(relay, tx, None) == []
    assert asked(relay, tx, "solana-devnet")[0]["status"] == "pending"


def test_an_unknown_transaction_is_no_row(relay: Relay, make: Make, other_tenant: UUID) -> None:
    neighbour = Relay(make, other_tenant)
    theirs = neighbour.create(neighbour.ticket())
    for unknown in (signature(), None, theirs):
        assert asked(relay, unknown) == []
    with make.session.acting("ticketing_worker") as worker:
        query = "SELECT * FROM ticketing.get_pending_transaction_status(%s)"
        assert worker.all(query, theirs) == []


def test_a_login_without_grants_may_not_ask(make: Make, relay: Relay) -> None:
    with make.session.refused("42501"):
        asked(Relay(make, relay.tenant, "ts_test_nobody"), signature())
