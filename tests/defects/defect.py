"""Puts a defect back and looks twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from support.databases import Database
from support.factories import Make
from support.races import in_turn
from support.races import race as callers
from support.session import Session
from ticket_schema.catalog import Catalog, read_catalog

CALLABLE = """
    SELECT pg_get_functiondef(p.oid) FROM pg_proc AS p
    WHERE p.pronamespace = 'ticketing'::regnamespace AND p.proname = %s
"""


@dataclass(frozen=True)
class Rewrite:
    """A function with one passage of its text replaced.

    Args:
        function: its name.
        old: the passage, which must be there.
        new: what stands there when the defect is back.
    """

    function: str
    old: str
    new: str

    @property
    def pattern(self) -> str:
        """The passage, however its lines are broken."""
        return r"\s+".join(map(re.escape, self.old.split()))


Part = str | Rewrite
Act = Callable[[psycopg.Connection], object]


def prove(
    db: Session,
    look: Callable[[], object],
    *defect: Part,
    promised: object,
    broken: object,
) -> None:
    """Asserts that a look sees the promise, and the breach of it once the defect is back.

    Args:
        db: the superuser's session.
        look: acts and returns what it sees; it is undone each time.
        defect: statements and rewritten functions that put the defect back.
        promised: what the schema promises.
        broken: what the look sees with the defect.
    """
    assert promised != broken
    with undone(db):
        seen = look()
        assert seen == promised, f"promised {promised!r}, seen {seen!r}"
    with undone(db):
        put_back(db, *defect)
        seen = look()
        assert seen == broken, f"with the defect {broken!r} was expected, seen {seen!r}"


def put_back(db: Session, *defect: Part) -> None:
    """Puts a defect back, in the transaction of a session."""
    for part in defect:
        if isinstance(part, str):
            db.run(part)
        else:
            text: str = db.value(CALLABLE, part.function)
            changed, times = re.subn(part.pattern, part.new.replace("\\", r"\\"), text)
            assert times, f"{part.function} has no {part.old!r} any more"
            db.run(changed)


@contextmanager
def undone(db: Session) -> Iterator[None]:
    """Takes back what the block does."""
    with db.connection.transaction(force_rollback=True):
        yield


def attempt(db: Session, query: str, *values: Any) -> str:
    """Returns "done", or the SQLSTATE that refused a statement."""
    return attempt_to(db, lambda: db.all(query, *values))


def attempt_to(db: Session, act: Callable[[], object]) -> str:
    """Returns "done", or the SQLSTATE that refused what was to be done."""
    try:
        with db.connection.transaction():
            act()
    except psycopg.Error as error:
        return error.sqlstate or "lost"
    return "done"


def answer(db: Session, query: str, *values: Any) -> Any:
    """Returns the value that a query gives, or the SQLSTATE that refused it."""
    try:
        with db.connection.transaction():
            return db.value(query, *values)
    except psycopg.Error as error:
        return error.sqlstate


def catalog_of(db: Session) -> Catalog:
    """Returns the catalog as the transaction of a session has it."""
    return read_catalog(db.connection)


class Race:
    """Lets two callers overlap, before a defect is put back and after.

    Args:
        target: a database of the test's own.
    """

    def __init__(self, target: Database, session: Session) -> None:
        self.target = target
        self.db = session
        self.make = Make(session)
        self.tenant = self.make.tenant()

    def run(self, first: Act, second: Act, login: str = "ts_test_app") -> tuple[object, object]:
        """Returns what two overlapping transactions got."""
        self.db.connection.commit()
        one, other, _ = in_turn(self.target, login, first, second, tenant=self.tenant)
        return one, other

    def alone(self, act: Act, login: str = "ts_test_app") -> object:
        """Returns what one transaction got, which is committed."""
        self.db.connection.commit()
        (got,) = callers(self.target, login, 1, lambda at, _: act(at), tenant=self.tenant)
        return got

    def die(self, act: Act, login: str = "ts_test_app") -> None:
        """Lets one caller do its work, and ends its connection before it commits."""

        def dying(connection: psycopg.Connection, _: int) -> object:
            act(connection)
            with self.target.connect() as other:
                other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
            return connection.execute("SELECT 1").fetchone()

        self.db.connection.commit()
        (error,) = callers(self.target, login, 1, dying, tenant=self.tenant)
        assert isinstance(error, psycopg.OperationalError), error

    def prove(
        self, look: Callable[[], object], *defect: Part, promised: object, broken: object
    ) -> None:
        """Asserts that a look sees the promise, and the breach of it once the defect is back."""
        assert promised != broken
        assert look() == promised
        put_back(self.db, *defect)
        self.db.connection.commit()
        assert look() == broken


def value(query: str, *values: object) -> Act:
    def act(connection: psycopg.Connection) -> object:
        row = connection.execute(query.encode(), values).fetchone()
        assert row is not None
        return row[0]

    return act
