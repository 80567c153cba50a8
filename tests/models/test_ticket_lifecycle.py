"""Tickets and their transfers against a plain Python model, along random walks."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from support.factories import Make
from support.session import Session
from support.walks import Walk, walk

USERS = 3
MOST = 3  # tickets alive at once, few enough that each lives long
ACTORS = ("user", "system", "admin", "service")
ANYONE = set(ACTORS)
CREW = {"system", "admin", "service"}
BOSS = {"system", "admin"}
DEAD = {"used", "revoked", "refunded", "expired", "cancelled"}
ENDED_BY_RULE = {"revoked", "refunded", "expired", "cancelled"}
STARTS = ("available", "reserved", "sold", "active")

# What the operators of a box office say, written down once more: (from, to): (who, with a reason).
ALLOWED: dict[tuple[str, str], tuple[set[str], bool]] = {
    ("available", "reserved"): (ANYONE, False),
    ("available", "sold"): (ANYONE, False),
    ("available", "expired"): (CREW, False),
    ("available", "cancelled"): (BOSS, True),
    ("reserved", "available"): (ANYONE, False),
    ("reserved", "sold"): (CREW, False),
    ("reserved", "expired"): (CREW, False),
    ("reserved", "cancelled"): (BOSS, True),
    ("sold", "active"): (CREW, False),
    ("sold", "minted"): (CREW, False),
    ("minted", "active"): (CREW, False),
    ("minted", "sold"): (BOSS, True),
    ("active", "transferred"): (ANYONE, False),
    ("transferred", "active"): (ANYONE, False),
    ("active", "checked_in"): (ANYONE, False),
    ("transferred", "checked_in"): (ANYONE, False),
    ("checked_in", "used"): (CREW, False),
    ("checked_in", "active"): (BOSS, True),
    ("checked_in", "transferred"): (BOSS, True),
    ("checked_in", "refunded"): (BOSS, True),
    ("checked_in", "revoked"): (BOSS, True),
    **{(s, "refunded"): (CREW, True) for s in ("sold", "minted", "active", "transferred")},
    **{(s, "revoked"): (BOSS, True) for s in ("sold", "minted", "active", "transferred")},
    **{(s, "cancelled"): (BOSS, True) for s in ("sold", "minted", "active", "transferred")},
    **{(s, "expired"): (CREW, False) for s in ("sold", "minted", "active", "transferred")},
}
WHICH = st.integers(0, 5)
STATUSES = sorted({status for pair in ALLOWED for status in pair})


class Ticket:
    """What the model knows of one ticket."""

    def __init__(self, key: UUID, status: str, holder: int) -> None:
        self.key = key
        self.status = status
        self.holder = holder
        self.version = 1
        self.rounds = 1
        self.offer: str | None = None
        self.before_entry: str | None = None
        self.history: list[tuple[str | None, str]] = [(None, status)]

    def move(self, status: str) -> None:
        """Follows a change that the rules allow."""
        if status == "checked_in":
            self.before_entry = self.status
        if self.status == "checked_in" and status in ("active", "transferred"):
            self.rounds += 1
        if status in ENDED_BY_RULE:
            self.offer = None
        self.history.append((self.status, status))
        self.status = status
        self.version += 1

    def verdict(self, status: str, actor: str, reason: bool) -> str | None:
        """Returns the error that a change must meet, or None."""
        rule_ = ALLOWED.get((self.status, status))
        if rule_ is None:
            return "TK201"
        who, needs_reason = rule_
        if actor not in who:
            return "TK202"
        if needs_reason and not reason:
            return "TK203"
        if status == "checked_in" and self.offer:
            return "TK208"
        if self.status == "checked_in" and status in ("active", "transferred"):
            return None if status == self.before_entry else "TK210"
        return None


class Lifecycle(Walk):
    """Random walks over a handful of tickets of one tenant."""

    @initialize()
    def open_the_house(self) -> None:
        """Starts with a tenant, people and one type of ticket."""
        make = self.start()
        self.users = [make.id("users", self.tenant) for _ in range(USERS)]
        self.kind = make.ticket_type(self.tenant)
        self.known: list[Ticket] = []

    def living(self) -> list[Ticket]:
        """Returns the tickets that have not ended."""
        return [ticket for ticket in self.known if ticket.status not in DEAD]

    @precondition(lambda self: len(self.living()) < MOST)
    @rule(status=st.sampled_from(STARTS), holder=st.integers(0, USERS - 1))
    def issue(self, status: str, holder: int) -> None:
        """Makes a ticket."""
        given = {} if status == "available" else {"user_id": self.users[holder]}
        key = Make(self.db).id(
            "tickets",
            self.tenant,
            **{"ticket_type_id": self.kind["id"], "is_nft": True, "token_mint": None, **given},
            status=status,
        )
        self.known.append(Ticket(key, status, holder))

    @precondition(lambda self: self.living())
    @rule(which=WHICH, pick=st.integers(0, 59), actor=st.sampled_from(ACTORS), why=WHICH)
    def follow(self, which: int, pick: int, actor: str, why: int) -> None:
        """Tries a change that the rules list."""
        ticket = self.living()[which % len(self.living())]
        onward = [after for before, after in ALLOWED if before == ticket.status]
        self.change(ticket, onward[pick % len(onward)], actor, why > 0)

    @precondition(lambda self: self.living())
    @rule(which=WHICH, pick=st.integers(0, 59), actor=st.sampled_from((*ACTORS, "admin")))
    def live_on(self, which: int, pick: int, actor: str) -> None:
        """Tries a change that does not end the ticket, into any such status where it may not."""
        ticket = self.living()[which % len(self.living())]
        onward = [a for b, a in ALLOWED if b == ticket.status and a not in DEAD]
        if ticket.status == "checked_in":
            onward += ["used"]
        self.change(ticket, onward[pick % len(onward)], actor, reason=True)

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 99), status=st.sampled_from(STATUSES), actor=st.sampled_from(ACTORS))
    def wish(self, which: int, status: str, actor: str) -> None:
        """Tries any change of any ticket, as anybody."""
        self.change(self.known[which % len(self.known)], status, actor, reason=True)

    def change(self, ticket: Ticket, status: str, actor: str, reason: bool) -> None:
        """Tries a change and expects what the model says of it."""
        if status == ticket.status:
            return
        columns: dict[str, Any] = {}
        if status == "minted":
            columns["token_mint"] = str(ticket.key).replace("-", "").replace("0", "z")[:32]
        if status == "available":
            columns["user_id"] = None
        elif ticket.status in ("available", "reserved"):
            columns["user_id"] = self.users[ticket.holder]
        setting = "".join(f", {name} = %s" for name in columns)

        expected = ticket.verdict(status, actor, reason)
        met = self.outcome(
            f"UPDATE ticketing.tickets SET status = %s{setting} WHERE id = %s",
            *(status, *columns.values(), ticket.key),
            actor=actor,
            reason="because" if reason else "",
        )
        assert met == expected, (ticket.status, status, actor, reason)
        if expected is None:
            ticket.move(status)

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 99), own=WHICH)
    def offer(self, which: int, own: int) -> None:
        """Tries to hand a ticket on, mostly as its holder."""
        ticket = self.known[-1 - which % min(len(self.known), 5)]
        giver = ticket.holder if own > 0 else (ticket.holder + 1) % USERS

        expected: str | None
        if giver != ticket.holder or ticket.status not in ("active", "transferred"):
            expected = "TK206"
        else:
            expected = "23505" if ticket.offer else None
        met = self.outcome(
            """
            INSERT INTO ticketing.ticket_transfers (tenant_id, ticket_id, from_user_id, to_email)
            VALUES (%s, %s, %s, 'friend@example.org')
            """,
            *(self.tenant, ticket.key, self.users[giver]),
        )
        assert met == expected
        if expected is None:
            ticket.offer = "pending"

    @precondition(lambda self: any(ticket.offer for ticket in self.known))
    @rule(answer=st.sampled_from(("accepted", "accepted", "rejected", "cancelled", "completed")))
    def answer(self, answer: str) -> None:
        """Answers an open offer."""
        ticket = next(ticket for ticket in self.known if ticket.offer)
        if ticket.offer == "accepted" and answer in ("accepted", "rejected"):
            return
        met = self.outcome(
            """
            UPDATE ticketing.ticket_transfers SET status = %s, to_user_id = %s
            WHERE ticket_id = %s AND status IN ('pending', 'accepted')
            """,
            *(answer, self.users[(ticket.holder + 1) % USERS], ticket.key),
            actor="admin",
            reason="changed my mind",
        )
        assert met is None
        ticket.offer = "accepted" if answer == "accepted" else None

    @invariant()
    def the_rows_are_what_the_model_says(self) -> None:
        """Compares tickets, history, events and open offers."""
        found = self.db.all(
            """
            SELECT
                t.id,
                t.status,
                t.version,
                t.check_in_round,
                (
                    SELECT array_agg(ARRAY[h.previous_status, h.new_status] ORDER BY h.seq)
                    FROM ticketing.ticket_state_history AS h
                    WHERE h.ticket_id = t.id
                ) AS history,
                (
                    SELECT array_agg(e.event_type ORDER BY e.seq)
                    FROM ticketing.outbox AS e
                    WHERE e.aggregate_id = t.id::text
                ) AS events,
                (
                    SELECT array_agg(r.status)
                    FROM ticketing.ticket_transfers AS r
                    WHERE r.ticket_id = t.id AND r.status IN ('pending', 'accepted')
                ) AS offers
            FROM ticketing.tickets AS t
            WHERE t.tenant_id = %s
            """,
            self.tenant,
        )
        rows = {row["id"]: row for row in found}
        assert rows.keys() == {ticket.key for ticket in self.known}
        for ticket in self.known:
            row = rows[ticket.key]
            assert (row["status"], row["version"]) == (ticket.status, ticket.version)
            assert row["check_in_round"] == ticket.rounds
            assert row["history"] == [list(change) for change in ticket.history]
            assert row["events"] == [f"ticket.{new}" for _, new in ticket.history]
            assert row["offers"] == ([ticket.offer] if ticket.offer else None)
            assert not (ticket.offer and ticket.status in DEAD | {"checked_in"})


def test_tickets_live_as_the_model_says(db: Session) -> None:
    walk(Lifecycle, db, examples=50, steps=120)
