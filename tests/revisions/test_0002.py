"""Revision 0002 by itself: tickets are scanned at it, and its way back loses no scan silently."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from alembic import command

from support import databases
from support.databases import Database
from support.factories import Make, Row
from support.session import Session
from ticket_schema import TicketSchemaError, alembic_config

SCAN = "SELECT * FROM ticketing.record_scan_attempt(%s, %s, %s)"
TIMES = {"starts_at": "now", "ends_at": "tomorrow"}


def scan(target: Database, ticket: Row) -> Row:
    """Returns the answer to a service of the ticket's tenant, in a transaction of its own."""
    tenant: UUID = ticket["tenant_id"]
    with psycopg.connect(target.superuser_url) as connection:
        session = Session(connection)
        with session.acting("ticketing_app", tenant=tenant):
            return session.one(SCAN, tenant, ticket["id"], ticket["event_id"])


def read(target: Database, query: str) -> list[Row]:
    with psycopg.connect(target.superuser_url) as connection:
        return Session(connection).all(query)


def test_a_ticket_is_scanned_at_0002_and_the_way_back_keeps_its_check_in(empty: Database) -> None:
    config = alembic_config(empty.migrator_url, progress=lambda _: None)
    command.upgrade(config, "0002")
    databases.join_groups(empty.server)
    with psycopg.connect(empty.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        event = make.id("events", tenant, **TIMES)
        user = make.id("users", tenant)
        ticket = make.row("tickets", tenant, event_id=event, user_id=user, status="active")

    assert [scan(empty, ticket)["result"] for _ in range(2)] == ["valid", "duplicate"]
    scans = read(empty, "SELECT * FROM ticketing.ticket_scans ORDER BY created_at")
    assert [row["result"] for row in scans] == ["valid", "duplicate"]
    (inside,) = read(empty, "SELECT * FROM ticketing.tickets")
    assert (inside["status"], inside["scan_count"]) == ("checked_in", 1)

    with pytest.raises(TicketSchemaError, match="TK901"):
        command.downgrade(config, "0001")
    assert read(empty, "SELECT * FROM ticketing.ticket_scans ORDER BY created_at") == scans

    command.downgrade(
        alembic_config(empty.migrator_url, progress=lambda _: None, allow_data_loss=True), "0001"
    )
    assert read(empty, "SELECT * FROM ticketing.tickets") == [inside]
    assert read(empty, "SELECT proname FROM pg_proc WHERE proname ~ '_scan'") == []

    # The scans are gone and the ticket is still inside: nobody gets in on it a second time.
    command.upgrade(config, "head")
    assert scan(empty, ticket)["result"] == "already_used"
    (after,) = read(empty, "SELECT * FROM ticketing.tickets")
    assert {name: after[name] for name in inside} == inside
