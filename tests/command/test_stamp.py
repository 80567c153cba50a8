"""`ticket-schema stamp`: records a revision and runs nothing."""

from __future__ import annotations

import re

from support.command import HEAD, run, state
from support.databases import Database


def without_version(target: Database) -> str:
    """Forgets the revision of a database, and returns its schema."""
    with target.connect() as connection:
        connection.execute("DELETE FROM ticketing.alembic_version")
    return state(target)[0]


def test_a_forgotten_revision_is_recorded_and_nothing_is_run(clone: Database) -> None:
    schema = without_version(clone)
    done = run("stamp", HEAD, url=clone.migrator_url)
    assert (done.code, done.stdout) == (0, f"The database stands at {HEAD}.\n")
    (line,) = done.progress
    assert re.fullmatch(rf"= {HEAD}\s+\(\d+\.\d\d s\)", line)
    assert state(clone) == (schema, [HEAD])


def test_json_tells_what_was_recorded(clone: Database) -> None:
    without_version(clone)
    done = run("stamp", "0000", "--json", url=clone.migrator_url)
    (step,) = done.document["applied"]
    assert (done.code, done.document["revision"]) == (0, "0000")
    assert (step["revision"], step["direction"]) == ("0000", "stamp")


def test_the_same_revision_again_is_nothing_to_do(clone: Database) -> None:
    done = run("stamp", HEAD, url=clone.migrator_url)
    assert (done.code, done.stdout) == (0, f"Nothing to do: it stands at {HEAD}.\n")


def test_an_unknown_revision_records_nothing(clone: Database) -> None:
    before = state(clone)
    assert "'7777'" in run("stamp", "7777", url=clone.migrator_url).refusal(2)
    assert state(clone) == before


def test_a_service_may_not_record_a_revision(clone: Database) -> None:
    before = state(clone)
    run("stamp", "0000", url=clone.url("ts_test_app")).refusal(1)
    assert state(clone) == before
