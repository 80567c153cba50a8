"""ignore_stale_version: an old or repeated version from the owner changes nothing."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.session import Session

Acting = Callable[..., AbstractContextManager[Session]]

WRITE = "UPDATE ticketing.venues SET name = %s, version = %s WHERE id = %s"
READ = "SELECT name, version FROM ticketing.venues WHERE id = %s"


@pytest.mark.parametrize("version", [0, 4, 5])
def test_a_version_that_is_not_higher_is_ignored(
    db: Session, make: Make, tenant: UUID, as_worker: Acting, version: int
) -> None:
    venue = make.row("venues", tenant, name="Old Hall", version=5)
    with as_worker():
        assert db.run(WRITE, "New Hall", version, venue["id"]) == 0
    assert db.one(f"SELECT * FROM ticketing.venues WHERE id = '{venue['id']}'") == venue


@pytest.mark.parametrize("version", [6, 600])
def test_a_higher_version_is_taken_gaps_included(
    db: Session, make: Make, tenant: UUID, as_worker: Acting, version: int
) -> None:
    venue = make.id("venues", tenant, name="Old Hall", version=5)
    with as_worker():
        assert db.run(WRITE, "New Hall", version, venue) == 1
    assert db.one(READ, venue) == {"name": "New Hall", "version": version}


def test_an_upsert_ignores_it_without_an_error(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    venue = make.id("venues", tenant, name="Old Hall", version=5)
    with as_worker():
        touched = db.run(
            "INSERT INTO ticketing.venues (tenant_id, id, name, version) VALUES (%s, %s, 'X', 3)"
            " ON CONFLICT (tenant_id, id)"
            " DO UPDATE SET name = excluded.name, version = excluded.version",
            tenant,
            venue,
        )
    assert touched == 0
    assert db.one(READ, venue) == {"name": "Old Hall", "version": 5}


def test_of_many_versions_at_once_the_highest_stays(clone: Database) -> None:
    with clone.connect() as connection:
        make = Make(Session(connection))
        venue = make.id("venues", make.tenant(), name="Hall 0", version=1)

    race(
        clone,
        "ts_test_worker",
        12,
        lambda connection, number: (
            connection.execute(WRITE, [f"Hall {number + 2}", number + 2, venue]).rowcount
        ),
    )

    with clone.connect() as connection:
        assert Session(connection).one(READ, venue) == {"name": "Hall 13", "version": 13}
