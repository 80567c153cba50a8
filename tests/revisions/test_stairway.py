"""Up, down and up again leave the same catalog at every revision, on empty and filled tables."""

from __future__ import annotations

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory

from support.databases import Database, database
from support.factories import PLATFORM, TABLES, Make
from support.psql import dump
from support.servers import Server
from support.session import Session
from ticket_schema import TicketSchemaError, alembic_config, lint
from ticket_schema.catalog import canonical, read_catalog

REVISIONS = [
    revision.revision
    for revision in reversed(list(ScriptDirectory.from_config(alembic_config()).walk_revisions()))
]


def catalog_of(target: Database) -> str:
    with target.connect() as connection:
        return canonical(read_catalog(connection))


@pytest.fixture(params=["migrator", "superuser"])
def url(request: pytest.FixtureRequest, empty: Database) -> str:
    return empty.migrator_url if request.param == "migrator" else empty.superuser_url


def test_every_step_can_be_taken_back_and_repeated(url: str, empty: Database) -> None:
    config = alembic_config(url, progress=lambda _: None)
    seen: dict[str, str] = {}
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    seen["base"] = catalog_of(empty)

    for below, revision in zip(["base", *REVISIONS], REVISIONS, strict=False):
        command.upgrade(config, revision)
        seen[revision] = catalog_of(empty)
        with empty.connect("ts_test_nobody") as nobody:
            assert lint.offences(nobody) == []
        command.downgrade(config, below)
        assert catalog_of(empty) == seen[below], f"{revision} leaves something behind"
        command.upgrade(config, revision)
        assert catalog_of(empty) == seen[revision], f"{revision} differs the second time"


def test_a_superuser_and_an_owner_make_the_same_schema(server: Server, empty: Database) -> None:
    # The owner first: in an empty cluster who makes the roles is who may grant them.
    command.upgrade(alembic_config(empty.migrator_url, progress=lambda _: None), "head")
    with database(server) as other:
        command.upgrade(alembic_config(other.superuser_url, progress=lambda _: None), "head")
        assert catalog_of(other) == catalog_of(empty)
        # A reader that is not ours, so that nothing is equal because nobody looks at it.
        dumped = dump(other.superuser_url)
        assert dumped.count("CREATE POLICY") > 100
        assert dumped == dump(empty.superuser_url)


def test_rows_stop_a_downgrade_until_their_loss_is_allowed(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        for table in (*TABLES, *PLATFORM):
            make.row(table, tenant)
    before = catalog_of(clone)

    with pytest.raises(TicketSchemaError, match="TK901"):
        command.downgrade(alembic_config(clone.migrator_url, progress=lambda _: None), "base")
    # Revisions above the one that refuses hold no rows, and are down by then.
    command.upgrade(alembic_config(clone.migrator_url, progress=lambda _: None), "head")
    assert catalog_of(clone) == before

    config = alembic_config(clone.migrator_url, progress=lambda _: None, allow_data_loss=True)
    command.downgrade(config, "base")
    command.upgrade(config, "head")
    assert catalog_of(clone) == before


@pytest.mark.parametrize("below", range(1, len(REVISIONS)))
def test_rows_made_at_a_revision_survive_the_way_to_head(below: int, empty: Database) -> None:
    config = alembic_config(empty.migrator_url, progress=lambda _: None)
    command.upgrade(config, REVISIONS[below - 1])
    with psycopg.connect(empty.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        present = [
            row["relname"]
            for row in make.session.all(
                "SELECT relname FROM pg_class"
                " WHERE relnamespace = 'ticketing'::regnamespace AND relkind = 'r'"
            )
        ]
        rows = {
            table: make.row(table, tenant) for table in (*TABLES, *PLATFORM) if table in present
        }

    command.upgrade(config, "head")

    with psycopg.connect(empty.superuser_url) as connection:
        session = Session(connection)
        for table, row in rows.items():
            keys = ("id", "ticket_type_id", "zone_id", "nonce", "consumer")
            key = next(name for name in keys if name in row)
            kept = session.one(f"SELECT * FROM ticketing.{table} WHERE {key} = %s", row[key])
            assert {name: kept[name] for name in row} == row
