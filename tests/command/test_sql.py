"""`ticket-schema sql`: a script that does, run with psql, what a run online would do."""

from __future__ import annotations

import psycopg
import pytest

from support.command import run, state
from support.databases import Database
from support.factories import Make
from support.psql import psql
from support.session import Session


def script(*arguments: str) -> str:
    """Returns what the command prints."""
    done = run("sql", *arguments)
    assert (done.code, done.stderr) == (0, "")
    return done.stdout


def at(target: Database, revision: str) -> Database:
    """Returns a database after it was brought to a revision online."""
    assert run("upgrade", revision, url=target.migrator_url).code == 0
    return target


def stop_code(target: Database, text: str) -> str:
    """Returns what psql says of a script that it must not get through."""
    done = psql(target.migrator_url, f"\\set VERBOSITY verbose\n{text}")
    assert done.returncode == 3, done
    return done.stderr


@pytest.mark.parametrize("arguments", [(), ("base:head",), ("head",), (":",)])
def test_the_whole_script_equals_an_upgrade(
    empty: Database, template: Database, arguments: tuple[str, ...]
) -> None:
    done = psql(empty.migrator_url, script(*arguments))
    assert (done.returncode, done.stderr) == (0, "")
    assert state(empty) == state(template)


def test_one_revision_up_equals_that_of_an_upgrade(empty: Database, clone: Database) -> None:
    run("downgrade", "base", url=clone.migrator_url)
    at(clone, "0001")
    done = psql(at(empty, "0000").migrator_url, script("0000:0001"))
    assert (done.returncode, done.stderr) == (0, "")
    assert state(empty) == state(clone)
    assert state(empty)[1] == ["0001"]


def test_one_revision_down_equals_that_of_a_downgrade(empty: Database, clone: Database) -> None:
    assert run("downgrade", "0000", url=clone.migrator_url).code == 0
    done = psql(at(empty, "0001").migrator_url, script("0001:0000"))
    assert (done.returncode, done.stderr) == (0, "")
    assert state(empty) == state(clone)
    assert state(empty)[1] == ["0000"]


@pytest.mark.parametrize(("span", "stands"), [("0000:0001", "0001"), ("0001:0000", "0000")])
def test_a_script_for_another_start_changes_nothing(
    empty: Database, template: Database, span: str, stands: str
) -> None:
    before = state(at(empty, stands))
    said = stop_code(empty, script(span))
    assert "TK902" in said
    assert "this part of the script starts at revision" in said
    assert state(empty) == before


def test_a_script_from_base_changes_nothing_above_base(empty: Database, template: Database) -> None:
    before = state(at(empty, "0001"))
    assert "already exists" in stop_code(empty, script())
    assert state(empty) == before


def test_rows_are_dropped_only_by_a_script_that_may(empty: Database, template: Database) -> None:
    at(empty, "0001")
    with psycopg.connect(empty.superuser_url) as connection:
        make = Make(Session(connection))
        make.row("outbox", make.tenant())
    before = state(empty)
    assert "TK901" in stop_code(empty, script("0001:0000"))
    assert state(empty) == before
    allowed = script("0001:0000", "--allow-data-loss")
    assert psql(empty.migrator_url, allowed).returncode == 0
    assert state(empty)[1] == ["0000"]


def test_the_making_of_roles_can_be_left_to_a_dba() -> None:
    assert "CREATE ROLE" in script()
    assert "CREATE ROLE" not in script("--no-create-roles")


def test_nothing_between_a_revision_and_itself() -> None:
    lines = script("0001:0001").splitlines()
    assert [line for line in lines if line and not line.startswith("--")] == []


@pytest.mark.parametrize("span", ["7777", "0000:7777", "7777:0001", "0000:0001:0001"])
def test_an_unknown_revision_gives_no_script(span: str) -> None:
    done = run("sql", span)
    done.refusal(2)
    assert done.stdout == ""
