"""mark_tx_not_found: evidence of absence."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from support.factories import Make, signature
from support.relay import HEIGHT, SLOT, Relay

U64 = 2**64 - 1


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


def heights(relay: Relay, tx: str) -> tuple[int | None, int | None]:
    row = relay.row(tx)
    return row["last_checked_block_height"], row["not_found_at_height"]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("height", [0, HEIGHT - 1, HEIGHT, HEIGHT + 1, U64])
def test_absence_is_recorded_with_the_height_and_ends_nothing(
    make: Make, tenant: UUID, height: int, role: str
) -> None:
    relay = Relay(make, tenant, role)
    tx = relay.create(relay.ticket())
    assert relay.miss(tx, height) == relay.status(tx) == "pending"
    assert heights(relay, tx) == (height, height)
    assert relay.log(tx) == []


@pytest.mark.parametrize("later", [0, HEIGHT - 20, HEIGHT - 10])
def test_heights_are_never_lowered(relay: Relay, later: int) -> None:
    tx = relay.create(relay.ticket())
    relay.miss(tx, HEIGHT - 10)
    before = relay.row(tx)
    assert relay.miss(tx, later) == "pending"
    assert relay.row(tx) == before
    relay.miss(tx, HEIGHT - 9)
    assert heights(relay, tx) == (HEIGHT - 9, HEIGHT - 9)


@pytest.mark.parametrize(
    "height", [None, -1, U64 + 1, Decimal("1.5"), Decimal("NaN"), Decimal("Infinity")]
)
def test_a_height_that_is_none_is_refused(relay: Relay, height: int) -> None:
    tx = relay.create(relay.ticket())
    with relay.db.refused("TK001"):
        relay.miss(tx, height)


# --- what was seen before ---


@pytest.mark.parametrize("commitment", ["processed", "confirmed"])
def test_what_a_fork_dropped_in_time_is_pending_again(relay: Relay, commitment: str) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, commitment, confirmations=3, error_code="Custom:1", error_message="no")
    assert relay.miss(tx, HEIGHT) == "pending"
    row = relay.row(tx)
    assert (row["status"], row["commitment"], row["slot"]) == ("pending", None, None)
    assert (row["confirmation_count"], row["error_code"], row["error_message"]) == (0, None, None)
    assert relay.log(tx)[1:] == [("status_changed", "warning")]


def test_what_a_fork_dropped_may_land_in_another_slot(relay: Relay) -> None:
    tx = relay.bring(relay.ticket(), "confirming")
    relay.miss(tx, HEIGHT)
    assert relay.see(tx, slot=SLOT + 40) == "confirming"
    assert relay.confirm(tx, SLOT + 40) is True


def test_past_the_height_a_confirming_one_waits_for_the_sweeper(relay: Relay) -> None:
    tx = relay.bring(relay.ticket(), "confirming")
    assert relay.miss(tx, HEIGHT + 1) == relay.status(tx) == "confirming"
    row = relay.row(tx)
    assert (row["commitment"], row["slot"]) == ("confirmed", SLOT)
    assert heights(relay, tx) == (HEIGHT + 1, HEIGHT + 1)


@pytest.mark.parametrize("height", [HEIGHT - 6, HEIGHT - 5])
def test_an_older_answer_than_the_last_does_not_drop_it(relay: Relay, height: int) -> None:
    tx = relay.create(relay.ticket())
    relay.miss(tx, HEIGHT - 5)
    relay.see(tx)
    assert relay.miss(tx, height) == "confirming"
    assert heights(relay, tx) == (HEIGHT - 5, None)


@pytest.mark.parametrize("height", [1, U64])
def test_one_without_a_last_valid_height_is_never_past_it(relay: Relay, height: int) -> None:
    tx = relay.create(None, tx_type="verify", blockhash=None, last_valid_block_height=None)
    relay.see(tx)
    assert relay.miss(tx, height) == "pending"
    assert relay.expire() == 0


# --- what is closed ---


@pytest.mark.parametrize("status", ["confirmed", "failed", "replaced"])
def test_a_late_answer_about_what_is_closed_changes_nothing(relay: Relay, status: str) -> None:
    tx = relay.bring(relay.ticket(), status)
    before = relay.row(tx), relay.log(tx)
    assert relay.miss(tx, HEIGHT + 500) == status
    assert (relay.row(tx), relay.log(tx)) == before


def test_a_late_sight_of_an_expired_one_is_refuted(relay: Relay) -> None:
    tx = relay.bring(relay.ticket(), "expired")
    relay.see(tx, confirmations=2, error_code="Custom:1", error_message="no")
    assert relay.miss(tx, HEIGHT + 1) == "expired"
    assert relay.row(tx)["commitment"] == "confirmed"
    assert relay.miss(tx, HEIGHT + 2) == "expired"
    row = relay.row(tx)
    assert (row["commitment"], row["slot"], row["confirmation_count"]) == (None, None, 0)
    assert (row["error_code"], row["error_message"]) == (None, None)
    assert heights(relay, tx) == (HEIGHT + 2, HEIGHT + 2)


def test_a_late_sight_of_a_replaced_one_is_refuted(relay: Relay) -> None:
    tx = relay.bring(relay.ticket(), "replaced")
    relay.see(tx, "processed", confirmations=2)
    assert relay.miss(tx, HEIGHT + 1) == "replaced"
    assert relay.row(tx)["commitment"] == "processed"
    assert relay.miss(tx, HEIGHT + 2) == "replaced"
    row = relay.row(tx)
    assert (row["commitment"], row["slot"], row["confirmation_count"]) == (None, None, 0)
    assert heights(relay, tx) == (HEIGHT + 2, HEIGHT + 2)
    assert relay.miss(tx, HEIGHT + 3) == "replaced"
    assert heights(relay, tx) == (HEIGHT + 2, HEIGHT + 2)


@pytest.mark.parametrize(("height", "left"), [(HEIGHT, "confirmed"), (HEIGHT + 1, None)])
def test_a_late_sight_of_a_rejected_one_is_refuted_past_the_height(
    relay: Relay, height: int, left: str | None
) -> None:
    tx = relay.create(relay.ticket())
    relay.fail(tx, "Rejected")
    relay.see(tx)
    assert relay.miss(tx, height) == "failed"
    row = relay.row(tx)
    assert (row["commitment"], row["error_code"]) == (left, "Rejected")
    assert row["error_message"] == "it did not work"


# --- whose it is ---


def test_an_unknown_transaction_is_refused(relay: Relay, make: Make, other_tenant: UUID) -> None:
    neighbour = Relay(make, other_tenant)
    theirs = neighbour.create(neighbour.ticket())
    for unknown in (signature(), None, theirs):
        with relay.db.refused("TK503"):
            relay.miss(unknown)  # type: ignore[arg-type]
    tx = relay.create(relay.ticket())
    with relay.db.refused("TK503"):
        relay.miss(tx, network="solana-devnet")
    assert heights(relay, theirs) == (None, None)


def test_a_customer_may_not_move_it(make: Make, relay: Relay, tenant: UUID) -> None:
    ticket = relay.ticket("active")
    tx = relay.bring(ticket, "confirming")
    me = relay.find_ticket(ticket)["user_id"]
    with make.session.refused("TK202"):
        Relay(make, tenant, user=me, user_role="user").miss(tx, HEIGHT)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_others_may_not_mark_it(make: Make, relay: Relay, role: str) -> None:
    tx = relay.create(relay.ticket())
    with make.session.refused("42501"):
        Relay(make, relay.tenant, role).miss(tx)
