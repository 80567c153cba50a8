"""add_context_key: keeps a secret in the form of its pads, for those who migrate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from support import signed
from support.databases import MIGRATOR, Database
from support.session import Session

ADD = "SELECT ticketing.add_context_key(%s, %s)"
ADD_FOR = "SELECT ticketing.add_context_key(%s, %s, %s, %s)"
READ = "SELECT * FROM ticketing.context_keys WHERE key_id = 'k'"
NOW = datetime.now(UTC)


def pad(secret: bytes, byte: int) -> bytes:
    return bytes(b ^ byte for b in secret.ljust(64, b"\0"))


def test_it_keeps_the_pads_and_a_seal_of_its_own(db: Session) -> None:
    before = datetime.now(UTC)
    secret = bytes(range(100, 132))
    db.all(ADD, "k", secret)
    row = db.one(READ)
    assert row["inner_pad"] == pad(secret, 0x36)
    assert row["outer_pad"] == pad(secret, 0x5C)
    assert row["seal_inner_pad"] not in (None, row["inner_pad"])
    unpadded = bytes(b ^ 0x36 for b in row["seal_inner_pad"])
    assert unpadded[32:] == bytes(32)
    assert row["seal_outer_pad"] == pad(unpadded[:32], 0x5C)
    assert before < row["valid_from"] < datetime.now(UTC)
    assert (row["valid_until"], row["retired_at"]) == (None, None)


def test_each_key_has_another_seal(db: Session) -> None:
    for key in ("a", "b"):
        db.all(ADD, key, bytes(32))
    seals = db.all("SELECT DISTINCT seal_inner_pad, seal_outer_pad FROM ticketing.context_keys")
    assert len(seals) == 2


@pytest.mark.parametrize("length", [32, 63, 64, 65, 200])
def test_a_secret_of_any_length_signs(db: Session, tenant: UUID, length: int) -> None:
    secret = bytes(n % 251 + 1 for n in range(length))
    signed.add_key(db, "k", secret)
    with db.logged_in("ts_test_app"):
        db.all(signed.SET, signed.sign(tenant, key="k", secret=secret))
        assert db.value("SELECT ticketing.signed_context()") == [str(tenant), "", ""]


@pytest.mark.parametrize(
    "given",
    [
        (None, bytes(32)),
        ("", bytes(32)),
        ("k.1", bytes(32)),
        ("k 1", bytes(32)),
        ("k\n", bytes(32)),
        ("ä", bytes(32)),
        ("k" * 64, bytes(32)),
        ("k", None),
        ("k", b""),
        ("k", bytes(31)),
    ],
)
def test_what_is_malformed_is_refused(db: Session, given: tuple[Any, Any]) -> None:
    with db.refused("TK001") as by:
        db.all(ADD, *given)
    assert "\\x" not in str(by.error)
    assert db.all("SELECT FROM ticketing.context_keys") == []


@pytest.mark.parametrize(
    ("begin", "end"),
    [(NOW, NOW), (NOW, NOW - timedelta(seconds=1)), (None, NOW - timedelta(days=1))],
)
def test_a_time_that_ends_before_it_begins_is_refused(
    db: Session, begin: datetime | None, end: datetime
) -> None:
    with db.refused("TK001"):
        db.all(ADD_FOR, "k", bytes(32), begin, end)


def test_it_keeps_the_time_of_the_key(db: Session) -> None:
    end = NOW + timedelta(days=90)
    db.all(ADD_FOR, "k", bytes(32), NOW, end)
    row = db.one(READ)
    assert (row["valid_from"], row["valid_until"]) == (NOW, end)


@pytest.mark.parametrize("retired", [False, True])
def test_a_name_is_used_once(db: Session, retired: bool) -> None:
    db.all(ADD, "k", bytes(32))
    if retired:
        db.all("SELECT ticketing.retire_context_key('k')")
    before = db.one(READ)
    with db.refused("TK716"):
        db.all(ADD, "k", bytes(range(32)))
    assert db.one(READ) == before


def test_those_who_migrate_may_and_nobody_else(clone: Database) -> None:
    with psycopg.connect(clone.url(MIGRATOR)) as migrator:
        migrator.execute("SET row_security = off")  # as the runner has it
        migrator.execute(ADD.encode(), ["k", bytes(32)])
    for login in ("ts_test_app", "ts_test_worker", "ts_test_readonly", "ts_test_nobody"):
        with clone.connect(login) as other, pytest.raises(psycopg.Error) as refused:
            other.execute(ADD.encode(), ["l", bytes(32)])
        assert refused.value.sqlstate == "42501"
    with clone.connect() as superuser:
        rows = superuser.execute("SELECT key_id FROM ticketing.context_keys").fetchall()
    assert rows == [("k",)]
