"""lock_lockout: whoever writes events of one identifier waits for the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from support.databases import Database
from support.session import Session

LOCK = "SELECT ticketing.lock_lockout(%s, %s, %s)"
TENANT, OTHER = uuid4(), uuid4()


@pytest.fixture
def held(shared: Database) -> Iterator[None]:
    """Another transaction that holds the lock of one identifier."""
    with psycopg.connect(shared.superuser_url) as holder:
        holder.execute(LOCK, [TENANT, "a", "device"])
        yield


@pytest.mark.usefixtures("held")
def test_the_same_identifier_waits(db: Session) -> None:
    db.run("SET LOCAL lock_timeout = '50ms'")
    with db.refused("55P03"):
        db.run(LOCK, TENANT, "a", "device")


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    "key",
    [
        (OTHER, "a", "device"),
        (None, "a", "device"),
        (TENANT, "b", "device"),
        (TENANT, "a", "user_id"),
        (TENANT, "a", "ip"),
    ],
)
def test_another_tenant_identifier_or_type_does_not(db: Session, key: tuple[Any, ...]) -> None:
    db.run("SET LOCAL lock_timeout = '50ms'")
    db.run(LOCK, *key)


def test_it_is_held_until_the_transaction_ends(shared: Database) -> None:
    with psycopg.connect(shared.superuser_url) as one, shared.connect() as other:
        one.execute(LOCK, [TENANT, "a", "device"])
        one.rollback()
        other.execute("SET lock_timeout = '50ms'")
        other.execute(LOCK, [TENANT, "a", "device"])


def test_addresses_have_a_name_space_of_their_own(db: Session) -> None:
    for kind in ("device", "user_id", "ip"):
        db.run(LOCK, None, "a", kind)
    held = db.all(
        "SELECT classid, objsubid FROM pg_locks"
        " WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    )
    assert len(held) == 3
    assert len({row["classid"] for row in held}) == 2
    assert {row["objsubid"] for row in held} == {2}  # the form with two keys


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_only_the_lockout_functions_call_it(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.run(LOCK, TENANT, "a", "device")
