"""replace_transaction: sign anew, once, when the old one is dead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row, blockhash, signature
from support.races import in_turn, race
from support.relay import HEIGHT, SLOT, Relay, call, calling, committing, outcome

U64 = 2**64 - 1
World = tuple[Database, Relay]
KEPT = (
    "network",
    "tx_type",
    "ticket_id",
    "event_id",
    "transfer_id",
    "from_user_id",
    "to_user_id",
    "required_confirmations",
    "max_retries",
)


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


@pytest.fixture
def world(clone: Database) -> Iterator[World]:
    with committing(clone) as relay:
        yield clone, relay


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("before", ["expired", "failed"])
def test_a_new_transaction_takes_over_what_the_old_one_was_for(
    make: Make, tenant: UUID, before: str, role: str
) -> None:
    relay = Relay(make, tenant, role)
    ticket = relay.ticket("active")
    holder = relay.find_ticket(ticket)["user_id"]
    offer = make.id("ticket_transfers", tenant, ticket_id=ticket, from_user_id=holder)
    old = relay.bring(
        ticket,
        before,
        tx_type="transfer",
        transfer_id=offer,
        from_user_id=uuid4(),
        to_user_id=uuid4(),
        required_confirmations=5,
        max_retries=2,
    )
    new, recent = signature(), blockhash()
    made = relay.call(
        "replace_transaction",
        tx_signature=old,
        new_signature=new,
        blockhash=recent,
        last_valid_block_height=HEIGHT + 150,
    )
    replaced, successor = relay.row(old), relay.row(new)
    assert (replaced["status"], successor["status"]) == ("replaced", "pending")
    assert (successor["id"], successor["replaces_id"]) == (made, replaced["id"])
    assert (successor["blockhash"], successor["last_valid_block_height"]) == (recent, HEIGHT + 150)
    assert {name: successor[name] for name in KEPT} == {name: replaced[name] for name in KEPT}
    assert (successor["attempt"], successor["retry_count"]) == (2, 0)
    assert relay.log(old)[-1] == ("transaction_replaced", "info")
    assert relay.log(new) == []


def test_a_transaction_without_a_ticket_is_replaced_as_well(relay: Relay) -> None:
    old = relay.bring(None, "failed", tx_type="verify")
    assert relay.row(relay.replace(old))["tx_type"] == "verify"


def test_it_is_replaced_on_its_own_network(relay: Relay) -> None:
    old = relay.create(relay.ticket(), network="solana-devnet")
    relay.fail(old, network="solana-devnet")
    with relay.db.refused("TK503"):
        relay.replace(old)
    assert relay.row(relay.replace(old, network="solana-devnet"))["network"] == "solana-devnet"


@pytest.mark.parametrize(
    "given",
    [
        {"new_signature": None},
        {"new_signature": "1" * 63},
        {"new_signature": "1" * 89},
        {"new_signature": "0" * 64},
        {"new_signature": "1" * 64 + "\n"},
        {"blockhash": None},
        {"blockhash": "1" * 31},
        {"blockhash": "1" * 45},
        {"blockhash": "l" * 32},
        {"last_valid_block_height": None},
        {"last_valid_block_height": 0},
        {"last_valid_block_height": U64 + 1},
        {"last_valid_block_height": Decimal("1.5")},
        {"last_valid_block_height": Decimal("NaN")},
    ],
)
def test_a_malformed_argument_is_refused(relay: Relay, given: Row) -> None:
    old = relay.bring(relay.ticket(), "failed")
    arguments = {
        "tx_signature": old,
        "new_signature": signature(),
        "blockhash": blockhash(),
        "last_valid_block_height": HEIGHT,
    }
    with relay.db.refused("TK001"):
        relay.call("replace_transaction", **{**arguments, **given})


# --- again ---


@pytest.mark.parametrize("became", ["pending", "confirmed", "replaced"])
def test_the_same_call_again_returns_the_same_successor(relay: Relay, became: str) -> None:
    old = relay.bring(relay.ticket(), "failed")
    given: Row = {"blockhash": blockhash(), "last_valid_block_height": HEIGHT}
    new = relay.replace(old, **given)
    if became == "confirmed":
        relay.confirm(new)
    elif became == "replaced":
        relay.fail(new)
        relay.replace(new)
    before = relay.row(new)
    again = relay.call("replace_transaction", tx_signature=old, new_signature=new, **given)
    assert again == before["id"]
    assert relay.row(new) == before


@pytest.mark.parametrize(
    "given",
    [
        {"new": signature()},
        {"blockhash": blockhash()},
        {"last_valid_block_height": HEIGHT + 1},
    ],
)
def test_a_second_successor_is_refused(relay: Relay, given: Row) -> None:
    old = relay.bring(relay.ticket(), "failed")
    first: Row = {"blockhash": blockhash(), "last_valid_block_height": HEIGHT}
    new = relay.replace(old, **first)
    with relay.db.refused("TK508"):
        relay.replace(old, **{"new": new, **first, **given})


# --- what is not replaced ---


@pytest.mark.parametrize("status", ["pending", "confirming", "confirmed"])
def test_what_may_land_or_has_landed_is_not_replaced(relay: Relay, status: str) -> None:
    old = relay.bring(relay.ticket(), status)
    with relay.db.refused("TK508"):
        relay.replace(old)
    assert relay.status(old) == status


@pytest.mark.parametrize("commitment", ["processed", "confirmed"])
def test_what_turned_up_after_it_expired_is_not_replaced(relay: Relay, commitment: str) -> None:
    old = relay.bring(relay.ticket(), "expired")
    relay.see(old, commitment)
    with relay.db.refused("TK508"):
        relay.replace(old)
    relay.miss(old, HEIGHT + 2)
    assert relay.status(relay.replace(old)) == "pending"


@pytest.mark.parametrize(("commitment", "code"), [("processed", "TK508"), ("confirmed", None)])
def test_what_turned_up_with_an_error_is_replaced_when_the_error_is_sure(
    relay: Relay, commitment: str, code: str | None
) -> None:
    old = relay.bring(relay.ticket(), "expired")
    relay.see(old, commitment, error_code="Custom:1")
    if code is None:
        assert relay.status(relay.replace(old)) == "pending"
    else:
        with relay.db.refused(code):
            relay.replace(old)


def test_what_was_rejected_and_turned_up_is_not_replaced(relay: Relay) -> None:
    old = relay.create(relay.ticket())
    relay.fail(old)
    relay.see(old)
    with relay.db.refused("TK508"):
        relay.replace(old)
    # It landed, with the error that was said.
    relay.fail(old, slot=SLOT)
    assert relay.status(relay.replace(old)) == "pending"


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_there_are_as_many_attempts_as_retries_and_one(relay: Relay, retries: int) -> None:
    ticket = relay.ticket()
    tx = relay.bring(ticket, "failed", max_retries=retries)
    for attempt in range(2, retries + 2):
        tx = relay.replace(tx)
        assert relay.row(tx)["attempt"] == attempt
        relay.fail(tx)
    with relay.db.refused("TK509"):
        relay.replace(tx)
    assert relay.status(tx) == "failed"


def test_a_ticket_with_another_open_transaction_has_no_room(relay: Relay) -> None:
    ticket = relay.ticket()
    old = relay.bring(ticket, "expired")
    relay.create(ticket, tx_type="verify")
    other = relay.create(ticket)
    with relay.db.refused("TK501"):
        relay.replace(old)
    relay.fail(other)
    assert relay.status(relay.replace(old)) == "pending"


def test_verify_needs_no_room(relay: Relay) -> None:
    ticket = relay.ticket()
    old = relay.bring(ticket, "failed", tx_type="verify")
    relay.create(ticket)
    assert relay.status(relay.replace(old)) == "pending"


def test_a_ticket_that_is_minted_is_not_minted_again(relay: Relay) -> None:
    ticket = relay.ticket()
    old = relay.bring(ticket, "expired")
    update = relay.bring(ticket, "expired", tx_type="metadata_update")
    relay.bring(ticket, "confirmed")
    with relay.db.refused("TK504"):
        relay.replace(old)
    assert relay.status(relay.replace(update)) == "pending"


def test_a_mint_is_not_replaced_once_its_ticket_ended(relay: Relay) -> None:
    ticket = relay.ticket()
    mint = relay.bring(ticket, "failed")
    burn = relay.bring(ticket, "failed", tx_type="burn")
    relay.db.run(
        "UPDATE ticketing.tickets SET status = 'refunded', status_reason = 'x' WHERE id = %s",
        ticket,
    )
    with relay.db.refused("TK513"):
        relay.replace(mint)
    assert relay.status(relay.replace(burn)) == "pending"


def test_a_first_attempt_that_turned_up_is_in_the_way_of_a_third(relay: Relay) -> None:
    first = relay.bring(relay.ticket(), "expired")
    second = relay.replace(first)
    relay.see(first, "processed")
    relay.fail(second)
    with relay.db.refused("TK514"):
        relay.replace(second)
    relay.miss(first, HEIGHT + 2)
    assert relay.status(relay.replace(second)) == "pending"


@pytest.mark.parametrize("taken", ["its own", "another's"])
def test_a_signature_that_is_taken_is_refused(relay: Relay, taken: str) -> None:
    old = relay.bring(relay.ticket(), "failed")
    used = old if taken == "its own" else relay.create(relay.ticket())
    with relay.db.refused("TK502"):
        relay.replace(old, used)
    assert relay.status(old) == "failed"


# --- whose it is ---


def test_an_unknown_transaction_is_refused(relay: Relay, make: Make, other_tenant: UUID) -> None:
    neighbour = Relay(make, other_tenant)
    theirs = neighbour.bring(neighbour.ticket(), "failed")
    for unknown in (signature(), None, theirs):
        with relay.db.refused("TK503"):
            relay.replace(unknown)  # type: ignore[arg-type]
    assert neighbour.status(theirs) == "failed"


def test_a_customer_may_not_replace_it(make: Make, relay: Relay, tenant: UUID) -> None:
    ticket = relay.ticket("active")
    old = relay.bring(ticket, "failed")
    me = relay.find_ticket(ticket)["user_id"]
    with make.session.refused("TK202"):
        Relay(make, tenant, user=me, user_role="user").replace(old)
    with make.session.refused("TK512"):
        Relay(make, tenant, user=make.id("users", tenant), user_role="user").replace(old)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_others_may_not_replace_it(make: Make, relay: Relay, role: str) -> None:
    old = relay.bring(relay.ticket(), "failed")
    with make.session.refused("42501"):
        Relay(make, relay.tenant, role).replace(old)


# --- two at once ---


@pytest.mark.parametrize("kind", ["mint", "verify"])
def test_of_several_successors_one_is_recorded(world: World, kind: str) -> None:
    target, relay = world
    ticket = relay.ticket() if kind == "mint" else None
    old = relay.bring(ticket, "failed", tx_type=kind)
    new = [signature() for _ in range(12)]
    relay.commit()

    def act(connection: psycopg.Connection, number: int) -> str:
        call(
            connection,
            "replace_transaction",
            tx_signature=old,
            new_signature=new[number],
            blockhash=blockhash(),
            last_valid_block_height=HEIGHT,
        )
        return "replaced"

    results = race(target, "ts_test_app", 12, act, tenant=relay.tenant)
    assert Counter(outcome(result) for result in results) == {"replaced": 1, "TK508": 11}
    assert relay.db.value("SELECT count(*) FROM ticketing.pending_transactions") == 2


@pytest.mark.parametrize("first", ["replace", "create"])
def test_a_successor_and_a_new_transaction_do_not_pass_each_other(world: World, first: str) -> None:
    target, relay = world
    ticket = relay.ticket()
    old = relay.bring(ticket, "expired")
    relay.commit()
    replace = calling(
        "replace_transaction",
        tx_signature=old,
        new_signature=signature(),
        blockhash=blockhash(),
        last_valid_block_height=HEIGHT,
    )
    create = calling("create_pending_transaction", **relay.content(ticket))
    order = (replace, create) if first == "replace" else (create, replace)
    _, later, waited = in_turn(target, "ts_test_app", *order, tenant=relay.tenant)
    assert (outcome(later), waited) == ("TK501", True)


def test_a_signature_that_is_being_taken_is_refused(world: World) -> None:
    target, relay = world
    old, new = relay.bring(relay.ticket(), "failed"), signature()
    content = relay.content(relay.ticket(), tx_signature=new)
    relay.commit()
    _, later, waited = in_turn(
        target,
        "ts_test_app",
        calling("create_pending_transaction", **content),
        calling(
            "replace_transaction",
            tx_signature=old,
            new_signature=new,
            blockhash=blockhash(),
            last_valid_block_height=HEIGHT,
        ),
        tenant=relay.tenant,
    )
    assert (outcome(later), waited) == ("TK502", True)
