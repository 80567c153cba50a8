"""mark_tx_seen: what a node sees before it is final."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from support.factories import Make, Row, signature
from support.relay import HEIGHT, SLOT, Relay

U64 = 2**64 - 1
SEEN = ("commitment", "slot", "confirmation_count", "error_code", "error_message")


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


def seen(relay: Relay, tx: str) -> tuple[Any, ...]:
    row = relay.row(tx)
    return tuple(row[name] for name in SEEN)


# --- the first sight ---


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("commitment", ["processed", "confirmed"])
def test_a_first_sight_makes_it_confirming(
    make: Make, tenant: UUID, commitment: str, role: str
) -> None:
    relay = Relay(make, tenant, role)
    tx = relay.create(relay.ticket())
    assert relay.see(tx, commitment, SLOT, confirmations=3) == "confirming"
    assert seen(relay, tx) == (commitment, SLOT, 3, None, None)
    assert relay.status(tx) == "confirming"
    assert relay.log(tx) == [("status_changed", "info")]


def test_a_sight_with_an_error_is_kept_and_does_not_fail_it_yet(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    answer = relay.see(tx, error_code="Custom:1", error_message="no funds")
    assert answer == relay.status(tx) == "confirming"
    assert seen(relay, tx) == ("confirmed", SLOT, 0, "Custom:1", "no funds")


def test_an_empty_error_is_none(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, error_code=" ", error_message="fine")
    assert seen(relay, tx) == ("confirmed", SLOT, 0, None, None)


@pytest.mark.parametrize("slot", [0, U64])
def test_a_slot_at_the_edge_is_accepted(relay: Relay, slot: int) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, slot=slot, confirmations=0)
    assert relay.row(tx)["slot"] == slot


@pytest.mark.parametrize(
    "given",
    [
        {"commitment": None},
        {"commitment": ""},
        {"commitment": "Confirmed"},
        {"commitment": "finalized"},
        {"slot": None},
        {"slot": -1},
        {"slot": U64 + 1},
        {"slot": Decimal("0.5")},
        {"slot": Decimal("NaN")},
        {"confirmations": -1},
    ],
)
def test_a_malformed_argument_is_refused(relay: Relay, given: Row) -> None:
    tx = relay.create(relay.ticket())
    with relay.db.refused("TK001"):
        relay.see(tx, **given)


def test_a_sight_voids_earlier_evidence_of_absence(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.miss(tx, HEIGHT + 5)
    relay.see(tx)
    row = relay.row(tx)
    assert (row["not_found_at_height"], row["last_checked_block_height"]) == (None, HEIGHT + 5)
    assert relay.expire() == 0


# --- later sights ---


def test_the_same_sight_again_changes_nothing(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, "confirmed", SLOT, confirmations=3)
    before = relay.row(tx), relay.log(tx)
    for confirmations in (None, 0, 2, 3):
        assert relay.see(tx, "confirmed", SLOT, confirmations=confirmations) == "confirming"
    assert (relay.row(tx), relay.log(tx)) == before


def test_the_same_sight_again_voids_evidence_that_came_between(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx)
    relay.miss(tx, HEIGHT + 5)
    assert relay.row(tx)["not_found_at_height"] == HEIGHT + 5
    relay.see(tx)
    assert relay.row(tx)["not_found_at_height"] is None


def test_confirmations_rise_in_one_slot_and_start_anew_in_another(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, "processed", SLOT, confirmations=1)
    relay.see(tx, "processed", SLOT, confirmations=9)
    assert relay.row(tx)["confirmation_count"] == 9
    relay.see(tx, "processed", SLOT + 1, confirmations=2)
    assert relay.row(tx)["confirmation_count"] == 2


def test_a_node_that_lags_is_not_believed(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, "confirmed", SLOT, confirmations=3)
    before = relay.row(tx)
    assert relay.see(tx, "processed", SLOT - 1, error_code="Custom:1") == "confirming"
    assert relay.row(tx) == before


@pytest.mark.parametrize("commitment", ["processed", "confirmed"])
def test_what_was_processed_may_move_to_another_fork_without_a_word(
    relay: Relay, commitment: str
) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, "processed", SLOT, error_code="Custom:1", error_message="no")
    relay.see(tx, commitment, SLOT + 2)
    assert seen(relay, tx) == (commitment, SLOT + 2, 0, None, None)
    assert relay.log(tx) == [("status_changed", "info")]


@pytest.mark.parametrize("given", [{"slot": SLOT + 2}, {"error_code": "Custom:1"}])
def test_what_was_confirmed_and_is_contradicted_is_recorded_and_logged(
    relay: Relay, given: Row
) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, "confirmed", SLOT)
    relay.see(tx, "confirmed", **given)
    row = relay.row(tx)
    assert {name: row[name] for name in given} == given
    assert relay.log(tx)[1:] == [("reconciliation_mismatch", "warning")]
    entry = relay.db.one(
        """
        SELECT db_state, blockchain_state, ticket_id, metadata FROM ticketing.blockchain_sync_log
        WHERE tx_signature = %s AND event_type = 'reconciliation_mismatch'
        """,
        tx,
    )
    before = {"status": "confirming", "commitment": "confirmed", "slot": SLOT}
    assert entry["db_state"] == before
    assert entry["blockchain_state"] == {"commitment": "confirmed", "slot": SLOT, **given}
    assert entry["ticket_id"] == row["ticket_id"]
    assert entry["metadata"] == {"network": "solana-mainnet", "transaction_id": str(row["id"])}


# --- sights of what is closed ---


@pytest.mark.parametrize("given", [{}, {"slot": SLOT + 1}, {"error_code": "Custom:9"}])
@pytest.mark.parametrize("status", ["confirmed", "failed"])
def test_a_late_answer_about_what_is_final_changes_nothing(
    relay: Relay, status: str, given: Row
) -> None:
    tx = relay.bring(relay.ticket(), status)
    before = relay.row(tx), relay.log(tx)
    assert relay.see(tx, **given) == status
    assert (relay.row(tx), relay.log(tx)) == before


def test_one_replaced_because_it_landed_with_an_error_is_no_news(relay: Relay) -> None:
    tx = relay.bring(relay.ticket(), "failed")
    relay.replace(tx)
    before = relay.row(tx), relay.log(tx)
    assert relay.see(tx) == "replaced"
    assert (relay.row(tx), relay.log(tx)) == before


@pytest.mark.parametrize(
    ("status", "given", "severity"),
    [
        ("expired", {}, "warning"),
        ("expired", {"error_code": "Custom:1"}, "warning"),
        ("replaced", {}, "critical"),
        ("replaced", {"error_code": "Custom:1"}, "warning"),
    ],
)
def test_one_that_turns_up_after_it_was_given_up_keeps_its_status_and_is_logged_once(
    relay: Relay, status: str, given: Row, severity: str
) -> None:
    tx = relay.bring(relay.ticket(), status)
    count = len(relay.log(tx))
    for _ in range(2):
        assert relay.see(tx, "processed", **given) == status
    assert relay.log(tx)[count:] == [("transaction_late_landing", severity)]
    row = relay.row(tx)
    assert (row["status"], row["commitment"], row["slot"]) == (status, "processed", SLOT)
    assert row["not_found_at_height"] == HEIGHT + 1
    relay.see(tx, "confirmed", **given)
    assert relay.log(tx)[count + 1 :] == [("transaction_late_landing", severity)]


def test_the_error_of_one_that_expired_and_landed_is_kept(relay: Relay) -> None:
    tx = relay.bring(relay.ticket(), "expired")
    relay.see(tx, error_code="Custom:1", error_message="no")
    assert seen(relay, tx) == ("confirmed", SLOT, 0, "Custom:1", "no")


def test_one_rejected_without_a_broadcast_and_seen_on_the_chain_is_critical(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.fail(tx, "Rejected")
    assert relay.see(tx) == "failed"
    assert seen(relay, tx) == ("confirmed", SLOT, 0, "Rejected", "it did not work")
    assert relay.log(tx)[1:] == [("transaction_late_landing", "critical")]


@pytest.mark.parametrize("status", ["failed", "replaced"])
def test_one_rejected_and_seen_with_an_error_is_no_news(relay: Relay, status: str) -> None:
    tx = relay.create(relay.ticket())
    relay.fail(tx, "Rejected")
    if status == "replaced":
        relay.replace(tx)
    before = relay.row(tx), relay.log(tx)
    assert relay.see(tx, error_code="Custom:1") == status
    assert (relay.row(tx), relay.log(tx)) == before


def test_what_was_replaced_keeps_the_error_it_was_replaced_for(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.fail(tx, "Rejected")
    relay.replace(tx)
    relay.see(tx, "processed")
    assert seen(relay, tx) == ("processed", SLOT, 0, "Rejected", "it did not work")


@pytest.mark.parametrize("status", ["failed", "replaced"])
@pytest.mark.parametrize(("commitment", "left"), [("processed", "processed"), ("confirmed", None)])
def test_a_sure_error_takes_back_a_sight_of_a_rejected_one_without_it(
    relay: Relay, status: str, commitment: str, left: str | None
) -> None:
    tx = relay.create(relay.ticket())
    relay.fail(tx, "Rejected")
    if status == "replaced":
        relay.replace(tx)
    relay.see(tx, "processed", confirmations=2)
    count = len(relay.log(tx))
    assert relay.see(tx, commitment, error_code="Custom:1", error_message="no") == status
    row = relay.row(tx)
    assert (row["commitment"], row["slot"]) == (left, left and SLOT)
    assert row["confirmation_count"] == (2 if left else 0)
    assert (row["error_code"], row["error_message"]) == ("Rejected", "it did not work")
    assert len(relay.log(tx)) == count


def test_the_error_of_one_that_expired_and_was_replaced_is_kept(relay: Relay) -> None:
    tx = relay.bring(relay.ticket(), "replaced")
    relay.see(tx, error_code="Custom:1", error_message="no")
    assert seen(relay, tx) == ("confirmed", SLOT, 0, "Custom:1", "no")


# --- whose it is ---


def test_an_unknown_transaction_is_refused(relay: Relay, make: Make, other_tenant: UUID) -> None:
    neighbour = Relay(make, other_tenant)
    theirs = neighbour.create(neighbour.ticket())
    for unknown in (signature(), None, theirs):
        with relay.db.refused("TK503"):
            relay.see(unknown)  # type: ignore[arg-type]
    tx = relay.create(relay.ticket())
    with relay.db.refused("TK503"):
        relay.see(tx, network="solana-devnet")
    assert (relay.status(tx), relay.status(theirs)) == ("pending", "pending")


def test_a_customer_may_not_move_it(make: Make, relay: Relay, tenant: UUID) -> None:
    ticket = relay.ticket("active")
    tx = relay.create(ticket)
    me = relay.find_ticket(ticket)["user_id"]
    with make.session.refused("TK202"):
        Relay(make, tenant, user=me, user_role="user").see(tx)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_others_may_not_mark_it(make: Make, relay: Relay, role: str) -> None:
    tx = relay.create(relay.ticket())
    with make.session.refused("42501"):
        Relay(make, relay.tenant, role).see(tx)
