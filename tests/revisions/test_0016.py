"""Revision 0016 on a database with tickets: their codes are taken over, and none is forgotten."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from alembic import command

from support import databases
from support.databases import Database
from support.factories import Make, Row
from support.session import Session
from support.transfers import Desk
from ticket_schema import TicketSchemaError, alembic_config

CODES = {"a": ("active", None), "b": ("revoked", "replaced"), "c": ("revoked", "refunded")}
REPLACE = "UPDATE ticketing.tickets SET qr_code = 'b2' WHERE id = %s"


def resolved(target: Database, desk: Desk) -> dict[str, tuple[str, str | None]]:
    with psycopg.connect(target.superuser_url) as connection:
        desk.db = Session(connection)
        return {code: desk.resolve(code) for code in (*CODES, "b2")}


def tickets(target: Database) -> list[Row]:
    with psycopg.connect(target.superuser_url) as connection:
        return Session(connection).all("SELECT * FROM ticketing.tickets ORDER BY qr_code, id")


def backfill(target: Database, tenant: UUID) -> int:
    """Returns how many codes a worker registers, one at a time."""
    total: int = 0
    after = None
    while True:
        with psycopg.connect(target.superuser_url) as connection:
            session = Session(connection)
            with session.acting("ticketing_worker", tenant=tenant):
                row = session.one(
                    "SELECT * FROM ticketing.backfill_ticket_credentials(1, %s)", after
                )
        total += row["registered"]
        after = row["last_ticket_id"]
        if after is None:
            return total


def test_codes_of_before_are_taken_over_by_a_role_that_sees_no_rows(empty: Database) -> None:
    config = alembic_config(empty.migrator_url, progress=lambda _: None)
    command.upgrade(config, "0015")
    databases.join_groups(empty.server)
    with psycopg.connect(empty.superuser_url) as connection:
        session = Session(connection)
        make = Make(session)
        desk = Desk(session, make.tenant(), qr_code="a")
        given = {"user_id": desk.sender, "event_id": desk.event, "status": "active"}
        replaced = make.id("tickets", desk.tenant, **given, qr_code="b")
        ended = make.id("tickets", desk.tenant, **given, qr_code="c")
        make.advance("tickets", ended, "refunded")
    before = tickets(empty)

    command.upgrade(config, "0016")
    assert tickets(empty) == before
    assert set(resolved(empty, desk).values()) == {("unknown", None)}

    # One dies before it was ever registered, the others are found by the backfill.
    with psycopg.connect(empty.superuser_url) as connection:
        session = Session(connection)
        with session.acting("ticketing_app", tenant=desk.tenant):
            assert session.run(REPLACE, replaced) == 1
    assert resolved(empty, desk)["b"] == CODES["b"]
    assert backfill(empty, desk.tenant) == 2
    assert backfill(empty, desk.tenant) == 0
    assert resolved(empty, desk) == {**CODES, "b2": ("active", None)}
    with psycopg.connect(empty.superuser_url) as connection:
        desk.db = Session(connection)
        assert [desk.scan(code) for code in "abc"] == ["valid", "revoked", "revoked"]

    with pytest.raises(TicketSchemaError, match="TK901"):
        command.downgrade(config, "0015")
    assert resolved(empty, desk)["b"] == CODES["b"]
    after = tickets(empty)
    command.downgrade(
        alembic_config(empty.migrator_url, progress=lambda _: None, allow_data_loss=True), "0015"
    )
    assert tickets(empty) == after
    command.upgrade(config, "0016")
    assert tickets(empty) == after
    assert backfill(empty, desk.tenant) == 3
    # Which codes were replaced is lost with the table, and still nobody gets in on one of them.
    lost = resolved(empty, desk)
    assert (lost["b"], lost["b2"]) == (("unknown", None), ("active", None))
