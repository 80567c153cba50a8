"""advance_outbox_cursor: forward, from where one read, and never past what is complete."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.relays import advance
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

SEQ = "SELECT seq FROM ticketing.outbox_cursors WHERE consumer = 'search'"


@pytest.fixture(autouse=True)
def cursor(request: pytest.FixtureRequest) -> None:
    """A consumer at 10 of a log that is complete up to 20, unless the test has a database."""
    if "clone" not in request.fixturenames:
        make: Make = request.getfixturevalue("make")
        tenant: UUID = request.getfixturevalue("tenant")
        make.row("outbox_cursors", tenant, consumer="search", seq=10, safe_seq=20)


@pytest.mark.parametrize("end", [10, 11, 20])
def test_it_goes_up_to_what_is_complete(db: Session, as_worker: Acting, end: int) -> None:
    with as_worker():
        assert advance(db, 10, end)
        assert db.value(SEQ) == end


@pytest.mark.parametrize("start", [0, 9, 11])
def test_who_read_from_elsewhere_moves_nothing(db: Session, as_worker: Acting, start: int) -> None:
    with as_worker():
        assert not advance(db, start, 15)
        assert db.value(SEQ) == 10


def test_the_same_step_is_not_made_twice(db: Session, as_worker: Acting) -> None:
    with as_worker():
        assert advance(db, 10, 15)
        assert not advance(db, 10, 15)


@pytest.mark.parametrize("start", [10, 12])
def test_it_does_not_pass_what_is_complete(db: Session, as_worker: Acting, start: int) -> None:
    with as_worker():
        with db.refused("TK183"):
            advance(db, start, 21)
        assert db.value(SEQ) == 10


def test_an_unknown_consumer_is_refused(db: Session, as_worker: Acting) -> None:
    with as_worker(), db.refused("TK182"):
        advance(db, 10, 11, consumer="serach")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (("search", None, 11), "p_from_seq is NULL"),
        (("search", 10, None), "p_to_seq is NULL"),
        ((None, 10, 11), "p_consumer is NULL"),
        (("search", 10, 9), "p_to_seq is before p_from_seq"),
    ],
)
def test_a_wrong_argument_is_refused(
    db: Session, as_worker: Acting, given: tuple[str | None, int | None, int | None], what: str
) -> None:
    name, start, end = given
    with as_worker(), db.refused("TK001") as by:
        advance(db, start, end, consumer=name)
    assert what in str(by.error)


def test_it_is_for_workers_alone(
    db: Session, tenant: UUID, *, as_tenant: Acting, as_readonly: Acting, as_nobody: Acting
) -> None:
    for acting in (as_tenant(tenant), as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            advance(db, 10, 11)


def test_of_many_processes_of_one_consumer_one_moves_it(clone: Database) -> None:
    with clone.connect() as connection:
        Make(Session(connection))._insert("outbox_cursors", {"consumer": "search", "safe_seq": 9})

    def act(connection: psycopg.Connection, number: int) -> bool:
        return advance(Session(connection), 0, 9)

    results = race(clone, "ts_test_worker", 6, act)
    assert sorted(results, key=str) == [False] * 5 + [True]
