"""require_context_key: refuses where no context could be signed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from support import signed
from support.session import Session

REQUIRE = "SELECT ticketing.require_context_key()"
ADD = "SELECT ticketing.add_context_key('k', %s, %s, %s)"
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def test_without_a_key_it_refuses(db: Session) -> None:
    with db.acting("ticketing_owner"), db.refused("TK718"):
        db.all(REQUIRE)


def test_a_valid_key_is_enough(db: Session) -> None:
    signed.add_key(db)
    signed.add_key(db, "old")
    db.all("SELECT ticketing.retire_context_key('old')")
    with db.acting("ticketing_owner"):
        db.run("SET LOCAL row_security = off")
        db.all(REQUIRE)


@pytest.mark.parametrize(
    ("begin", "end"), [(NOW + HOUR, None), (NOW - 2 * HOUR, NOW - HOUR)], ids=["early", "late"]
)
def test_a_key_outside_its_time_is_none(db: Session, begin: datetime, end: datetime | None) -> None:
    db.all(ADD, bytes(32), begin, end)
    with db.acting("ticketing_owner"), db.refused("TK718"):
        db.all(REQUIRE)


def test_a_retired_key_is_none(db: Session) -> None:
    signed.add_key(db)
    db.all("SELECT ticketing.retire_context_key(%s)", signed.KEY)
    with db.acting("ticketing_owner"), db.refused("TK718"):
        db.all(REQUIRE)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_nobody_else_may_call_it(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.all(REQUIRE)
