"""What the failures are tried with."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from defects.defect import Race
from support.databases import Database
from support.session import Session


@pytest.fixture
def race(clone: Database) -> Iterator[Race]:
    """Two callers in a database of the test's own."""
    with psycopg.connect(clone.superuser_url) as connection:
        yield Race(clone, Session(connection))
