"""fail_transaction: what landed with an error, or was rejected before any broadcast."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest

from support.databases import Database
from support.factories import Make, signature
from support.races import in_turn
from support.relay import SLOT, Relay, calling, committing, outcome

U64 = 2**64 - 1
World = tuple[Database, Relay]


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


@pytest.fixture
def world(clone: Database) -> Iterator[World]:
    with committing(clone) as relay:
        yield clone, relay


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("before", ["pending", "confirming"])
def test_what_landed_with_an_error_fails(make: Make, tenant: UUID, before: str, role: str) -> None:
    relay = Relay(make, tenant, role)
    ticket = relay.ticket()
    tx = relay.bring(ticket, before)
    assert relay.fail(tx, "Custom:1", slot=SLOT, error_details={"logs": ["panicked"]}) is True
    row = relay.row(tx)
    assert (row["status"], row["commitment"], row["slot"]) == ("failed", "finalized", SLOT)
    assert (row["error_code"], row["error_message"]) == ("Custom:1", "it did not work")
    assert row["error_details"] == {"logs": ["panicked"]}
    assert row["failed_at"] > make.session.value("SELECT now()")
    assert relay.log(tx)[-1] == ("transaction_failed", "error")
    assert relay.find_ticket(ticket)["status"] == "sold"


def test_the_arguments_stand_in_the_order_that_services_know(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    with relay.acting() as service:
        query = "SELECT ticketing.fail_transaction(%s, %s, %s)"
        assert service.value(query, tx, "Custom:1", "no") is True
    row = relay.row(tx)
    assert (row["status"], row["error_code"], row["error_message"]) == ("failed", "Custom:1", "no")
    assert row["error_details"] == {}


def test_what_was_rejected_before_any_broadcast_has_no_slot(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    assert relay.fail(tx, error_message=None, error_details=None) is True
    row = relay.row(tx)
    assert (row["status"], row["commitment"], row["slot"]) == ("failed", None, None)
    assert (row["error_message"], row["error_details"]) == (None, {})


def test_what_was_seen_fails_in_the_slot_where_it_was_seen(relay: Relay) -> None:
    tx = relay.bring(relay.ticket(), "confirming")
    relay.fail(tx)
    assert (relay.row(tx)["slot"], relay.row(tx)["commitment"]) == (SLOT, "finalized")


def test_an_error_that_was_seen_before_may_be_another_than_the_final_one(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, error_code="Custom:7")
    relay.fail(tx, "Custom:1")
    assert relay.row(tx)["error_code"] == "Custom:1"


@pytest.mark.parametrize("code", [None, "", "  "])
def test_an_error_needs_a_code(relay: Relay, code: str | None) -> None:
    tx = relay.create(relay.ticket())
    with relay.db.refused("TK001"):
        relay.fail(tx, code)


@pytest.mark.parametrize("slot", [-1, U64 + 1, Decimal("1.5"), Decimal("NaN")])
def test_a_slot_that_is_none_is_refused(relay: Relay, slot: int) -> None:
    tx = relay.create(relay.ticket())
    with relay.db.refused("TK001"):
        relay.fail(tx, slot=slot)


@pytest.mark.parametrize("slot", [0, U64])
def test_a_slot_at_the_edge_is_accepted(relay: Relay, slot: int) -> None:
    tx = relay.create(relay.ticket())
    relay.fail(tx, slot=slot)
    assert relay.row(tx)["slot"] == slot


# --- again ---


@pytest.mark.parametrize("slot", [None, SLOT, SLOT + 1])
def test_the_same_error_again_changes_and_logs_nothing(relay: Relay, slot: int | None) -> None:
    tx = relay.bring(relay.ticket(), "failed")
    before = relay.row(tx), relay.log(tx)
    assert relay.fail(tx, slot=slot, error_message="in other words") is True
    assert (relay.row(tx), relay.log(tx)) == before


def test_the_same_error_again_may_add_where_it_landed(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.fail(tx)
    relay.fail(tx, slot=SLOT)
    row = relay.row(tx)
    assert (row["status"], row["commitment"], row["slot"]) == ("failed", "finalized", SLOT)
    assert relay.log(tx) == [("transaction_failed", "error")]


def test_another_error_is_refused(relay: Relay) -> None:
    tx = relay.bring(relay.ticket(), "failed")
    with relay.db.refused("TK507"):
        relay.fail(tx, "Custom:2")
    assert relay.row(tx)["error_code"] == "Custom:1"


# --- what does not fail ---


@pytest.mark.parametrize("slot", [None, SLOT])
@pytest.mark.parametrize("status", ["confirmed", "expired", "replaced"])
def test_what_is_closed_does_not_fail(relay: Relay, status: str, slot: int | None) -> None:
    tx = relay.bring(relay.ticket(), status)
    before = relay.row(tx)
    with relay.db.refused("TK507"):
        relay.fail(tx, slot=slot)
    assert relay.row(tx) == before


def test_what_was_sent_again_and_is_not_on_the_chain_may_still_land(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.resend(tx)
    with relay.db.refused("TK507"):
        relay.fail(tx)
    assert relay.fail(tx, slot=SLOT) is True


def test_what_was_sent_again_and_seen_may_fail(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.resend(tx)
    relay.see(tx)
    assert relay.fail(tx) is True


@pytest.mark.parametrize(
    ("commitment", "slot", "code"),
    [
        ("confirmed", SLOT, None),
        ("confirmed", SLOT + 1, "TK506"),
        ("processed", SLOT + 1, None),
    ],
)
def test_the_slot_must_agree_with_a_confirmed_sight(
    relay: Relay, commitment: str, slot: int, code: str | None
) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, commitment, SLOT)
    if code is None:
        assert relay.fail(tx, slot=slot) is True
        assert relay.row(tx)["slot"] == slot
    else:
        with relay.db.refused(code):
            relay.fail(tx, slot=slot)


# --- whose it is ---


def test_an_unknown_transaction_is_refused(relay: Relay, make: Make, other_tenant: UUID) -> None:
    neighbour = Relay(make, other_tenant)
    theirs = neighbour.create(neighbour.ticket())
    for unknown in (signature(), None, theirs):
        with relay.db.refused("TK503"):
            relay.fail(unknown)  # type: ignore[arg-type]
    tx = relay.create(relay.ticket())
    for network in ("solana-devnet", None):
        with relay.db.refused("TK503"):
            relay.fail(tx, network=network)
    assert (relay.status(tx), relay.status(theirs)) == ("pending", "pending")


def test_a_transaction_of_another_network_fails_there(relay: Relay) -> None:
    tx = relay.create(relay.ticket(), network="solana-devnet")
    assert relay.fail(tx, network="solana-devnet") is True


def test_a_customer_may_not_fail_it(make: Make, relay: Relay, tenant: UUID) -> None:
    ticket = relay.ticket("active")
    tx = relay.create(ticket)
    me = relay.find_ticket(ticket)["user_id"]
    with make.session.refused("TK202"):
        Relay(make, tenant, user=me, user_role="user").fail(tx)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_others_may_not_fail_it(make: Make, relay: Relay, role: str) -> None:
    tx = relay.create(relay.ticket())
    with make.session.refused("42501"):
        Relay(make, relay.tenant, role).fail(tx)


# --- two at once ---


@pytest.mark.parametrize(("second", "expected"), [("Custom:1", True), ("Custom:2", "TK507")])
def test_the_second_of_two_sees_what_the_first_did(
    world: World, second: str, expected: object
) -> None:
    target, relay = world
    tx = relay.create(relay.ticket())
    relay.commit()
    fail = {"tx_signature": tx, "error_message": None}
    _, later, waited = in_turn(
        target,
        "ts_test_app",
        calling("fail_transaction", error_code="Custom:1", **fail),
        calling("fail_transaction", error_code=second, **fail),
        tenant=relay.tenant,
    )
    assert (outcome(later), waited) == (expected, True)
    assert len(relay.log(tx)) == 1
