"""confirm_transaction: what is finalized without an error, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row, blockhash, signature
from support.races import in_turn, race
from support.relay import HEIGHT, LANDED, SLOT, Relay, call, calling, committing, outcome

U64 = 2**64 - 1
DEAD = ("used", "revoked", "refunded", "expired", "cancelled")
World = tuple[Database, Relay]


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


@pytest.fixture
def world(clone: Database) -> Iterator[World]:
    with committing(clone) as relay:
        yield clone, relay


# --- the transaction ---


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("before", ["pending", "confirming"])
def test_an_open_transaction_becomes_confirmed(
    make: Make, tenant: UUID, before: str, role: str
) -> None:
    relay = Relay(make, tenant, role)
    tx = relay.bring(relay.ticket(), before, required_confirmations=2)
    assert relay.confirm(tx) is True
    row = relay.row(tx)
    assert (row["status"], row["commitment"], row["slot"]) == ("confirmed", "finalized", SLOT)
    assert (row["block_time"], row["confirmation_count"]) == (LANDED, 2)
    assert row["confirmed_at"] > make.session.value("SELECT now()")
    assert relay.log(tx)[-1] == ("transaction_confirmed", "info")


def test_the_arguments_stand_in_the_order_that_services_know(relay: Relay) -> None:
    tx = relay.create(relay.ticket("active"), tx_type="burn")
    with relay.acting() as service:
        query = "SELECT ticketing.confirm_transaction(%s, %s, %s)"
        assert service.value(query, tx, SLOT, LANDED) is True
    assert relay.status(tx) == "confirmed"


@pytest.mark.parametrize("slot", [0, U64, Decimal("5.0")])
def test_a_slot_at_the_edge_is_accepted(relay: Relay, slot: int) -> None:
    tx = relay.create(relay.ticket())
    assert relay.confirm(tx, slot) is True
    assert relay.row(tx)["slot"] == slot


def test_a_block_without_a_time_is_accepted(relay: Relay) -> None:
    tx = relay.create(None, tx_type="verify")
    with relay.acting() as service:
        service.all("SELECT ticketing.confirm_transaction(%s, %s, NULL)", tx, SLOT)
    assert (relay.status(tx), relay.row(tx)["block_time"]) == ("confirmed", None)


@pytest.mark.parametrize("slot", [None, -1, U64 + 1, Decimal("1.5"), Decimal("NaN")])
def test_a_slot_that_is_none_is_refused(relay: Relay, slot: int) -> None:
    tx = relay.create(relay.ticket())
    with relay.db.refused("TK001"):
        relay.confirm(tx, slot)


def test_more_confirmations_than_wanted_are_kept(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, confirmations=20)
    relay.confirm(tx)
    assert relay.row(tx)["confirmation_count"] == 20


# --- again ---


def test_the_same_slot_again_changes_and_logs_nothing(relay: Relay) -> None:
    ticket = relay.ticket()
    tx = relay.bring(ticket, "confirmed")
    before = relay.row(tx), relay.find_ticket(ticket), relay.log(tx)
    assert relay.confirm(tx) is True
    assert (relay.row(tx), relay.find_ticket(ticket), relay.log(tx)) == before


def test_another_slot_than_the_final_one_is_refused(relay: Relay) -> None:
    tx = relay.bring(relay.ticket(), "confirmed")
    with relay.db.refused("TK506"):
        relay.confirm(tx, SLOT + 1)
    assert relay.row(tx)["slot"] == SLOT


@pytest.mark.parametrize(("commitment", "slot"), [("confirmed", SLOT), ("processed", SLOT + 7)])
def test_a_sight_must_agree_unless_it_was_provisional(
    relay: Relay, commitment: str, slot: int
) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, commitment, SLOT)
    assert relay.confirm(tx, slot) is True
    assert relay.row(tx)["slot"] == slot


def test_another_slot_than_the_confirmed_sight_is_refused_until_that_is_corrected(
    relay: Relay,
) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, "confirmed", SLOT)
    with relay.db.refused("TK506"):
        relay.confirm(tx, SLOT + 1)
    relay.see(tx, "confirmed", SLOT + 1)
    assert relay.confirm(tx, SLOT + 1) is True
    assert relay.log(tx) == [
        ("status_changed", "info"),
        ("reconciliation_mismatch", "warning"),
        ("transaction_confirmed", "info"),
    ]


# --- what is not confirmed ---


@pytest.mark.parametrize("status", ["failed", "replaced"])
def test_what_failed_or_was_replaced_is_not_confirmed(relay: Relay, status: str) -> None:
    tx = relay.bring(relay.ticket(), status)
    before = relay.row(tx)
    with relay.db.refused("TK505"):
        relay.confirm(tx)
    assert relay.row(tx) == before


@pytest.mark.parametrize("commitment", ["processed", "confirmed"])
def test_a_known_error_blocks_until_a_later_sight_is_without_it(
    relay: Relay, commitment: str
) -> None:
    tx = relay.create(relay.ticket())
    relay.see(tx, commitment, error_code="Custom:1")
    with relay.db.refused("TK505"):
        relay.confirm(tx)
    relay.see(tx, "confirmed")
    assert relay.confirm(tx) is True


@pytest.mark.parametrize("network", ["solana-devnet", None])
def test_an_unknown_transaction_is_refused(relay: Relay, network: str | None) -> None:
    tx = relay.create(relay.ticket())
    for unknown, where in (
        (signature(), "solana-mainnet"),
        (None, "solana-mainnet"),
        (tx, network),
    ):
        with relay.db.refused("TK503"):
            relay.call(
                "confirm_transaction",
                tx_signature=unknown,
                slot=SLOT,
                block_time=None,
                network=where,
            )


def test_a_transaction_of_another_tenant_is_as_unknown(
    relay: Relay, make: Make, other_tenant: UUID
) -> None:
    neighbour = Relay(make, other_tenant)
    theirs = neighbour.create(neighbour.ticket())
    with relay.db.refused("TK503"):
        relay.call("confirm_transaction", tx_signature=theirs, slot=SLOT, block_time=None)
    with relay.db.acting("ticketing_worker"), relay.db.refused("TK503"):
        call(
            relay.db.connection,
            "confirm_transaction",
            tx_signature=theirs,
            slot=SLOT,
            block_time=None,
        )
    assert neighbour.status(theirs) == "pending"


def test_a_customer_may_not_confirm(make: Make, relay: Relay, tenant: UUID) -> None:
    ticket = relay.ticket("active")
    tx = relay.create(ticket)
    me = relay.find_ticket(ticket)["user_id"]
    with make.session.refused("TK202"):
        Relay(make, tenant, user=me, user_role="user").confirm(tx)
    stranger = make.id("users", tenant)
    with make.session.refused("TK512"):
        Relay(make, tenant, user=stranger, user_role="user").confirm(tx)
    assert relay.status(tx) == "pending"


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_others_may_not_confirm(make: Make, relay: Relay, role: str) -> None:
    tx = relay.create(relay.ticket())
    with make.session.refused("42501"):
        Relay(make, relay.tenant, role).confirm(tx)


# --- late landings ---


def test_a_late_landing_is_confirmed_and_logged_as_one(relay: Relay) -> None:
    ticket = relay.ticket()
    tx = relay.bring(ticket, "expired")
    assert relay.confirm(tx) is True
    row = relay.row(tx)
    assert (row["status"], row["slot"]) == ("confirmed", SLOT)
    assert (row["expired_at"] is not None, row["not_found_at_height"]) == (True, HEIGHT + 1)
    assert relay.find_ticket(ticket)["status"] == "minted"
    assert relay.log(tx) == [
        ("transaction_expired", "warning"),
        ("transaction_late_landing", "warning"),
    ]


@pytest.mark.parametrize("reason", [None, "", "operator said so"])
def test_a_late_landing_says_why_and_leaves_the_reason_of_the_caller(
    make: Make, tenant: UUID, reason: str | None
) -> None:
    relay = Relay(make, tenant)
    tx = relay.bring(relay.ticket(), "expired")
    with relay.db.acting("ticketing_app", tenant=tenant, reason=reason) as service:
        service.all("SELECT ticketing.confirm_transaction(%s, %s, NULL, %s)", tx, SLOT, blockhash())
        after = service.value("SELECT current_setting('app.status_change_reason', TRUE)")
    assert after == (reason or "")
    query = """
        SELECT metadata ->> 'reason' FROM ticketing.blockchain_sync_log
        WHERE tx_signature = %s AND event_type = 'transaction_late_landing'
    """
    said = f"landed in slot {SLOT} though absent at height {HEIGHT + 1}"
    assert relay.db.value(query, tx) == (reason or said)


@pytest.mark.parametrize("status", ["pending", "confirming", "confirmed"])
@pytest.mark.parametrize("kind", ["mint", "metadata_update"])
def test_a_late_landing_is_refused_when_another_took_its_place(
    relay: Relay, kind: str, status: str
) -> None:
    ticket = relay.ticket("active")
    late = relay.bring(ticket, "expired", tx_type=kind)
    relay.bring(ticket, status, tx_type=kind)
    with relay.db.refused("TK505"):
        relay.confirm(late)
    assert relay.status(late) == "expired"


@pytest.mark.parametrize("status", ["failed", "expired"])
def test_one_that_came_to_nothing_took_no_place(relay: Relay, status: str) -> None:
    ticket = relay.ticket()
    late = relay.bring(ticket, "expired")
    relay.bring(ticket, status)
    assert relay.confirm(late) is True


@pytest.mark.parametrize(
    ("kind", "other"), [("metadata_update", "burn"), ("burn", "metadata_update")]
)
def test_one_of_another_type_took_no_place(relay: Relay, kind: str, other: str) -> None:
    ticket = relay.ticket("active")
    late = relay.bring(ticket, "expired", tx_type=kind)
    relay.bring(ticket, "pending", tx_type=other)
    assert relay.confirm(late) is True


def test_one_that_was_confirmed_before_took_no_place(relay: Relay) -> None:
    ticket = relay.ticket("active")
    relay.bring(ticket, "confirmed", tx_type="metadata_update")
    late = relay.bring(ticket, "expired", tx_type="metadata_update")
    assert relay.confirm(late) is True


@pytest.mark.parametrize("with_ticket", [True, False])
def test_verify_has_no_place_to_take(relay: Relay, with_ticket: bool) -> None:
    ticket = relay.ticket() if with_ticket else None
    late = relay.bring(ticket, "expired", tx_type="verify")
    relay.bring(ticket, "pending", tx_type="verify")
    assert relay.confirm(late) is True


# --- what follows: mint ---


def test_a_mint_gives_its_ticket_the_token(relay: Relay) -> None:
    ticket, token = relay.ticket("sold"), blockhash()
    assert relay.confirm(relay.create(ticket), token_mint=token) is True
    row = relay.find_ticket(ticket)
    assert (row["status"], row["token_mint"], row["is_nft"]) == ("minted", token, True)


@pytest.mark.parametrize(
    "status", ["available", "reserved", "minted", "active", "transferred", "checked_in", *DEAD]
)
def test_a_ticket_in_use_and_a_dead_one_keep_their_status(relay: Relay, status: str) -> None:
    needs: dict[str, Row] = {
        "available": {"user_id": None},
        "minted": {"is_nft": True, "token_mint": blockhash()},
        "checked_in": {"checked_in_at": LANDED},
        "used": {"checked_in_at": LANDED},
    }
    ticket = relay.make.id(
        "tickets",
        relay.tenant,
        **{
            "status": status,
            "status_reason": "so be it",
            "user_id": relay.make.id("users", relay.tenant),
            **needs.get(status, {}),
        },
    )
    # Signed in time, and confirmed when the ticket has moved on.
    tx = relay.make.row("pending_transactions", relay.tenant, ticket_id=ticket)["tx_signature"]
    assert relay.confirm(tx) is True
    row = relay.find_ticket(ticket)
    assert (row["status"], row["is_nft"]) == (status, True)
    assert row["token_mint"] is not None


@pytest.mark.parametrize("given", [True, False])
def test_a_token_that_the_ticket_names_already_need_not_be_given(relay: Relay, given: bool) -> None:
    token = blockhash()
    ticket = relay.ticket("sold", is_nft=True, token_mint=token)
    tx = relay.create(ticket)
    assert relay.confirm(tx, token_mint=token if given else None) is True
    assert relay.find_ticket(ticket)["token_mint"] == token


def test_a_mint_without_any_token_is_refused(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    with relay.db.refused("TK001"):
        relay.confirm(tx, token_mint=None)
    assert relay.status(tx) == "pending"


@pytest.mark.parametrize("before", ["pending", "confirmed"])
def test_another_token_than_the_tickets_is_refused(relay: Relay, before: str) -> None:
    ticket = relay.ticket("sold", is_nft=True, token_mint=blockhash())
    tx = relay.bring(ticket, before)
    with relay.db.refused("TK511"):
        relay.confirm(tx, token_mint=blockhash())


@pytest.mark.parametrize("token", ["1" * 32, "z" * 44])
def test_a_token_at_the_edge_is_accepted(relay: Relay, token: str) -> None:
    ticket = relay.ticket()
    assert relay.confirm(relay.create(ticket), token_mint=token) is True
    assert relay.find_ticket(ticket)["token_mint"] == token


@pytest.mark.parametrize("token", ["", "1" * 31, "1" * 45, "0" * 44, "1" * 32 + "\n"])
def test_a_malformed_token_is_refused(relay: Relay, token: str) -> None:
    tx = relay.create(relay.ticket())
    with relay.db.refused("TK001"):
        relay.confirm(tx, token_mint=token)


# --- what follows: the others ---


@pytest.mark.parametrize("kind", ["transfer", "burn", "metadata_update", "verify"])
def test_only_a_mint_takes_a_token(relay: Relay, kind: str) -> None:
    ticket = relay.ticket("active")
    tx = relay.create(ticket, tx_type=kind)
    before = relay.find_ticket(ticket)
    with relay.db.refused("TK001"):
        relay.confirm(tx, token_mint=blockhash())
    assert relay.confirm(tx) is True
    assert relay.find_ticket(ticket) == before


CHAIN = (
    "tx_signature",
    "blockchain_confirmed",
    "blockchain_confirmed_at",
    "blockchain_transferred_at",
)


def test_a_transfer_gets_its_chain_flags(relay: Relay, make: Make) -> None:
    ticket = relay.ticket("active")
    holder = relay.find_ticket(ticket)["user_id"]
    given = {"ticket_id": ticket, "from_user_id": holder}
    offer = make.row("ticket_transfers", relay.tenant, tx_signature="an earlier attempt", **given)
    tx = relay.create(ticket, tx_type="transfer", transfer_id=offer["id"])
    relay.confirm(tx)
    after = relay.db.one("SELECT * FROM ticketing.ticket_transfers WHERE id = %s", offer["id"])
    assert [after[name] for name in CHAIN] == [tx, True, relay.row(tx)["confirmed_at"], LANDED]
    changed = {name for name in offer if offer[name] != after[name]}
    assert changed == {*CHAIN, "version", "updated_at"}
    assert relay.find_ticket(ticket)["status"] == "active"


@pytest.mark.parametrize("kind", ["burn", "verify"])
def test_a_transfer_keeps_its_flags_when_the_transaction_did_not_move_the_token(
    relay: Relay, make: Make, kind: str
) -> None:
    ticket = relay.ticket("active")
    holder = relay.find_ticket(ticket)["user_id"]
    offer = make.row("ticket_transfers", relay.tenant, ticket_id=ticket, from_user_id=holder)
    relay.confirm(relay.create(ticket, tx_type=kind, transfer_id=offer["id"]))
    query = "SELECT * FROM ticketing.ticket_transfers WHERE id = %s"
    assert relay.db.one(query, offer["id"]) == offer


def test_a_transfer_on_the_chain_alone_has_no_flags_to_set(relay: Relay) -> None:
    tx = relay.create(relay.ticket("active"), tx_type="transfer")
    assert relay.confirm(tx) is True


def test_nothing_happens_to_the_transaction_when_its_ticket_refuses(
    relay: Relay, make: Make
) -> None:
    # The session acts as a service, and yet for a customer, who may not change a ticket so.
    ticket = relay.ticket("sold")
    tx = relay.create(ticket)
    me = relay.find_ticket(ticket)["user_id"]
    odd = Relay(make, relay.tenant, user=me, user_role="user", actor="service")
    with relay.db.refused("TK004"):
        odd.confirm(tx)
    assert (relay.status(tx), relay.find_ticket(ticket)["status"]) == ("pending", "sold")
    assert relay.log(tx) == []


# --- two at once ---


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("confirm", "fail", "TK507"),
        ("fail", "confirm", "TK505"),
        ("confirm", "confirm", True),
        ("confirm", "confirm elsewhere", "TK506"),
    ],
)
def test_the_second_of_two_sees_what_the_first_did(
    world: World, first: str, second: str, expected: object
) -> None:
    target, relay = world
    tx, token = relay.create(relay.ticket()), blockhash()
    relay.commit()
    confirm = {"tx_signature": tx, "block_time": None, "token_mint": token}
    what = {
        "confirm": calling("confirm_transaction", slot=SLOT, **confirm),
        "confirm elsewhere": calling("confirm_transaction", slot=SLOT + 1, **confirm),
        "fail": calling(
            "fail_transaction", tx_signature=tx, error_code="Custom:1", error_message=None
        ),
    }
    result, later, waited = in_turn(
        target, "ts_test_app", what[first], what[second], tenant=relay.tenant
    )
    assert (result, waited) == (True, True)
    assert outcome(later) == expected
    assert len(relay.log(tx)) == 1


def test_of_those_who_confirm_and_those_who_fail_at_once_one_side_wins(world: World) -> None:
    target, relay = world
    tx, token = relay.bring(relay.ticket(), "confirming"), blockhash()
    relay.commit()
    confirm = {"slot": SLOT, "block_time": None, "token_mint": token}
    fail = {"slot": SLOT, "error_code": "Custom:1", "error_message": None}

    def act(connection: psycopg.Connection, number: int) -> Any:
        if number % 2:
            return call(connection, "confirm_transaction", tx_signature=tx, **confirm)
        return call(connection, "fail_transaction", tx_signature=tx, **fail)

    results = [outcome(r) for r in race(target, "ts_test_app", 20, act, tenant=relay.tenant)]
    confirmed = relay.status(tx) == "confirmed"
    expected = ["TK507", True] if confirmed else [True, "TK505"]
    assert results == expected * 10
    assert len(relay.log(tx)) == 2
    assert relay.find_ticket(relay.row(tx)["ticket_id"])["token_mint"] == (
        token if confirmed else None
    )


@pytest.mark.parametrize("first", ["expire", "confirm"])
def test_expiry_and_confirmation_at_once_end_confirmed(world: World, first: str) -> None:
    target, relay = world
    tx = relay.create(relay.ticket())
    relay.miss(tx)
    relay.commit()
    confirm = calling(
        "confirm_transaction",
        tx_signature=tx,
        slot=SLOT,
        block_time=None,
        token_mint=blockhash(),
    )
    expire = calling("expire_transactions")
    order = (expire, confirm) if first == "expire" else (confirm, expire)
    result, later, waited = in_turn(target, "ts_test_app", *order, tenant=relay.tenant)
    # The sweeper passes over what somebody works on; whoever confirms waits for the sweeper.
    assert (result, outcome(later), waited) == (1, first == "expire", first == "expire")
    assert relay.status(tx) == "confirmed"
    landed = "transaction_late_landing" if first == "expire" else "transaction_confirmed"
    assert relay.log(tx)[-1][0] == landed


@pytest.mark.parametrize("first", ["replace", "confirm"])
def test_a_late_landing_and_a_replacement_do_not_pass_each_other(world: World, first: str) -> None:
    target, relay = world
    tx = relay.bring(relay.ticket(), "expired")
    relay.commit()
    confirm = calling(
        "confirm_transaction",
        tx_signature=tx,
        slot=SLOT,
        block_time=None,
        token_mint=blockhash(),
    )
    replace = calling(
        "replace_transaction",
        tx_signature=tx,
        new_signature=signature(),
        blockhash=blockhash(),
        last_valid_block_height=HEIGHT,
    )
    order = (replace, confirm) if first == "replace" else (confirm, replace)
    _, later, waited = in_turn(target, "ts_test_app", *order, tenant=relay.tenant)
    assert waited
    assert outcome(later) == ("TK505" if first == "replace" else "TK508")


def test_confirming_does_not_deadlock_with_those_who_begin_at_the_ticket(world: World) -> None:
    target, relay = world
    relay.db.run(f"ALTER DATABASE {target.name} SET deadlock_timeout = '50ms'")
    ticket = relay.ticket("active")
    holder = relay.find_ticket(ticket)["user_id"]
    offer = relay.make.id("ticket_transfers", relay.tenant, ticket_id=ticket, from_user_id=holder)
    tx = relay.create(ticket, tx_type="transfer", transfer_id=offer)
    recorded = relay.row(tx)["id"]
    relay.commit()

    def act(connection: psycopg.Connection, number: int) -> str:
        if number % 2:
            confirmation = {"tx_signature": tx, "slot": SLOT, "block_time": None}
            call(connection, "confirm_transaction", **confirmation)
        else:
            revoke = "UPDATE ticketing.tickets SET status_reason = 'seen' WHERE id = %s"
            connection.execute(revoke, [ticket])
            connection.execute(
                "UPDATE ticketing.ticket_transfers SET notes = 'seen' WHERE id = %s", [offer]
            )
            connection.execute(
                "UPDATE ticketing.pending_transactions SET error_message = 'seen' WHERE id = %s",
                [recorded],
            )
        return "done"

    for _ in range(3):
        assert race(target, "ts_test_app", 12, act, tenant=relay.tenant) == ["done"] * 12
