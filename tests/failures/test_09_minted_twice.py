"""Failure 9: a ticket is minted twice, or a mint that landed is forgotten."""

from __future__ import annotations

from uuid import UUID

from defects.defect import Act, Race, Rewrite
from support.factories import blockhash, signature
from support.relay import HEIGHT, SLOT, Relay, calling

MINTS = """
    SELECT count(*) FROM ticketing.pending_transactions
    WHERE ticket_id = %s AND status IN ('pending', 'confirming', 'confirmed')
"""
# A look under the ticket's lock refuses the second, and the index what went round the function.
UNGUARDED = (
    Rewrite(
        "create_pending_transaction", "ticketing.has_pending_transaction(p_ticket_id)", "FALSE"
    ),
    "DROP INDEX ticketing.uq_pending_tx_one_open_per_ticket",
)


def relay_of(race: Race) -> Relay:
    return Relay(race.make, race.tenant)


def mint(relay: Relay, ticket: UUID, tx: str | None = None) -> Act:
    """Returns a relay process that records a mint, which it must before it sends it."""
    content = relay.content(ticket, tx_signature=tx or signature())
    return calling("create_pending_transaction", **content)


def test_two_relays_mint_one_ticket_at_once(race: Race) -> None:
    relay = relay_of(race)

    def look() -> object:
        ticket = relay.ticket()
        _, other = race.run(mint(relay, ticket), mint(relay, ticket))
        return getattr(other, "sqlstate", "minted again"), race.db.value(MINTS, ticket)

    race.prove(
        look,
        *UNGUARDED,
        promised=("TK501", 1),
        broken=("minted again", 2),
    )


def test_a_node_lags_and_has_not_seen_what_landed(race: Race) -> None:
    relay = relay_of(race)

    def look() -> object:
        ticket, tx = relay.ticket(), signature()
        race.alone(mint(relay, ticket, tx))
        # The node is behind, at a height at which the transaction may still land.
        missed = calling("mark_tx_not_found", tx_signature=tx, finalized_height=HEIGHT)
        again = calling(
            "replace_transaction",
            tx_signature=tx,
            new_signature=signature(),
            blockhash=blockhash(),
            last_valid_block_height=HEIGHT + 100,
        )
        race.alone(missed)
        race.alone(calling("expire_transactions"))
        return getattr(race.alone(again), "sqlstate", "signed again")

    race.prove(
        look,
        Rewrite(
            "expire_transactions",
            "AND t.not_found_at_height > t.last_valid_block_height",
            "AND t.not_found_at_height IS NOT NULL",
        ),
        "ALTER TABLE ticketing.pending_transactions DROP CONSTRAINT chk_pending_tx_expired",
        promised="TK508",
        broken="signed again",
    )


def test_a_relay_dies_after_it_has_sent(race: Race) -> None:
    relay = relay_of(race)

    def look() -> object:
        ticket, tx, token = relay.ticket(), signature(), blockhash()
        landed = calling(
            "confirm_transaction", tx_signature=tx, slot=SLOT, block_time=None, token_mint=token
        )
        race.alone(mint(relay, ticket, tx))
        # The transaction is in a block, and the relay dies while it says so.
        race.die(landed)
        refused = getattr(race.alone(mint(relay, ticket)), "sqlstate", "minted again")
        race.alone(landed)
        return refused, relay.find_ticket(ticket)["token_mint"] == token

    race.prove(
        look,
        *UNGUARDED,
        promised=("TK501", True),
        broken=("minted again", True),
    )
