"""create_pending_transaction: the row before the send."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row, blockhash, signature
from support.races import in_turn, race
from support.relay import HEIGHT, OPEN, STATUSES, Relay, call, committing, outcome

WRITING = ("mint", "transfer", "burn", "metadata_update")
U64 = 2**64 - 1


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


# --- what is recorded ---


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_transaction_is_recorded_as_it_was_signed(make: Make, tenant: UUID, role: str) -> None:
    relay = Relay(make, tenant, role)
    ticket = relay.ticket("active")
    users = make.id("users", tenant), make.id("users", tenant)
    holder = relay.find_ticket(ticket)["user_id"]
    offer = make.id("ticket_transfers", tenant, ticket_id=ticket, from_user_id=holder)
    content = relay.content(
        ticket,
        tx_type="transfer",
        event_id=relay.find_ticket(ticket)["event_id"],
        from_user_id=users[0],
        to_user_id=users[1],
        transfer_id=offer,
        network="solana-devnet",
        required_confirmations=32,
        max_retries=7,
    )
    made = relay.call("create_pending_transaction", **content)
    row = relay.row(content["tx_signature"])
    assert {name: row[name] for name in content} == content
    assert row["id"] == made
    assert (row["status"], row["attempt"], row["retry_count"]) == ("pending", 1, 0)
    assert row["replaces_id"] is None
    assert relay.log(content["tx_signature"]) == []


def test_the_arguments_stand_in_the_order_that_services_know(relay: Relay) -> None:
    ticket = relay.ticket()
    event = relay.find_ticket(ticket)["event_id"]
    tx, recent = signature(), blockhash()
    with relay.acting() as service:
        made = service.value(
            "SELECT ticketing.create_pending_transaction(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            *(relay.tenant, tx, "mint", ticket, event, None, None, recent, HEIGHT),
        )
    row = relay.row(tx)
    assert row["id"] == made
    assert (row["network"], row["required_confirmations"]) == ("solana-mainnet", 1)
    assert (row["max_retries"], row["event_id"]) == (3, event)
    assert (row["blockhash"], row["last_valid_block_height"]) == (recent, HEIGHT)


def test_a_missing_event_is_taken_from_the_ticket(relay: Relay) -> None:
    ticket = relay.ticket()
    tx = relay.create(ticket)
    assert relay.row(tx)["event_id"] == relay.find_ticket(ticket)["event_id"]


@pytest.mark.parametrize(
    "given",
    [
        {"tx_signature": "1" * 64},
        {"tx_signature": "z" * 88},
        {"tx_signature": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz1234567"},
        {"blockhash": "1" * 32},
        {"blockhash": "z" * 44},
        {"last_valid_block_height": 1},
        {"last_valid_block_height": U64},
        {"last_valid_block_height": Decimal("7.0")},
        {"required_confirmations": 1},
        {"max_retries": 0},
        {"network": "s"},
        {"network": "solana-" + "n" * 56},
        {"tx_type": "verify", "ticket_id": None},
        {"tx_type": "verify", "blockhash": None, "last_valid_block_height": None},
    ],
)
def test_a_value_at_the_edge_is_accepted(relay: Relay, given: Row) -> None:
    content = {**relay.content(relay.ticket()), **given}
    relay.call("create_pending_transaction", **content)
    row = relay.row(content["tx_signature"])
    assert {name: row[name] for name in given} == given


@pytest.mark.parametrize(
    "given",
    [
        {"tx_signature": None},
        {"tx_signature": ""},
        {"tx_signature": "1" * 63},
        {"tx_signature": "1" * 89},
        *[{"tx_signature": "1" * 63 + wrong} for wrong in "0OIl+/=-_ \n\u0665"],
        {"tx_signature": "1" * 64 + "\n"},
        {"tx_type": None},
        {"tx_type": "Mint"},
        {"tx_type": "swap"},
        {"ticket_id": None},
        {"ticket_id": None, "tx_type": "burn"},
        {"blockhash": None},
        {"blockhash": "1" * 31},
        {"blockhash": "1" * 45},
        {"blockhash": "1" * 31 + "0"},
        {"last_valid_block_height": None},
        {"last_valid_block_height": 0},
        {"last_valid_block_height": -1},
        {"last_valid_block_height": U64 + 1},
        {"last_valid_block_height": Decimal("1.5")},
        {"last_valid_block_height": Decimal("NaN")},
        {"last_valid_block_height": Decimal("Infinity")},
        {"required_confirmations": None},
        {"required_confirmations": 0},
        {"max_retries": None},
        {"max_retries": -1},
        {"network": None},
        {"network": ""},
        {"network": "Solana"},
        {"network": "-solana"},
        {"network": "solana " * 2},
        {"network": "n" * 64},
    ],
)
def test_a_malformed_argument_is_refused(relay: Relay, given: Row) -> None:
    content = {**relay.content(relay.ticket()), **given}
    with relay.db.refused("TK001"):
        relay.call("create_pending_transaction", **content)


# --- the same one again ---


@pytest.mark.parametrize("status", STATUSES)
def test_the_same_transaction_again_is_the_same_row_whatever_became_of_it(
    relay: Relay, status: str
) -> None:
    content = relay.content(relay.ticket())
    tx = relay.bring(**{"ticket": content.pop("ticket_id"), "status": status, **content})
    before = relay.row(tx)
    again = {**content, "ticket_id": before["ticket_id"]}
    assert relay.call("create_pending_transaction", **again) == before["id"]
    assert relay.row(tx) == before


def test_a_retry_may_bring_other_settings(relay: Relay) -> None:
    content = relay.content(relay.ticket())
    made = relay.call("create_pending_transaction", **content)
    again = {**content, "max_retries": 9, "required_confirmations": 5}
    assert relay.call("create_pending_transaction", **again) == made
    row = relay.row(content["tx_signature"])
    assert (row["max_retries"], row["required_confirmations"]) == (3, 1)


@pytest.mark.parametrize(
    "column",
    [
        "tx_type",
        "ticket_id",
        "event_id",
        "transfer_id",
        "from_user_id",
        "to_user_id",
        "blockhash",
        "last_valid_block_height",
    ],
)
def test_the_same_signature_with_other_content_is_refused(relay: Relay, column: str) -> None:
    content = relay.content(relay.ticket())
    relay.call("create_pending_transaction", **content)
    other: Row = {
        "tx_type": "burn",
        "blockhash": blockhash(),
        "last_valid_block_height": HEIGHT + 1,
        "ticket_id": relay.ticket(),
    }
    with relay.db.refused("TK502"):
        relay.call("create_pending_transaction", **{**content, column: other.get(column, uuid4())})


def test_a_signature_counts_on_its_network_alone(relay: Relay) -> None:
    first = relay.content(relay.ticket())
    second = {**relay.content(relay.ticket()), "tx_signature": first["tx_signature"]}
    made = relay.call("create_pending_transaction", **first)
    assert relay.call("create_pending_transaction", **second, network="solana-devnet") != made


def test_another_tenant_may_record_the_same_signature(
    relay: Relay, make: Make, other_tenant: UUID
) -> None:
    neighbour = Relay(make, other_tenant)
    tx = relay.create(relay.ticket())
    made = neighbour.call(
        "create_pending_transaction", **neighbour.content(neighbour.ticket(), tx_signature=tx)
    )
    assert (
        make.session.value(
            "SELECT count(*) FROM ticketing.pending_transactions WHERE tx_signature = %s", tx
        )
        == 2
    )
    assert made is not None


# --- one at a time, one mint ---


@pytest.mark.parametrize("status", OPEN)
@pytest.mark.parametrize("kind", WRITING)
def test_a_ticket_has_one_open_transaction(relay: Relay, status: str, kind: str) -> None:
    ticket = relay.ticket()
    relay.bring(ticket, status)
    with relay.db.refused("TK501"):
        relay.create(ticket, tx_type=kind)


@pytest.mark.parametrize("status", ["confirmed", "failed", "expired"])
def test_a_closed_transaction_is_not_in_the_way(relay: Relay, status: str) -> None:
    ticket = relay.ticket("active")
    relay.bring(ticket, status, tx_type="metadata_update")
    assert relay.status(relay.create(ticket, tx_type="metadata_update")) == "pending"


def test_another_ticket_is_not_in_the_way(relay: Relay) -> None:
    relay.create(relay.ticket())
    assert relay.status(relay.create(relay.ticket())) == "pending"


@pytest.mark.parametrize(("first", "second"), [("verify", "mint"), ("mint", "verify")])
def test_verify_is_never_in_the_way(relay: Relay, first: str, second: str) -> None:
    ticket = relay.ticket()
    relay.create(ticket, tx_type=first)
    assert relay.status(relay.create(ticket, tx_type=second)) == "pending"
    assert relay.status(relay.create(ticket, tx_type="verify")) == "pending"


def test_a_minted_ticket_is_not_minted_again(relay: Relay) -> None:
    ticket = relay.ticket()
    relay.bring(ticket, "confirmed")
    with relay.db.refused("TK504"):
        relay.create(ticket)
    for kind in ("metadata_update", "verify"):
        assert relay.status(relay.create(ticket, tx_type=kind)) == "pending"


@pytest.mark.parametrize("status", ["revoked", "refunded", "expired", "cancelled"])
def test_a_ticket_that_ended_is_not_minted_and_what_it_has_may_be_burned(
    relay: Relay, status: str
) -> None:
    ticket = relay.ticket(status, status_reason="over")
    with relay.db.refused("TK513"):
        relay.create(ticket)
    assert relay.status(relay.create(ticket, tx_type="burn")) == "pending"


def test_a_mint_that_turned_up_after_it_was_given_up_is_in_the_way_of_another(
    relay: Relay,
) -> None:
    ticket = relay.ticket()
    old = relay.bring(ticket, "expired")
    relay.see(old)
    with relay.db.refused("TK514"):
        relay.create(ticket)
    assert relay.status(relay.create(ticket, tx_type="metadata_update")) == "pending"


# --- whose it is ---


def test_without_a_tenant_it_is_refused(relay: Relay) -> None:
    content = relay.content(relay.ticket())
    with relay.db.acting("ticketing_app"), relay.db.refused("TK701"):
        call(relay.db.connection, "create_pending_transaction", **content)


@pytest.mark.parametrize("wrong", ["another", None])
def test_another_tenant_than_that_of_the_context_is_refused(
    relay: Relay, other_tenant: UUID, wrong: str | None
) -> None:
    content = relay.content(relay.ticket())
    with relay.db.refused("TK702"):
        relay.call(
            "create_pending_transaction",
            **{**content, "tenant_id": other_tenant if wrong else None},
        )


def test_an_unknown_ticket_and_one_of_another_tenant_are_the_same(
    relay: Relay, make: Make, other_tenant: UUID
) -> None:
    messages = set()
    for ticket in (uuid4(), make.id("tickets", other_tenant)):
        for kind in ("mint", "verify"):
            with relay.db.refused("TK512") as by:
                relay.create(ticket, tx_type=kind)
            messages.add(str(by.error.diag.message_primary).replace(str(ticket), "it"))
    assert len(messages) == 1


def test_the_event_must_be_that_of_the_ticket(relay: Relay, make: Make) -> None:
    with relay.db.refused("TK512"):
        relay.create(relay.ticket(), event_id=make.id("events", relay.tenant))


def test_the_transfer_must_be_one_of_the_ticket(relay: Relay, make: Make) -> None:
    other = make.id("ticket_transfers", relay.tenant)
    with relay.db.refused("TK001"):
        relay.create(relay.ticket(), tx_type="transfer", transfer_id=other)
    with relay.db.refused("TK001"):
        relay.create(None, tx_type="verify", transfer_id=other)


@pytest.mark.parametrize(
    ("column", "constraint"),
    [
        ("transfer_id", "fk_pending_transactions_transfer_id"),
        ("event_id", "fk_pending_transactions_event_id"),
    ],
)
def test_an_unknown_transfer_or_event_is_refused(
    relay: Relay, make: Make, other_tenant: UUID, *, column: str, constraint: str
) -> None:
    table = {"transfer_id": "ticket_transfers", "event_id": "events"}[column]
    for unknown in (uuid4(), make.id(table, other_tenant)):
        with relay.db.refused("23503", constraint):
            relay.create(None, tx_type="verify", **{column: unknown})


def test_a_customer_records_for_the_own_ticket_and_no_other(
    make: Make, tenant: UUID, relay: Relay
) -> None:
    mine, theirs = relay.ticket("active"), relay.ticket("active")
    me = relay.find_ticket(mine)["user_id"]
    customer = Relay(make, tenant, user=me, user_role="user")
    assert customer.status(customer.create(mine)) == "pending"
    with make.session.refused("TK512"):
        customer.create(theirs)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_others_may_not_record(make: Make, relay: Relay, role: str) -> None:
    content = relay.content(relay.ticket())
    with make.session.refused("42501"):
        Relay(make, relay.tenant, role).call("create_pending_transaction", **content)


# --- two at once ---


World = tuple[Database, Relay]


@pytest.fixture
def world(clone: Database) -> Iterator[World]:
    with committing(clone) as relay:
        yield clone, relay


def counted(relay: Relay) -> int:
    count: int = relay.db.value("SELECT count(*) FROM ticketing.pending_transactions")
    return count


@pytest.mark.parametrize("kind", ["mint", "verify without a ticket"])
def test_callers_of_one_signature_get_one_row(world: World, kind: str) -> None:
    target, relay = world
    ticket = relay.ticket() if kind == "mint" else None
    content = relay.content(ticket, tx_type=kind.split(maxsplit=1)[0])
    relay.commit()
    results = race(
        target,
        "ts_test_app",
        16,
        lambda connection, number: call(connection, "create_pending_transaction", **content),
        tenant=relay.tenant,
    )
    assert set(results) == {relay.row(content["tx_signature"])["id"]}
    assert counted(relay) == 1


def test_of_several_signatures_for_one_ticket_one_is_recorded(
    world: World,
) -> None:
    target, relay = world
    ticket = relay.ticket()
    contents = [relay.content(ticket) for _ in range(20)]
    relay.commit()

    def act(connection: psycopg.Connection, number: int) -> str:
        call(connection, "create_pending_transaction", **contents[number])
        return "recorded"

    results = race(target, "ts_test_app", 20, act, tenant=relay.tenant)
    assert Counter(outcome(result) for result in results) == {"recorded": 1, "TK501": 19}
    assert counted(relay) == 1


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param({}, {}, "same", id="the same call"),
        pytest.param({}, {"tx_signature": "1" * 64}, "TK501", id="another signature"),
        pytest.param({}, {"ticket_id": "another"}, "TK502", id="another ticket"),
        pytest.param(
            {"tx_type": "verify", "ticket_id": None},
            {"tx_type": "verify", "ticket_id": None},
            "same",
            id="verify, the same call",
        ),
        pytest.param(
            {"tx_type": "verify", "ticket_id": None},
            {"tx_type": "verify", "ticket_id": None, "blockhash": "1" * 32},
            "TK502",
            id="verify, other content",
        ),
    ],
)
def test_a_caller_waits_for_one_under_way_and_sees_what_it_did(
    world: World, first: Row, second: Row, expected: str
) -> None:
    target, relay = world
    content = relay.content(relay.ticket())
    if second.get("ticket_id"):
        second = {**second, "ticket_id": relay.ticket()}
    relay.commit()

    def caller(given: Row) -> Any:
        return lambda connection: call(
            connection, "create_pending_transaction", **{**content, **given}
        )

    made, result, waited = in_turn(
        target, "ts_test_app", caller(first), caller(second), tenant=relay.tenant
    )
    assert waited
    assert outcome(result) == (made if expected == "same" else expected)
    assert counted(relay) == 1


OFFER = """
    INSERT INTO ticketing.ticket_transfers (tenant_id, ticket_id, from_user_id, to_email)
    VALUES (%s, %s, %s, 'to@example.org')
"""
REFUND = """
    UPDATE ticketing.tickets SET status = 'refunded', status_reason = 'asked for' WHERE id = %s
"""


@pytest.mark.parametrize("other", ["offer", "refund"])
@pytest.mark.parametrize("first", ["transaction", "other"])
def test_an_offer_or_a_refund_and_a_transaction_do_not_pass_each_other(
    world: World, other: str, first: str
) -> None:
    target, relay = world
    ticket = relay.ticket("active", is_nft=True)
    holder = relay.find_ticket(ticket)["user_id"]
    content = relay.content(ticket, tx_type="burn")
    relay.commit()

    def sign(connection: psycopg.Connection) -> str:
        call(connection, "create_pending_transaction", **content)
        return "signed"

    def move(connection: psycopg.Connection) -> str:
        if other == "offer":
            connection.execute(OFFER, [relay.tenant, ticket, holder])
        else:
            connection.execute(REFUND, [ticket])
        return "moved"

    order = (sign, move) if first == "transaction" else (move, sign)
    _, result, waited = in_turn(target, "ts_test_app", *order, tenant=relay.tenant)
    assert waited
    # A ticket that was offered or refunded first may have a transaction after that, such as the
    # transfer's or a burn.
    assert outcome(result) == ("TK209" if first == "transaction" else "signed")
