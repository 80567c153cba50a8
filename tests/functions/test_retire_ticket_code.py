"""retire_ticket_code: the code that ends is revoked and remembered, the new one registered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from support.factories import Make
from support.names import shown
from support.session import Session
from support.transfers import Desk, hashed

CODES = """
    SELECT code_hash, credential_version, status, revoked_reason
    FROM ticketing.ticket_credentials WHERE ticket_id = %s ORDER BY credential_version
"""
ENDED = ["revoked", "refunded", "cancelled", "expired"]


@pytest.fixture
def desk(db: Session, tenant: UUID) -> Desk:
    return Desk(db, tenant)


def write(desk: Desk, **values: Any) -> None:
    """Writes a ticket as a service of the tenant that does not know of credentials."""
    columns = ", ".join(f"{name} = %s" for name in values)
    with desk.db.acting("ticketing_app", tenant=desk.tenant, actor="admin", reason="so"):
        change = f"UPDATE ticketing.tickets SET {columns} WHERE id = %s"
        assert desk.db.run(change, *values.values(), desk.ticket) == 1


def codes(desk: Desk) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in desk.db.all(CODES, desk.ticket)]


def forget(desk: Desk) -> None:
    """Makes the code of the ticket one from before this table was there."""
    desk.db.run("DELETE FROM ticketing.ticket_credentials WHERE ticket_id = %s", desk.ticket)


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize(
    ("values", "reason", "new"),
    [
        ({"qr_code": "new"}, "replaced", [(hashed("new"), 2, "active", None)]),
        ({"qr_code": None}, "withdrawn", []),
        ({"qr_code": ""}, "replaced", []),
        ({"credential_version": 2}, "withdrawn", []),
        ({"user_id": "friend"}, "transfer", []),
        ({"user_id": "friend", "qr_code": "new"}, "transfer", [(hashed("new"), 2, "active", None)]),
        *(({"status": status}, status, []) for status in ENDED),
        ({"status": "revoked", "user_id": "friend"}, "revoked", []),
    ],
    ids=shown,
)
def test_the_code_that_ends_is_remembered_whether_or_not_it_was_known(
    desk: Desk, *, values: dict[str, Any], reason: str, new: list[tuple[Any, ...]], is_known: bool
) -> None:
    if not is_known:
        forget(desk)
    before = desk.db.value("SELECT clock_timestamp()")
    write(desk, **{n: desk.friend if v == "friend" else v for n, v in values.items()})
    assert codes(desk) == [(hashed("old code"), 1, "revoked", reason), *new]
    query = "SELECT revoked_at FROM ticketing.ticket_credentials WHERE status = 'revoked'"
    assert before < desk.db.value(query) < desk.db.value("SELECT clock_timestamp()")


@pytest.mark.parametrize(
    "values", [{"seat": "7"}, {"status": "checked_in"}, {"barcode": "b"}, {"qr_code": "old code"}]
)
def test_nothing_else_ends_a_code(desk: Desk, values: dict[str, Any]) -> None:
    write(desk, **values)
    assert codes(desk) == [(hashed("old code"), 1, "active", None)]


def test_a_dead_code_is_no_code_again(desk: Desk) -> None:
    write(desk, qr_code="new")
    with desk.db.refused("23505", "uq_ticket_credentials_code"):
        write(desk, qr_code="old code")


def test_nor_is_the_dead_code_of_another_ticket(desk: Desk, make: Make) -> None:
    other = make.id("tickets", desk.tenant, qr_code="other")
    desk.put("tickets", other, qr_code=None)
    with desk.db.refused("23505", "uq_ticket_credentials_code"):
        write(desk, qr_code="other")


def test_a_code_that_an_ended_ticket_gets_is_born_dead(desk: Desk) -> None:
    write(desk, status="refunded")
    write(desk, qr_code="late")
    assert codes(desk)[1:] == [(hashed("late"), 2, "revoked", "refunded")]


def test_a_code_known_by_its_hash_alone_ends_the_same_way(db: Session, tenant: UUID) -> None:
    desk = Desk(db, tenant, qr_code=None)
    desk.call("reissue_ticket", ticket_id=desk.ticket, code_hash=hashed("secret"))
    write(desk, user_id=desk.friend)
    assert codes(desk) == [(hashed("secret"), 1, "revoked", "transfer")]


def test_a_code_dies_once(desk: Desk) -> None:
    desk.call("reissue_ticket", ticket_id=desk.ticket, code_hash=hashed("new"), reason="lost")
    (dead,) = desk.db.all("SELECT * FROM ticketing.ticket_credentials WHERE status = 'revoked'")
    write(desk, user_id=desk.friend)
    write(desk, status="revoked")
    assert desk.read("ticket_credentials", dead["id"]) == dead
    assert desk.resolve("new") == ("revoked", "transfer")


def test_many_tickets_end_in_one_statement(desk: Desk, make: Make) -> None:
    for number in range(5):
        make.id("tickets", desk.tenant, status="active", user_id=desk.sender, qr_code=f"c{number}")
    with desk.db.acting("ticketing_app", tenant=desk.tenant, actor="admin", reason="rain"):
        desk.db.run("UPDATE ticketing.tickets SET status = 'cancelled'")
    states = "SELECT status, count(*) AS n FROM ticketing.ticket_credentials GROUP BY status"
    assert desk.db.all(states) == [{"status": "revoked", "n": 6}]


def test_codes_outside_ascii_are_hashed_in_utf_8(desk: Desk) -> None:
    write(desk, qr_code="clé\\x41")
    assert desk.resolve("clé\\x41") == ("active", None)
