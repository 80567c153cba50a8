"""`ticket-schema downgrade`: takes a database back, never rows without leave."""

from __future__ import annotations

import re

import psycopg

from support.command import HEAD, REVISIONS, run, state
from support.databases import Database
from support.factories import Make
from support.session import Session


def fill(target: Database, table: str) -> None:
    """Commits one row of a table."""
    with psycopg.connect(target.superuser_url) as connection:
        make = Make(Session(connection))
        make.row(table, make.tenant())


def test_each_revision_taken_back_gets_a_line(clone: Database, empty: Database) -> None:
    done = run("downgrade", "0000", url=clone.migrator_url)
    assert (done.code, done.stdout) == (0, "The database stands at 0000.\n")
    assert len(done.progress) == len(REVISIONS) - 1
    for line, revision in zip(done.progress, reversed(REVISIONS[1:]), strict=True):
        assert re.fullmatch(rf"↓ {revision} \S.*\S \(\d+\.\d\d s\)", line)
    assert run("upgrade", "0000", url=empty.migrator_url).code == 0
    assert state(clone) == state(empty)


def test_base_and_back_gives_the_same_schema(clone: Database) -> None:
    before = state(clone)
    done = run("downgrade", "base", url=clone.migrator_url)
    assert (done.code, done.stdout) == (0, "The database stands at base.\n")
    with clone.connect() as connection:
        query = "SELECT relname FROM pg_class WHERE relnamespace = 'ticketing'::regnamespace"
        left = {name for (name,) in connection.execute(query)}
    assert left == {"alembic_version", "alembic_version_pkc"}
    assert run("upgrade", url=clone.migrator_url).code == 0
    assert state(clone) == before


def test_rows_are_not_dropped_without_leave(empty: Database) -> None:
    run("upgrade", "0001", url=empty.migrator_url)
    fill(empty, "outbox")
    before = state(empty)
    said = run("downgrade", "0000", url=empty.migrator_url).refusal(1)
    assert "ticketing.outbox holds rows" in said
    assert "TK901" in said
    assert "--allow-data-loss" in said
    assert state(empty) == before
    with empty.connect() as connection:
        assert connection.execute("SELECT count(*) FROM ticketing.outbox").fetchone() == (1,)


def test_revisions_before_the_one_that_is_refused_are_taken_back(
    clone: Database, empty: Database
) -> None:
    fill(clone, "outbox")
    done = run("downgrade", "0000", url=clone.migrator_url)
    assert "TK901" in done.refusal(1)
    assert [line[:6] for line in done.progress[:-2]] == [f"↓ {r}" for r in REVISIONS[:1:-1]]
    run("upgrade", "0001", url=empty.migrator_url)
    assert state(clone) == state(empty)


def test_rows_are_dropped_with_leave(clone: Database) -> None:
    fill(clone, "outbox")
    done = run("downgrade", "0000", "--allow-data-loss", url=clone.migrator_url)
    assert (done.code, state(clone)[1]) == (0, ["0000"])


def test_rows_of_tables_that_stay_are_no_hindrance(clone: Database) -> None:
    fill(clone, "users")
    assert run("downgrade", "0000", url=clone.migrator_url).code == 0
    with clone.connect() as connection:
        assert connection.execute("SELECT count(*) FROM ticketing.users").fetchone() == (1,)
    assert "TK901" in run("downgrade", "base", url=clone.migrator_url).refusal(1)
    assert state(clone)[1] == ["0000"]


def test_json_tells_each_revision_taken_back(clone: Database) -> None:
    done = run("downgrade", "0000", "--json", url=clone.migrator_url)
    assert (done.code, done.document["revision"]) == (0, "0000")
    taken = [(step["revision"], step["direction"]) for step in done.document["applied"]]
    assert taken == [(revision, "downgrade") for revision in reversed(REVISIONS[1:])]


def test_json_tells_base_as_null(clone: Database) -> None:
    assert run("downgrade", "base", "--json", url=clone.migrator_url).document["revision"] is None


def test_where_it_stands_is_nothing_to_do(clone: Database) -> None:
    done = run("downgrade", HEAD, url=clone.migrator_url)
    assert (done.code, done.stdout) == (0, f"Nothing to do: it stands at {HEAD}.\n")


def test_an_unknown_revision_changes_nothing(clone: Database) -> None:
    before = state(clone)
    assert "'7777'" in run("downgrade", "7777", url=clone.migrator_url).refusal(2)
    assert state(clone) == before


def test_the_target_must_be_named(clone: Database) -> None:
    assert "revision" in run("downgrade", url=clone.migrator_url).refusal(2)
    assert state(clone)[1] == [HEAD]


def test_a_reader_is_refused_and_changes_nothing(clone: Database) -> None:
    before = state(clone)
    run("downgrade", "base", url=clone.url("ts_test_readonly")).refusal(1)
    assert state(clone) == before


def test_a_relative_target_needs_no_extra_dashes(empty: Database) -> None:
    assert run("upgrade", url=empty.migrator_url).code == 0
    done = run("downgrade", "-1", url=empty.migrator_url)
    assert done.code == 0, done.stderr
    assert done.stdout == f"The database stands at {REVISIONS[-2]}.\n"
