"""The fingerprints in the package are those of the revisions in the package."""

from __future__ import annotations

from support.databases import Database
from ticket_schema import drift


def test_they_are_fresh(empty: Database) -> None:
    taken = drift.take(empty.migrator_url)
    for level, fingerprints in taken.items():
        assert fingerprints == drift.fingerprints(level), "run: make fingerprints"
