"""The migrated catalog, read once."""

from __future__ import annotations

import pytest

from support.databases import Database
from ticket_schema.catalog import Catalog, read_catalog


@pytest.fixture(scope="session")
def catalog(template: Database) -> Catalog:
    with template.connect() as connection:
        return read_catalog(connection)
