"""record_rebroadcast: the same bytes once more."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, signature
from support.races import race
from support.relay import OPEN, Relay, call, committing, outcome


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("status", OPEN)
def test_each_rebroadcast_counts(make: Make, tenant: UUID, status: str, role: str) -> None:
    relay = Relay(make, tenant, role)
    tx = relay.bring(relay.ticket(), status)
    before = relay.log(tx)
    assert [relay.resend(tx), relay.resend(tx)] == [1, 2]
    row = relay.row(tx)
    assert (row["status"], row["retry_count"]) == (status, 2)
    assert row["last_retry_at"] > make.session.value("SELECT now()")
    assert relay.log(tx) == before


@pytest.mark.parametrize("most", [0, 1, 3])
def test_there_are_no_more_than_allowed(relay: Relay, most: int) -> None:
    tx = relay.create(relay.ticket(), max_retries=most)
    assert [relay.resend(tx) for _ in range(most)] == list(range(1, most + 1))
    with relay.db.refused("TK509"):
        relay.resend(tx)
    assert relay.row(tx)["retry_count"] == most


@pytest.mark.parametrize("status", ["confirmed", "failed", "expired", "replaced"])
def test_what_is_closed_is_not_sent_again(relay: Relay, status: str) -> None:
    tx = relay.bring(relay.ticket(), status)
    with relay.db.refused("TK510"):
        relay.resend(tx)


def test_a_successor_counts_anew(relay: Relay) -> None:
    tx = relay.create(relay.ticket(), max_retries=1)
    relay.resend(tx)
    relay.miss(tx)
    relay.expire()
    assert relay.resend(relay.replace(tx)) == 1


def test_an_unknown_transaction_is_refused(relay: Relay, make: Make, other_tenant: UUID) -> None:
    neighbour = Relay(make, other_tenant)
    theirs = neighbour.create(neighbour.ticket())
    for unknown in (signature(), None, theirs):
        with relay.db.refused("TK503"):
            relay.resend(unknown)  # type: ignore[arg-type]
    there = relay.create(relay.ticket(), network="solana-devnet")
    with relay.db.refused("TK503"):
        relay.resend(there)
    assert (relay.row(theirs)["retry_count"], relay.row(there)["retry_count"]) == (0, 0)
    query = {"tx_signature": there, "network": "solana-devnet"}
    assert relay.call("record_rebroadcast", **query) == 1


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_others_may_not_count_it(make: Make, relay: Relay, role: str) -> None:
    tx = relay.create(relay.ticket())
    with make.session.refused("42501"):
        Relay(make, relay.tenant, role).resend(tx)


def test_concurrent_rebroadcasts_stay_within_the_limit(clone: Database) -> None:
    with committing(clone) as relay:
        tx = relay.create(relay.ticket(), max_retries=5)
        relay.commit()

        def act(connection: psycopg.Connection, number: int) -> str:
            call(connection, "record_rebroadcast", tx_signature=tx)
            return "sent"

        results = race(clone, "ts_test_app", 12, act, tenant=relay.tenant)
        assert Counter(outcome(result) for result in results) == {"sent": 5, "TK509": 7}
        assert relay.row(tx)["retry_count"] == 5
