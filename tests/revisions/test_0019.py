"""0019: prices and refunded places stop a downgrade until their loss is allowed."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from alembic import command

from support.databases import Database
from support.factories import Make
from support.session import Session
from ticket_schema import TicketSchemaError, alembic_config

BELOW = "0015"


def downgrade(target: Database, *, allowed: bool) -> None:
    config = alembic_config(target.migrator_url, progress=lambda _: None, allow_data_loss=allowed)
    command.downgrade(config, BELOW)


def sale(target: Database, **given: object) -> UUID:
    with psycopg.connect(target.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        order = make.id("orders", tenant)
        claim = make.id("reservations", tenant, quantity=2, order_id=order)
        make.advance("reservations", claim, "confirmed")
        make.session.run("SET LOCAL session_replication_role = replica")
        if given:
            changes = ", ".join(f"{column} = %s" for column in given)
            make.session.run(f"UPDATE ticketing.reservations SET {changes}", *given.values())
        return claim


def columns(target: Database) -> set[str]:
    with psycopg.connect(target.superuser_url) as connection:
        return set(Session(connection).one("SELECT * FROM ticketing.reservations"))


@pytest.mark.parametrize("given", [{"returned_quantity": 1}, {"total_cents": 5, "currency": "USD"}])
def test_what_would_be_lost_stops_a_downgrade(clone: Database, given: dict[str, object]) -> None:
    sale(clone, **given)
    with pytest.raises(TicketSchemaError, match="TK901"):
        downgrade(clone, allowed=False)
    assert columns(clone) >= {"total_cents", "currency", "returned_quantity"}
    downgrade(clone, allowed=True)
    assert not columns(clone) & {"total_cents", "currency", "returned_quantity"}


def test_without_them_nothing_stops_it(clone: Database) -> None:
    sale(clone)
    downgrade(clone, allowed=False)
    assert "returned_quantity" not in columns(clone)
    with psycopg.connect(clone.superuser_url) as connection:
        forced = """
            SELECT relforcerowsecurity AS forced FROM pg_class
            WHERE oid = 'ticketing.reservations'::regclass
        """
        assert Session(connection).value(forced)
