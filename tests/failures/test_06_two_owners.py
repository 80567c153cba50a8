"""Failure 6: two people own one ticket, or one has it and the other the money back."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import psycopg

from defects.defect import Act, Race, Rewrite, put_back, value
from support.races import race as callers
from support.transfers import Desk, hashed

CODE = hashed("secret")
# A ticket may be on offer twice.
TWO_OFFERS = (
    "DROP INDEX ticketing.uq_ticket_transfers_one_open",
    Rewrite("start_transfer", "AND r.status IN ('pending', 'accepted') ) THEN", "AND FALSE ) THEN"),
)
# A ticket goes over without a look at who has it and what became of it.
NO_COMPARISON = (
    Rewrite(
        "accept_transfer",
        "IF v_ticket.user_id IS DISTINCT FROM v_transfer.from_user_id"
        " OR v_ticket.status NOT IN ('active', 'transferred') THEN",
        "IF FALSE THEN",
    ),
    Rewrite(
        "complete_transfer",
        "AND t.user_id = v_transfer.from_user_id AND t.status IN ('active', 'transferred')",
        "",
    ),
)
# Two who accept do not wait for one another, nor for a refund.
NO_LOCKS = (
    Rewrite("accept_transfer", "FOR NO KEY UPDATE OF t;", ";"),
    Rewrite("accept_transfer", "r.id = p_transfer_id FOR NO KEY UPDATE;", "r.id = p_transfer_id;"),
)


def code_of(answer: object) -> object:
    return answer.sqlstate if isinstance(answer, psycopg.Error) else answer


def offer(desk: Desk) -> Act:
    query = "SELECT transfer_id FROM ticketing.start_transfer(%s, %s, %s, p_from_user_id => %s)"
    return value(query, desk.ticket, "friend@example.org", CODE, desk.sender)


def accept(transfer: object, person: UUID) -> Act:
    query = "SELECT outcome FROM ticketing.accept_transfer(%s, %s, %s)"
    return value(query, transfer, CODE, person)


def refund(desk: Desk) -> Act:
    """A service that refunds what it has read, and says which version that was."""
    version = desk.read()["version"]

    def act(connection: psycopg.Connection) -> object:
        connection.execute("SELECT ticketing.act_as('admin'), ticketing.give_reason('asked for')")
        return connection.execute(
            "UPDATE ticketing.tickets SET status = 'refunded'"
            " WHERE id = %s AND ticketing.require_version(version, %s) RETURNING status",
            [desk.ticket, version],
        ).fetchone()

    return act


def outcome(desk: Desk) -> tuple[str, object]:
    """Returns what became of the ticket, and who has it."""
    row = desk.read()
    names = {desk.sender: "sender", desk.friend: "friend"}
    return row["status"], names.get(row["user_id"], "another")


def of_two_offers(race: Race) -> Callable[[], object]:
    """Returns a look at a ticket that is offered to two people, who both accept."""

    def look() -> object:
        desk = Desk(race.db, race.tenant, qr_code=None)
        another = race.make.id("users", race.tenant)
        offers = [t for t in race.run(offer(desk), offer(desk)) if isinstance(t, UUID)]
        if len(offers) == 1:
            return [race.alone(accept(offers[0], desk.friend))]
        answers = race.run(accept(offers[0], desk.friend), accept(offers[1], another))
        return [code_of(answer) for answer in answers]

    return look


def test_two_offers_at_once_to_two_people_who_both_accept(race: Race) -> None:
    race.prove(
        of_two_offers(race),
        *TWO_OFFERS,
        *NO_COMPARISON,
        promised=["completed"],
        broken=["completed", "completed"],
    )


def test_two_offers_that_slipped_through_are_still_not_both_accepted(race: Race) -> None:
    """The second guard alone: from the one who offered it, and from nobody else."""
    put_back(race.db, *TWO_OFFERS)
    race.prove(
        of_two_offers(race),
        *NO_COMPARISON,
        promised=["completed", "TK227"],
        broken=["completed", "completed"],
    )


def test_one_link_and_two_people_at_once(race: Race) -> None:
    def look() -> object:
        desk = Desk(race.db, race.tenant, qr_code=None)
        another = race.make.id("users", race.tenant)
        transfer = race.alone(offer(desk))
        one, other = race.run(accept(transfer, desk.friend), accept(transfer, another))
        return one, code_of(other), outcome(desk)

    race.prove(
        look,
        *NO_LOCKS,
        *NO_COMPARISON,
        "ALTER TABLE ticketing.ticket_transfers"
        " DISABLE TRIGGER trg_ticket_transfers_05_change_status",
        "ALTER TABLE ticketing.ticket_transfers DROP CONSTRAINT chk_ticket_transfers_completed",
        promised=("completed", "TK223", ("transferred", "friend")),
        broken=("completed", "completed", ("transferred", "another")),
    )


def test_one_link_and_twenty_people_at_once(race: Race) -> None:
    desk = Desk(race.db, race.tenant)
    people = [race.make.id("users", race.tenant) for _ in range(20)]
    transfer = race.alone(offer(desk))
    got = callers(
        race.target,
        "ts_test_app",
        len(people),
        lambda connection, number: accept(transfer, people[number])(connection),
        tenant=race.tenant,
    )
    assert sorted(str(code_of(answer)) for answer in got) == ["TK223"] * 19 + ["completed"]
    winner = people[[code_of(answer) for answer in got].index("completed")]
    assert (desk.read()["user_id"], desk.read()["transfer_count"]) == (winner, 1)


def test_a_refund_while_the_friend_accepts(race: Race) -> None:
    def look() -> object:
        desk = Desk(race.db, race.tenant, qr_code=None, status_reason="issued")
        transfer = race.alone(offer(desk))
        _, accepted = race.run(refund(desk), accept(transfer, desk.friend))
        return code_of(accepted), outcome(desk)

    race.prove(
        look,
        *NO_COMPARISON,
        "ALTER TABLE ticketing.tickets DISABLE TRIGGER trg_tickets_40_close_claims",
        "ALTER TABLE ticketing.tickets DISABLE TRIGGER trg_tickets_05_change_status",
        promised=("TK224", ("refunded", "sender")),
        broken=("completed", ("transferred", "friend")),
    )


def test_a_refund_that_leaves_the_offer_open_by_mistake(race: Race) -> None:
    """The comparison alone: a ticket that has ended goes to nobody."""
    put_back(race.db, "ALTER TABLE ticketing.tickets DISABLE TRIGGER trg_tickets_40_close_claims")
    put_back(race.db, "ALTER TABLE ticketing.tickets DISABLE TRIGGER trg_tickets_05_change_status")

    def look() -> object:
        desk = Desk(race.db, race.tenant, qr_code=None, status_reason="issued")
        transfer = race.alone(offer(desk))
        _, accepted = race.run(refund(desk), accept(transfer, desk.friend))
        return code_of(accepted), outcome(desk)

    race.prove(
        look,
        *NO_COMPARISON,
        promised=("TK227", ("refunded", "sender")),
        broken=("completed", ("transferred", "friend")),
    )


def test_the_friend_accepts_while_a_refund_is_on_its_way(race: Race) -> None:
    def look() -> object:
        desk = Desk(race.db, race.tenant, qr_code=None)
        transfer = race.alone(offer(desk))
        accepted, refunded = race.run(accept(transfer, desk.friend), refund(desk))
        return accepted, code_of(refunded), outcome(desk)

    race.prove(
        look,
        # The ticket looks to the refund as it did before it went over.
        "ALTER TABLE ticketing.tickets DISABLE TRIGGER trg_tickets_50_log_update",
        Rewrite("raise_row_version", "NEW.version := OLD.version + 1;", ""),
        promised=("completed", "TK161", ("transferred", "friend")),
        broken=("completed", ("refunded",), ("refunded", "friend")),
    )


def test_a_friend_who_is_cut_off_has_nothing_and_may_ask_again(race: Race) -> None:
    desk = Desk(race.db, race.tenant)
    transfer = race.alone(offer(desk))
    race.die(accept(transfer, desk.friend))
    assert outcome(desk) == ("active", "sender")
    assert desk.resolve("old code") == ("active", None)
    assert race.alone(accept(transfer, desk.friend)) == "completed"
    assert race.alone(accept(transfer, desk.friend)) == "replayed"
    assert outcome(desk) == ("transferred", "friend")
    assert desk.resolve("old code") == ("revoked", "transfer")
