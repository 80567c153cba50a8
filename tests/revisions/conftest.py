"""Filled databases at the revisions before the late rules, to copy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import ticket_schema
from support.databases import Database, database
from support.online import BEFORE, filled, schema_of
from support.servers import Server


@pytest.fixture(scope="session")
def filled_databases(server: Server) -> Iterator[dict[str, Database]]:
    """Filled databases at 0007, 0008 and 0009."""
    with filled(server) as made:
        yield made


@pytest.fixture
def at_0007(server: Server, filled_databases: dict[str, Database]) -> Iterator[Database]:
    """A filled database of the test's own, at the revision before the late rules."""
    with database(server, filled_databases["0007"].name) as made:
        yield made


@pytest.fixture(scope="session")
def schemas(server: Server) -> dict[str, str]:
    """The schema at each of the late revisions, as an empty database gets it."""
    found = {}
    with database(server) as made:
        for revision in BEFORE:
            ticket_schema.upgrade(made.migrator_url, revision, progress=lambda _: None)
            found[revision] = schema_of(made)
    return found
