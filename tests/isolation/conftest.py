"""One populated pair of tenants for all the tests of isolation of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.databases import Database
from support.servers import Server

from .world import World, populated


@pytest.fixture(scope="session")
def world(server: Server, template: Database) -> Iterator[World]:
    """Two tenants with rows in every table; nothing but the tests' own rows is ever committed."""
    with populated(server, template) as made:
        yield made
