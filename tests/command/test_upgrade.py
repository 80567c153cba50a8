"""`ticket-schema upgrade`: brings a database to a revision, or leaves it as it was."""

from __future__ import annotations

import re

import pytest

from support.command import HEAD, REVISIONS, run, state
from support.databases import Database


def at(target: Database, revision: str) -> Database:
    """Returns a database after it was brought to a revision."""
    assert run("upgrade", revision, url=target.migrator_url).code == 0
    return target


def test_an_empty_database_reaches_head_with_a_line_a_revision(
    empty: Database, template: Database
) -> None:
    done = run("upgrade", url=empty.migrator_url)
    assert (done.code, done.stdout) == (0, f"The database stands at {HEAD}.\n")
    assert len(done.progress) == len(REVISIONS)
    for line, revision in zip(done.progress, REVISIONS, strict=True):
        assert re.fullmatch(rf"↑ {revision} \S.*\S \(\d+\.\d\d s\)", line)
    assert state(empty) == state(template)


def test_a_database_at_head_is_left_alone(clone: Database) -> None:
    before = state(clone)
    done = run("upgrade", url=clone.migrator_url)
    assert (done.code, done.stdout) == (0, f"Nothing to do: it stands at {HEAD}.\n")
    assert done.stderr == ""
    assert state(clone) == before


def test_a_revision_can_be_named(empty: Database) -> None:
    done = run("upgrade", "0000", url=empty.migrator_url)
    assert (done.code, done.stdout) == (0, "The database stands at 0000.\n")
    assert [line[:6] for line in done.progress] == ["↑ 0000"]
    assert state(empty)[1] == ["0000"]


def test_json_tells_each_applied_revision(empty: Database) -> None:
    at(empty, "0000")
    done = run("upgrade", "0001", "--json", url=empty.migrator_url)
    assert done.code == 0
    (applied,) = done.document["applied"]
    assert 0 < applied.pop("seconds") < 60
    assert done.document["revision"] == "0001"
    assert applied == {"revision": "0001", "direction": "upgrade"}
    assert done.document.keys() == {"revision", "applied"}


def test_json_tells_that_nothing_was_applied(clone: Database) -> None:
    done = run("upgrade", "--json", url=clone.migrator_url)
    assert (done.code, done.document) == (0, {"revision": HEAD, "applied": []})


@pytest.mark.parametrize("flags", [(), ("--json",)], ids=["text", "json"])
def test_a_reader_is_refused_and_changes_nothing(
    empty: Database, template: Database, flags: tuple[str, ...]
) -> None:
    before = state(at(empty, "0000"))
    done = run("upgrade", *flags, url=empty.url("ts_test_readonly"))
    assert "ts_test_readonly may not act as ticketing_owner" in done.refusal(1)
    assert len(done.progress) == 2
    assert state(empty) == before


def test_an_unknown_revision_changes_nothing(empty: Database, template: Database) -> None:
    before = state(at(empty, "0000"))
    assert "'7777'" in run("upgrade", "7777", url=empty.migrator_url).refusal(2)
    assert state(empty) == before


def test_a_database_ahead_of_the_package_is_refused(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute("UPDATE ticketing.alembic_version SET version_num = '9999'")
    before = state(clone)
    done = run("upgrade", url=clone.migrator_url)
    said = done.refusal(1)
    assert "9999" in said
    assert HEAD in said
    assert before[1] == ["9999"]
    assert state(clone) == before


def test_tables_without_a_version_row_are_refused(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute("DELETE FROM ticketing.alembic_version")
    before = state(clone)
    assert "ticket-schema stamp" in run("upgrade", url=clone.migrator_url).refusal(1)
    assert before[1] == []
    assert state(clone) == before


def test_another_runner_is_waited_for_only_so_long(empty: Database) -> None:
    key = int.from_bytes(b"ticketsc", "big")
    with empty.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [key])
        done = run("upgrade", "--runner-wait", "0.5", "--json", url=empty.migrator_url)
    assert done.progress[0].startswith("Waiting for another runner")
    assert "0.5 s" in done.refusal(4)
    assert state(empty) == ("{}\n", [])


def test_a_lock_is_tried_for_again_and_then_given_up(empty: Database, template: Database) -> None:
    before = state(at(empty, "0000"))
    with empty.connect() as other, other.transaction():
        other.execute("LOCK TABLE ticketing.tenants IN ACCESS EXCLUSIVE MODE")
        done = run(
            *("upgrade", "0001", "--lock-timeout", "50ms", "--lock-tries", "2"),
            url=empty.migrator_url,
        )
    assert re.search(r"0001 .*waiting for a lock, next try in \d+\.\d s", done.progress[0])
    assert "2 tries of 50ms" in done.refusal(4)
    assert state(empty) == before


def test_a_duration_that_cannot_be_read_is_wrong_usage(empty: Database) -> None:
    done = run("upgrade", "--lock-timeout", "soon", url=empty.migrator_url)
    assert "'soon'" in done.refusal(2)
