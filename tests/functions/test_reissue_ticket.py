"""reissue_ticket: a new code for a ticket, and the end of the old one."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import in_turn, race
from support.session import Session
from support.transfers import Desk, calling, hashed, query

NEW = hashed("new")


@pytest.fixture
def desk(db: Session, tenant: UUID) -> Desk:
    return Desk(db, tenant, barcode="bars")


def reissue(desk: Desk, **named: Any) -> Row:
    return desk.call("reissue_ticket", **{"ticket_id": desk.ticket, "code_hash": NEW, **named})


@pytest.mark.parametrize("reason", ["lost", "fraud", "reissue", "transfer"])
def test_a_new_code_ends_the_old_one(desk: Desk, reason: str) -> None:
    row = reissue(desk, reason=reason)
    assert (row["credential_version"], row["outcome"]) == (2, "reissued")
    assert desk.resolve("old code") == ("revoked", reason)
    assert desk.resolve("new") == ("active", None)
    ticket = desk.read()
    assert (ticket["credential_version"], ticket["qr_code"], ticket["barcode"]) == (2, None, None)
    found = desk.read("ticket_credentials", row["credential_id"])
    assert (found["ticket_id"], found["credential_version"]) == (desk.ticket, 2)


def test_a_reason_is_reissue_unless_told(desk: Desk) -> None:
    reissue(desk)
    assert desk.resolve("old code") == ("revoked", "reissue")


def test_the_first_code_is_issued(db: Session, tenant: UUID) -> None:
    desk = Desk(db, tenant, qr_code=None)
    row = reissue(desk)
    assert (row["credential_version"], row["outcome"]) == (1, "issued")
    row = reissue(desk, code_hash=hashed("newer"))
    assert (row["credential_version"], row["outcome"]) == (2, "reissued")
    assert desk.resolve("new") == ("revoked", "reissue")


def test_a_code_from_before_the_table_ends_as_well(desk: Desk) -> None:
    desk.db.run("DELETE FROM ticketing.ticket_credentials")
    assert reissue(desk)["outcome"] == "reissued"
    assert desk.resolve("old code") == ("revoked", "withdrawn")
    assert desk.resolve("new") == ("active", None)


def test_a_repeated_request_changes_nothing(desk: Desk) -> None:
    first = reissue(desk)
    before = desk.read()
    assert reissue(desk) == {**first, "outcome": "replayed"}
    assert desk.read() == before


@pytest.mark.parametrize("whose", ["own dead", "another living", "another dead"])
def test_a_code_that_was_used_before_is_refused(desk: Desk, make: Make, whose: str) -> None:
    code = "old code"
    if whose == "own dead":
        reissue(desk, code_hash=hashed("between"))
    else:
        user = make.id("users", desk.tenant)
        code = "another"
        other = make.id("tickets", desk.tenant, status="active", user_id=user, qr_code=code)
        if whose == "another dead":
            desk.call("reissue_ticket", ticket_id=other, code_hash=hashed("between"))
    before = desk.read()
    with desk.db.refused("TK240"):
        reissue(desk, code_hash=hashed(code))
    assert desk.read() == before


def test_another_tenant_may_have_the_same_code(desk: Desk, make: Make, other_tenant: UUID) -> None:
    make.id("tickets", other_tenant, qr_code="new")
    assert reissue(desk)["outcome"] == "reissued"


@pytest.mark.parametrize(
    ("status", "given"),
    [
        ("sold", {}),
        ("minted", {"is_nft": True, "token_mint": "7" * 44}),
        ("transferred", {}),
        ("checked_in", {"checked_in_at": "now"}),
    ],
)
def test_a_sold_ticket_may_have_a_code(db: Session, tenant: UUID, status: str, given: Row) -> None:
    assert reissue(Desk(db, tenant, status=status, **given))["outcome"] == "reissued"


@pytest.mark.parametrize(
    "status",
    ["available", "reserved", "used", "revoked", "refunded", "cancelled", "expired"],
)
def test_any_other_ticket_gets_none(db: Session, tenant: UUID, status: str) -> None:
    user = {"user_id": None} if status == "available" else {}
    desk = Desk(db, tenant, status=status, status_reason="so", checked_in_at="now", **user)
    with db.refused("TK243") as refused:
        reissue(desk)
    assert status in str(refused.error)


@pytest.mark.parametrize(
    "given",
    [
        *({"code_hash": code} for code in (None, "", "new", "A" * 64, "a" * 63, "a" * 65)),
        *({"reason": reason} for reason in (None, "", "stolen", "refunded")),
    ],
)
def test_a_bad_argument_is_refused(desk: Desk, given: Row) -> None:
    with desk.db.refused("TK001"):
        reissue(desk, **given)


def test_an_unknown_ticket_is_refused_whoever_has_it(
    desk: Desk, make: Make, other_tenant: UUID
) -> None:
    for ticket in (None, uuid4(), make.id("tickets", other_tenant)):
        with desk.db.refused("TK242"):
            reissue(desk, ticket_id=ticket)


def test_a_holder_gets_a_new_code_and_nobody_else_does(desk: Desk) -> None:
    for user in (desk.friend, "nobody"):
        with desk.db.refused("TK242"):
            reissue(desk, acting={"user": user, "user_role": "user"})
    own = reissue(desk, reason="lost", acting={"user": desk.sender, "user_role": "user"})
    assert own["outcome"] == "reissued"
    assert desk.resolve("old code") == ("revoked", "lost")


def test_staff_do_it_for_anybody(desk: Desk) -> None:
    acting = {"user": desk.friend, "user_role": "staff"}
    assert reissue(desk, acting=acting)["outcome"] == "reissued"


def test_a_worker_may_and_readers_and_strangers_may_not(desk: Desk) -> None:
    assert reissue(desk, role="ticketing_worker")["outcome"] == "reissued"
    for role in ("ticketing_readonly", "ts_test_nobody"):
        with desk.db.refused("42501"):
            reissue(desk, role=role)


def test_it_needs_a_tenant(desk: Desk) -> None:
    text, values = query("reissue_ticket", ticket_id=desk.ticket, code_hash=NEW)
    with desk.db.acting("ticketing_app"), desk.db.refused("TK701"):
        desk.db.one(text, *values)


def test_of_many_new_codes_at_once_the_last_one_lives(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        desk = Desk(db, Make(db).tenant())

    def act(connection: psycopg.Connection, number: int) -> Any:
        code = hashed(f"code {number}")
        return calling("reissue_ticket", ticket_id=desk.ticket, code_hash=code)(connection)

    answers = race(clone, "ts_test_app", 6, act, tenant=desk.tenant)
    versions = {row["credential_version"] for row in answers if isinstance(row, dict)}
    assert versions == set(range(2, 8))
    with psycopg.connect(clone.superuser_url) as connection:
        found = Session(connection).all(
            "SELECT status, revoked_reason FROM ticketing.ticket_credentials"
            " ORDER BY credential_version"
        )
    dead = {"status": "revoked", "revoked_reason": "reissue"}
    assert found == [dead] * 6 + [{"status": "active", "revoked_reason": None}]


def test_a_ticket_that_is_being_refunded_gets_no_code(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        desk = Desk(db, Make(db).tenant(), qr_code=None)

    def refund(connection: psycopg.Connection) -> None:
        connection.execute("SELECT ticketing.act_as('admin'), ticketing.give_reason('rain')")
        connection.execute("UPDATE ticketing.tickets SET status = 'refunded'")

    act = calling("reissue_ticket", ticket_id=desk.ticket, code_hash=NEW)
    _, error, waited = in_turn(clone, "ts_test_app", refund, act, tenant=desk.tenant)
    assert waited
    assert isinstance(error, psycopg.Error)
    assert error.sqlstate == "TK243"
