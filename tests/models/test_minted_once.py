"""A relay against a simulated chain with forks and lagging nodes, along random walks."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any
from uuid import UUID

import psycopg

from support.factories import Make, blockhash, signature
from support.relay import OPEN, Relay

VALID = 6  # blocks for which a signed transaction can land
FINAL = 3  # blocks on top of one that is final
ERROR = "Custom:1"
# Refusals that a relay meets when it asks for what may not be, or what it already has.
REFUSED = {"TK501", "TK504", "TK505", "TK506", "TK507", "TK508", "TK509", "TK510", "TK514"}


class Signed:
    """What the chain knows of one signed transaction."""

    def __init__(self, tx: str, valid_until: int) -> None:
        self.tx = tx
        self.valid_until = valid_until
        self.sent = False
        self.error = False
        self.height: int | None = None  # the block that holds it
        self.slot = 0
        self.dropped: int | None = None  # its slot on a fork that is gone

    def land(self, height: int, slot: int) -> None:
        """Gets into a block."""
        assert height <= self.valid_until
        self.height, self.slot = height, slot


class World:
    """A chain, and relays that mint one ticket and lose track of what they sent."""

    def __init__(self, relay: Relay, chance: Random) -> None:
        self.relay = relay
        self.chance = chance
        self.ticket = relay.ticket()
        self.token = blockhash()
        self.height = 100
        self.final = self.height - FINAL  # the height up to which nothing changes any more
        self.slot = 1000
        self.known: list[Signed] = []
        self.answers: Counter[tuple[str, str]] = Counter()

    # The chain.

    def go_on(self) -> None:
        """Makes blocks; what was sent, and is in time, may land in the first of them."""
        self.slot += 10
        able = [
            one
            for one in self.known
            if one.sent and one.height is None and one.valid_until > self.height
        ]
        if able and self.chance.random() < 0.5:
            # Each makes a token of its own: only the relay can see to it that there is one.
            one = self.chance.choice(able)
            one.land(self.height + 1, self.slot)
            one.error = self.chance.random() < 0.6
        self.height += self.chance.randint(1, 4)
        self.final = max(self.final, self.height - FINAL)

    def fork(self) -> None:
        """Puts other blocks in place of the newest, perhaps with the same transactions."""
        self.slot += 10
        common = max(self.final, self.height - self.chance.randint(1, FINAL))
        for one in self.known:
            if one.height is not None and one.height > common:
                one.dropped, one.height = one.slot, None
                if self.chance.random() < 0.5:
                    one.land(common + 1, self.slot)

    # The relay.

    def attempt(self, function: str, **arguments: Any) -> bool:
        """Calls a function, and returns whether it was not refused."""
        try:
            with self.relay.db.connection.transaction():
                self.relay.call(function, **arguments)
        except psycopg.Error as error:
            if error.sqlstate not in REFUSED:
                raise
            self.answers[function, error.sqlstate] += 1
            return False
        self.answers[function, ""] += 1
        return True

    def pick(self) -> Signed:
        """Returns one of the transactions, mostly a new one."""
        return self.known[-1] if self.chance.random() < 0.7 else self.chance.choice(self.known)

    def sign(self) -> None:
        """Signs a mint, whether that is wise or not."""
        one = Signed(signature(), self.height + VALID)
        content = self.relay.content(
            self.ticket, tx_signature=one.tx, last_valid_block_height=one.valid_until
        )
        if self.attempt("create_pending_transaction", **content):
            self.known.append(one)

    def sign_anew(self) -> None:
        """Signs a mint in place of another, whether that is wise or not."""
        one = Signed(signature(), self.height + VALID)
        if self.attempt(
            "replace_transaction",
            tx_signature=self.pick().tx,
            new_signature=one.tx,
            blockhash=blockhash(),
            last_valid_block_height=one.valid_until,
        ):
            self.known.append(one)

    def send(self) -> None:
        """Sends one, again if need be."""
        one = self.pick()
        if not one.sent or self.attempt("record_rebroadcast", tx_signature=one.tx):
            one.sent = True

    def ask(self) -> None:
        """Asks a node that may be behind, and does as it says."""
        one = self.pick()
        lag = self.chance.choice((0, 0, 1, 2, 4))
        newest, final = self.height - lag, self.final - lag
        if one.height is None or one.height > newest:
            self.attempt("mark_tx_not_found", tx_signature=one.tx, finalized_height=final)
        elif one.height > final:
            self.attempt(
                "mark_tx_seen",
                tx_signature=one.tx,
                commitment="confirmed" if one.height < newest else "processed",
                slot=one.slot,
                error_code=ERROR if one.error else None,
            )
        elif one.error:
            self.attempt(
                "fail_transaction",
                tx_signature=one.tx,
                error_code=ERROR,
                error_message=None,
                slot=one.slot,
            )
        else:
            self.attempt(
                "confirm_transaction",
                tx_signature=one.tx,
                slot=one.slot,
                block_time=None,
                token_mint=self.token,
            )

    def ask_a_node_on_a_dead_fork(self) -> None:
        """Asks a node that has not heard of the fork."""
        dropped = [one for one in self.known if one.dropped]
        if not dropped:
            return
        one = self.chance.choice(dropped)
        self.attempt(
            "mark_tx_seen",
            tx_signature=one.tx,
            commitment="processed",
            slot=one.dropped,
            error_code=ERROR if self.chance.random() < 0.5 else None,
        )

    def sweep(self) -> None:
        """Expires what is proved dead."""
        self.attempt("expire_transactions")

    # What must hold.

    def check(self) -> None:
        """Counts what the chain holds, and tests what the database says against it."""
        assert sum(one.height is not None and not one.error for one in self.known) <= 1
        query = (
            "SELECT tx_signature, status FROM ticketing.pending_transactions WHERE ticket_id = %s"
        )
        rows = self.relay.db.all(query, self.ticket)
        statuses = {row["tx_signature"]: row["status"] for row in rows}
        assert statuses.keys() == {one.tx for one in self.known}
        assert sum(status in OPEN for status in statuses.values()) <= 1
        for one in self.known:
            status = statuses[one.tx]
            is_final = one.height is not None and one.height <= self.final
            if status == "confirmed":
                assert is_final
                assert not one.error
            elif status == "expired":
                assert one.height is None
                assert one.valid_until < self.final
            elif status == "failed":
                assert is_final
                assert one.error
            elif status == "replaced":
                assert one.error if is_final else one.valid_until < self.final
        minted = "confirmed" in statuses.values()
        found = self.relay.find_ticket(self.ticket)
        assert found["status"] == ("minted" if minted else "sold")
        assert found["token_mint"] == (self.token if minted else None)


ACTS = {
    World.go_on: 5,
    World.fork: 2,
    World.sign: 1,
    World.sign_anew: 2,
    World.send: 3,
    World.ask: 6,
    World.ask_a_node_on_a_dead_fork: 2,
    World.sweep: 2,
}
# What the walks must have met, so that they prove something.
MET = {
    ("create_pending_transaction", ""),
    ("create_pending_transaction", "TK501"),
    ("create_pending_transaction", "TK504"),
    ("replace_transaction", ""),
    ("replace_transaction", "TK508"),
    ("record_rebroadcast", ""),
    ("record_rebroadcast", "TK509"),
    ("record_rebroadcast", "TK510"),
    ("mark_tx_seen", ""),
    ("mark_tx_not_found", ""),
    ("expire_transactions", ""),
    ("fail_transaction", ""),
    ("confirm_transaction", ""),
}


def test_a_ticket_is_minted_once_whatever_the_nodes_answer(make: Make, tenant: UUID) -> None:
    met: Counter[tuple[str, str]] = Counter()
    relay = Relay(make, tenant)
    for seed in range(16):
        world = World(relay, Random(seed))
        world.sign()
        for act in world.chance.choices([*ACTS], [*ACTS.values()], k=60):
            act(world)
            try:
                world.check()
            except AssertionError as error:
                error.add_note(f"in the walk of seed {seed}, after {act.__name__}")
                raise
        met.update(world.answers)
    assert met.keys() >= MET
