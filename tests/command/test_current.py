"""`ticket-schema current`: shows where a database stands."""

from __future__ import annotations

import pytest

from support.command import HEAD, run
from support.databases import Database


def test_head_is_marked(clone: Database) -> None:
    done = run("current", url=clone.migrator_url)
    assert (done.code, done.stdout, done.stderr) == (0, f"{HEAD} (head)\n", "")


def test_an_older_revision_is_not_marked(empty: Database) -> None:
    run("upgrade", "0000", url=empty.migrator_url)
    assert run("current", url=empty.migrator_url).stdout == "0000\n"
    assert run("current", "--json", url=empty.migrator_url).document == {
        "revision": "0000",
        "head": HEAD,
        "at_head": False,
    }


def test_an_empty_database_stands_at_base_and_stays_empty(empty: Database) -> None:
    done = run("current", url=empty.migrator_url)
    assert (done.code, done.stdout) == (0, "base\n")
    with empty.connect() as connection:
        query = "SELECT to_regnamespace('ticketing')"
        assert connection.execute(query).fetchone() == (None,)


def test_json_of_an_empty_database_has_no_revision(empty: Database) -> None:
    assert run("current", "--json", url=empty.migrator_url).document == {
        "revision": None,
        "head": HEAD,
        "at_head": False,
    }


@pytest.mark.parametrize("login", ["ts_test_app", "ts_test_worker", "ts_test_readonly"])
def test_every_service_may_ask(clone: Database, login: str) -> None:
    done = run("current", "--json", url=clone.url(login))
    assert done.document == {"revision": HEAD, "head": HEAD, "at_head": True}


def test_a_login_without_grants_is_refused(clone: Database) -> None:
    refusal = run("current", url=clone.url("ts_test_nobody")).refusal(1)
    assert "GRANT ticketing_readonly TO ts_test_nobody" in refusal
