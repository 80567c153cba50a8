"""import_external_ticket: tickets that were sold elsewhere, once, to their end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.passes import OF_TICKET, bring
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

TICKET = "SELECT * FROM ticketing.tickets WHERE id = %s"
HISTORY = (
    "SELECT previous_status, new_status, reason, source, changed_by_type"
    " FROM ticketing.ticket_state_history WHERE ticket_id = %s ORDER BY seq"
)
BOUGHT = datetime(2026, 1, 1, tzinfo=UTC)


class Import:
    """Imports a ticket as the job of a tenant does, the same one unless told otherwise."""

    def __init__(self, db: Session, make: Make, tenant: UUID) -> None:
        self.db, self.tenant = db, tenant
        kind = make.row("ticket_types", tenant)
        self.usual: Row = {
            "source": "ticket_tailor",
            "external_id": "it_123",
            "event_id": kind["event_id"],
            "ticket_type_id": kind["id"],
            "purchaser_email": "Ada@Example.org ",
        }

    def call(self, **given: Any) -> Row:
        """Returns the answer, in a context that the caller has set."""
        values = {
            name: Jsonb(value) if isinstance(value, dict) else value
            for name, value in (self.usual | given).items()
        }
        arguments = ", ".join(f"p_{name} => %s" for name in values)
        return self.db.one(
            f"SELECT * FROM ticketing.import_external_ticket({arguments})", *values.values()
        )

    def __call__(self, **given: Any) -> tuple[str, Row]:
        """Returns the outcome and the ticket as it is then."""
        with self.db.acting("ticketing_worker", tenant=self.tenant):
            answer = self.call(**given)
        found = self.db.all(TICKET, answer["imported_ticket_id"])
        return answer["outcome"], (found[0] if found else {})


@pytest.fixture
def bring_in(db: Session, make: Make, tenant: UUID) -> Import:
    return Import(db, make, tenant)


def test_a_new_ticket_comes_in_active_with_its_passes(db: Session, bring_in: Import) -> None:
    outcome, ticket = bring_in(
        external_version=7,
        qr_code="qr",
        barcode="bar",
        section="A",
        row="1",
        seat="2",
        price_cents=2500,
        currency="EUR",
        purchased_at=BOUGHT,
        metadata={"order": "or_1"},
    )
    assert outcome == "imported"
    expected = {
        "external_source": "ticket_tailor",
        "external_id": "it_123",
        "external_version": 7,
        "event_id": bring_in.usual["event_id"],
        "ticket_type_id": bring_in.usual["ticket_type_id"],
        "purchaser_email": "ada@example.org",
        "ticket_number": "ticket_tailor:it_123",
        "status": "active",
        "qr_code": "qr",
        "barcode": "bar",
        "section": "A",
        "row": "1",
        "seat": "2",
        "price_cents": 2500,
        "currency": "EUR",
        "purchased_at": BOUGHT,
        "metadata": {"order": "or_1"},
    }
    assert ticket.items() >= expected.items()
    rows = db.all(OF_TICKET, ticket["id"])
    assert [row["channel"] for row in rows] == ["apple_wallet", "google_wallet"]
    (begun,) = db.all(HISTORY, ticket["id"])
    assert (begun["new_status"], begun["source"]) == ("active", "import")


def test_a_buyer_with_an_account_is_the_holder_and_is_not_counted_as_a_sale_of_ours(
    db: Session, make: Make, tenant: UUID, bring_in: Import
) -> None:
    user = make.id("users", tenant)
    _, ticket = bring_in(user_id=user, purchaser_email=None, ticket_number="N-1")
    assert (ticket["user_id"], ticket["original_purchaser_id"]) == (user, user)
    assert (ticket["purchaser_email"], ticket["ticket_number"]) == (None, "N-1")
    count = "SELECT ticket_purchase_count FROM ticketing.users WHERE id = %s"
    assert db.value(count, user) == 0


FULL: Row = {"external_version": 7, "qr_code": "qr", "seat": "2", "metadata": {"order": "or_1"}}


@pytest.mark.parametrize("given", [{}, FULL], ids=["least", "most"])
def test_imported_again_it_changes_nothing(db: Session, bring_in: Import, given: Row) -> None:
    _, first = bring_in(**given)
    passes = db.all(OF_TICKET, first["id"])
    assert bring_in(**given) == ("unchanged", first)
    assert bring_in() == ("unchanged", first)
    assert db.all(OF_TICKET, first["id"]) == passes


@pytest.mark.parametrize(
    ("given", "version"),
    [
        ({"purchaser_email": "bea@example.org"}, 1),
        ({"ticket_number": "N-2"}, 1),
        ({"qr_code": "other"}, 2),
        ({"barcode": "other"}, 2),
        ({"qr_code": "other", "barcode": "other"}, 2),
        ({"section": "B"}, 1),
        ({"row": "9"}, 1),
        ({"seat": "9"}, 1),
        ({"price_cents": 1}, 1),
        ({"purchased_at": datetime(2025, 1, 1, tzinfo=UTC)}, 1),
        ({"metadata": {"note": "vip"}}, 1),
        ({"external_version": 8}, 1),
    ],
    ids=shown,
)
def test_what_changed_there_changes_here(
    db: Session, bring_in: Import, given: Row, version: int
) -> None:
    _, first = bring_in(**FULL, barcode="bar", price_cents=5, purchased_at=BOUGHT)
    outcome, after = bring_in(**given)
    assert outcome == "updated"
    for column, value in given.items():
        expected = FULL["metadata"] | value if column == "metadata" else value
        assert after[column] == expected
    assert after["credential_version"] == version
    assert after["version"] == first["version"] + 1
    shown = not given.keys() & {"price_cents", "purchased_at", "metadata", "external_version"}
    for row in db.all(OF_TICKET, first["id"]):
        assert row["pass_version"] == 1 + shown


def test_the_first_code_is_no_new_code(bring_in: Import) -> None:
    bring_in()
    assert bring_in(qr_code="qr")[1]["credential_version"] == 1


def test_an_older_message_changes_nothing(bring_in: Import) -> None:
    _, first = bring_in(external_version=7)
    for status in ("valid", "voided"):
        old = {"external_version": 6, "status": status, "purchaser_email": "old@example.org"}
        assert bring_in(**old) == ("stale", first)


def test_of_one_version_the_last_content_counts(bring_in: Import) -> None:
    """Versions may be seconds, in which several things happen."""
    bring_in(external_version=7)
    outcome, after = bring_in(external_version=7, seat="3")
    assert (outcome, after["seat"]) == ("updated", "3")


def test_a_source_without_versions_is_compared_by_content(bring_in: Import) -> None:
    bring_in(external_version=7)
    outcome, after = bring_in(seat="3")
    assert (outcome, after["external_version"]) == ("updated", 7)


@pytest.mark.parametrize(
    ("status", "end"),
    [
        ("sold", "cancelled"),
        ("active", "cancelled"),
        ("transferred", "cancelled"),
        ("checked_in", "revoked"),
    ],
)
def test_voided_there_it_ends_here_and_so_do_its_passes(
    db: Session, tenant: UUID, bring_in: Import, *, status: str, end: str
) -> None:
    _, first = bring_in(channels=["apple_wallet"])
    (row,) = db.all(OF_TICKET, first["id"])
    bring(db, tenant, row, "sent")
    if status != "active":
        db.run("ALTER TABLE ticketing.tickets DISABLE TRIGGER trg_tickets_05_change_status")
        db.run(
            "UPDATE ticketing.tickets SET status = %s, checked_in_at = now() WHERE id = %s",
            *(status, first["id"]),
        )
        db.run("ALTER TABLE ticketing.tickets ENABLE TRIGGER trg_tickets_05_change_status")
    outcome, after = bring_in(status="voided", external_version=9)
    assert (outcome, after["status"]) == ("voided", end)
    assert after["status_reason"] == "voided in ticket_tailor"
    assert after["external_version"] == 9
    *_, last = db.all(HISTORY, first["id"])
    assert last == {
        "previous_status": status,
        "new_status": end,
        "reason": "voided in ticket_tailor",
        "source": "import",
        "changed_by_type": "system",
    }
    (void,) = db.all(OF_TICKET, first["id"])
    assert void["voided_at"] is not None
    assert (void["status"], void["max_attempts"]) == ("pending", 10)
    assert bring_in(status="voided", external_version=9) == ("unchanged", after)
    assert bring_in() == ("ended", after)


def test_voided_after_it_was_used_only_its_pass_ends(
    db: Session, tenant: UUID, bring_in: Import
) -> None:
    _, first = bring_in(channels=["apple_wallet"])
    (row,) = db.all(OF_TICKET, first["id"])
    bring(db, tenant, row, "sent")
    with db.saying(actor="system"):
        for status in ("checked_in", "used"):
            change = "UPDATE ticketing.tickets SET status = %s WHERE id = %s"
            db.run(change, status, first["id"])
    outcome, after = bring_in(status="voided")
    assert (outcome, after["status"]) == ("voided", "used")
    assert db.one(OF_TICKET, first["id"])["voided_at"] is not None
    assert bring_in(status="voided") == ("unchanged", after)


def test_voided_before_it_was_here_it_stays_away(db: Session, bring_in: Import) -> None:
    assert bring_in(status="voided", purchaser_email=None) == ("skipped", {})
    assert db.value("SELECT count(*) FROM ticketing.tickets") == 0


def test_a_seat_that_was_freed_there_is_free_here(bring_in: Import) -> None:
    bring_in(seat="2")
    bring_in(status="voided")
    assert bring_in(external_id="it_124", seat="2")[0] == "imported"


def test_the_words_of_the_caller_are_left_as_they_were(
    db: Session, tenant: UUID, bring_in: Import, as_tenant: Acting
) -> None:
    with as_tenant(tenant, source="job", actor="service"):
        ticket = bring_in.call()["imported_ticket_id"]
        assert bring_in.call(status="voided")["outcome"] == "voided"
        assert db.value("SELECT current_setting('app.status_change_source')") == "job"
        assert db.value("SELECT current_setting('app.actor_type')") == "service"
    assert [row["source"] for row in db.all(HISTORY, ticket)] == ["job", "job"]


def test_a_ticket_of_another_event_there_is_reported_and_left(
    db: Session, make: Make, tenant: UUID, bring_in: Import
) -> None:
    _, first = bring_in()
    other = make.row("ticket_types", tenant)
    for moved in (
        {"event_id": other["event_id"], "ticket_type_id": other["id"]},
        {"ticket_type_id": uuid4()},
        {"event_id": None},
    ):
        assert bring_in(**moved, seat="9") == ("conflict", first)
    assert bring_in(event_id=None, status="voided")[0] == "voided"


def test_an_id_is_unique_by_source_and_tenant(
    db: Session, make: Make, other_tenant: UUID, bring_in: Import
) -> None:
    assert bring_in()[0] == "imported"
    assert bring_in(source="partner")[0] == "imported"
    assert Import(db, make, other_tenant)()[0] == "imported"
    ids = "SELECT external_source, external_id, tenant_id FROM ticketing.tickets"
    assert len(db.all(ids)) == 3


def test_a_wallet_that_is_added_later_is_made_up_for(db: Session, bring_in: Import) -> None:
    _, ticket = bring_in(channels=[])
    assert db.all(OF_TICKET, ticket["id"]) == []
    assert bring_in() == ("unchanged", ticket)
    assert len(db.all(OF_TICKET, ticket["id"])) == 2


@pytest.mark.parametrize(
    "given",
    [
        *({"source": value} for value in (None, "", "Ticket Tailor", "7up", "a" * 64)),
        *({"external_id": value} for value in (None, "", " it_1", "i" * 256)),
        *({"status": value} for value in (None, "", "checked_in")),
        *({"purchaser_email": value} for value in (None, "  ")),
        {"metadata": Jsonb([])},
        {"metadata": None},
        {"channels": ["post"]},
        {"channels": None},
        *({name: None} for name in ("event_id", "ticket_type_id", "currency")),
        *({"price_cents": value} for value in (-1, 10**14)),
        *({name: "n" * 256} for name in ("ticket_number", "barcode")),
        *({name: "n" * 101} for name in ("section", "row", "seat")),
        {"qr_code": "q" * 501},
    ],
    ids=shown,
)
def test_a_malformed_message_is_refused(db: Session, bring_in: Import, given: Row) -> None:
    with db.refused("TK001"):
        bring_in(**given)


@pytest.mark.parametrize("given", [{"source": "a" * 63}, {"external_id": "i" * 255}], ids=shown)
def test_the_longest_names_are_accepted(bring_in: Import, given: Row) -> None:
    assert bring_in(**given)[0] == "imported"


def test_a_type_that_is_not_here_yet_is_refused_for_now(db: Session, bring_in: Import) -> None:
    with db.refused("23503", "fk_tickets_ticket_type_id"):
        bring_in(ticket_type_id=uuid4())


def test_a_first_import_holds_off_others_of_the_same_ticket(db: Session, bring_in: Import) -> None:
    """In a window too small for a race: past the look for the ticket, before its number."""
    held = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'"
        " AND pid = pg_backend_pid() AND classid::bigint::bit(32) ="
        " hashtext('ticketing.import_external_ticket')::bit(32)"
    )
    bring_in()
    assert db.value(held) == 1
    bring_in(seat="3")
    assert db.value(held) == 1
    bring_in(external_id="it_124")
    assert db.value(held) == 2


def test_imports_that_meet_make_one_ticket(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.row("ticket_types", tenant)
    query = (
        "SELECT outcome FROM ticketing.import_external_ticket("
        "'ticket_tailor', 'it_1', %s, %s, 'ada@example.org')"
    )

    def act(connection: psycopg.Connection, _number: int) -> str:
        row = connection.execute(query.encode(), [kind["event_id"], kind["id"]]).fetchone()
        assert row is not None
        return str(row[0])

    answers = race(clone, "ts_test_worker", 8, act, tenant=tenant)
    assert sorted(map(str, answers)) == ["imported"] + ["unchanged"] * 7
    with psycopg.connect(clone.superuser_url) as connection:
        found = Session(connection).all("SELECT id FROM ticketing.ticket_passes")
    assert len(found) == 2
