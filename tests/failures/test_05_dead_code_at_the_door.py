"""Failure 5: a dead code opens the door, or a ticket is handed on and let in at the same moment."""

from __future__ import annotations

import itertools

import psycopg
import pytest

from defects.defect import Act, Race, Rewrite, value
from support.transfers import Desk, hashed

_numbers = itertools.count(1)

# Nothing ends the code of a ticket that changes hands.
NOTHING_ROTATES = "ALTER TABLE ticketing.tickets DISABLE TRIGGER trg_tickets_15_rotate_code"
# Any ticket may become checked in, whatever it is and whatever is open.
ANY_STATUS = "ALTER TABLE ticketing.tickets DISABLE TRIGGER trg_tickets_05_change_status"
# The door decides by what it saw before others were done.
DOOR_DOES_NOT_WAIT = Rewrite(
    "record_scan_attempt",
    "WHERE t.tenant_id = p_tenant_id AND t.id = p_ticket_id FOR NO KEY UPDATE;",
    "WHERE t.tenant_id = p_tenant_id AND t.id = p_ticket_id;",
)


class Stolen(Desk):
    """A ticket whose code somebody else has a picture of."""

    def __init__(self, race: Race) -> None:
        self.code = f"code {next(_numbers)}"
        super().__init__(race.db, race.tenant, qr_code=self.code, status_reason="issued")
        self.race = race

    @property
    def entry(self) -> Act:
        """The gate at which the picture is shown."""
        query = "SELECT result FROM ticketing.scan_code(%s, %s, %s)"
        return value(query, self.tenant, hashed(self.code), self.event)

    @property
    def offer(self) -> Act:
        query = """
            SELECT status FROM ticketing.start_transfer(%s, %s, %s, p_from_user_id => %s)
        """
        secret = hashed("secret")
        return value(query, self.ticket, "friend@example.org", secret, self.sender)

    @property
    def acceptance(self) -> Act:
        """The friend who accepts the offer that is open."""
        query = "SELECT outcome FROM ticketing.accept_transfer(%s, %s, %s)"
        found = "SELECT id FROM ticketing.ticket_transfers WHERE ticket_id = %s"
        transfer = self.db.value(found, self.ticket)
        return value(query, transfer, hashed("secret"), self.friend)

    @property
    def report(self) -> Act:
        """The holder who has noticed, and gets a new code."""
        query = "SELECT outcome FROM ticketing.reissue_ticket(%s, %s, 'lost')"
        return value(query, self.ticket, hashed(f"new {self.code}"))

    def written(self, change: str, *values: object) -> Act:
        """A service that writes the ticket by hand."""
        query = f"UPDATE ticketing.tickets SET {change} WHERE id = %s RETURNING status"
        return value(query, *values, self.ticket)

    def attempts(self) -> list[str]:
        query = "SELECT result FROM ticketing.ticket_scans WHERE ticket_id = %s ORDER BY created_at"
        return [row["result"] for row in self.db.all(query, self.ticket)]


def code_of(answer: object) -> object:
    return answer.sqlstate if isinstance(answer, psycopg.Error) else answer


def test_the_code_of_a_ticket_that_was_handed_on(race: Race) -> None:
    def look() -> object:
        stolen = Stolen(race)
        race.alone(stolen.offer)
        assert race.alone(stolen.acceptance) == "completed"
        return race.alone(stolen.entry), stolen.attempts()

    race.prove(
        look,
        NOTHING_ROTATES,
        promised=("revoked", ["revoked"]),
        broken=("valid", ["valid"]),
    )


def test_the_code_of_a_ticket_that_an_old_service_moved_by_hand(race: Race) -> None:
    def look() -> object:
        stolen = Stolen(race)
        race.alone(stolen.written("user_id = %s, status = 'transferred'", stolen.friend))
        return race.alone(stolen.entry)

    race.prove(look, NOTHING_ROTATES, promised="revoked", broken="valid")


def test_a_dead_code_that_is_given_out_again(race: Race) -> None:
    def look() -> object:
        stolen = Stolen(race)
        assert race.alone(stolen.written("qr_code = %s", f"new {stolen.code}")) == "active"
        again = race.alone(stolen.written("qr_code = %s", stolen.code))
        return code_of(again), race.alone(stolen.entry)

    race.prove(
        look,
        "ALTER TABLE ticketing.ticket_credentials DROP CONSTRAINT uq_ticket_credentials_code",
        Rewrite(
            "resolve_credential",
            "AND c.code_hash = p_code_hash;",
            "AND c.code_hash = p_code_hash ORDER BY c.credential_version DESC LIMIT 1;",
        ),
        promised=("23505", "revoked"),
        broken=("active", "valid"),
    )


def test_a_version_that_is_turned_back(race: Race) -> None:
    def look() -> object:
        stolen = Stolen(race)
        assert race.alone(stolen.report) == "reissued"
        back = race.alone(stolen.written("credential_version = 1"))
        return code_of(back), race.alone(stolen.entry)

    race.prove(look, NOTHING_ROTATES, promised=("TK241", "revoked"), broken=("active", "valid"))


def test_a_thief_shows_the_code_while_it_is_reported(race: Race) -> None:
    def look() -> object:
        stolen = Stolen(race)
        return race.run(stolen.report, stolen.entry)

    race.prove(
        look,
        DOOR_DOES_NOT_WAIT,
        promised=("reissued", "revoked"),
        broken=("reissued", "valid"),
    )


def test_the_sender_shows_the_code_while_the_friend_accepts(race: Race) -> None:
    def look() -> object:
        stolen = Stolen(race)
        race.alone(stolen.offer)
        return race.run(stolen.acceptance, stolen.entry)

    race.prove(
        look,
        # The door believes what it read of the code, and not the ticket under its lock.
        Rewrite("scan_code", "p_credential_version => v_code.credential_version,", ""),
        promised=("completed", "revoked"),
        broken=("completed", "valid"),
    )


@pytest.mark.parametrize("status", ["refunded", "revoked", "cancelled"])
def test_the_code_of_a_ticket_that_has_ended(race: Race, status: str) -> None:
    def look() -> object:
        stolen = Stolen(race)
        stolen.make.advance("tickets", stolen.ticket, status)
        return race.alone(stolen.entry), stolen.resolve(stolen.code)

    race.prove(
        look,
        "ALTER TABLE ticketing.tickets DISABLE TRIGGER trg_tickets_60_retire_code",
        ANY_STATUS,
        Rewrite(
            "record_scan_attempt",
            "v_ticket.status IN ('revoked', 'refunded', 'cancelled') THEN",
            "FALSE THEN",
        ),
        Rewrite(
            "record_scan_attempt",
            "v_ticket.status NOT IN ('active', 'transferred', 'checked_in', 'used') THEN",
            "FALSE THEN",
        ),
        promised=("revoked", ("revoked", status)),
        broken=("valid", ("active", None)),
    )


def test_a_revoked_ticket_that_is_inside_is_no_mere_repeat(race: Race) -> None:
    def look() -> object:
        stolen = Stolen(race)
        assert race.alone(stolen.entry) == "valid"
        stolen.make.advance("tickets", stolen.ticket, "revoked")
        return race.alone(stolen.entry)

    race.prove(
        look,
        # Already inside is asked before whether the ticket admits at all.
        Rewrite(
            "record_scan_attempt",
            "v_ticket.status IN ('revoked', 'refunded', 'cancelled') THEN",
            "v_event.has_first_entry THEN result := 'already_used'; rejection_reason := 'inside';"
            " ELSIF v_ticket.status IN ('revoked', 'refunded', 'cancelled') THEN",
        ),
        promised="revoked",
        broken="already_used",
    )


def test_a_ticket_is_offered_while_it_is_let_in(race: Race) -> None:
    def look() -> object:
        stolen = Stolen(race)
        entry, offer = race.run(stolen.entry, stolen.offer)
        return entry, code_of(offer), stolen.read()["status"]

    race.prove(
        look,
        Rewrite("start_transfer", "FOR NO KEY UPDATE OF t;", ";"),
        Rewrite(
            "guard_ticket_transfer",
            "WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.ticket_id FOR NO KEY UPDATE;",
            "WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.ticket_id;",
        ),
        promised=("valid", "TK206", "checked_in"),
        broken=("valid", "pending", "checked_in"),
    )


def test_a_ticket_is_let_in_while_it_is_offered(race: Race) -> None:
    def look() -> object:
        stolen = Stolen(race)
        offer, entry = race.run(stolen.offer, stolen.entry)
        return offer, code_of(entry), stolen.read()["status"]

    race.prove(
        look,
        DOOR_DOES_NOT_WAIT,
        ANY_STATUS,
        promised=("pending", "transfer_pending", "active"),
        broken=("pending", "valid", "checked_in"),
    )
