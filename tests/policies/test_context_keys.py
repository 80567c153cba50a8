"""Policies of context_keys: for the functions of the owner, and for no login at all."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.databases import MIGRATOR
from support.factories import Make
from support.session import Session

STATEMENTS = {
    "select": "SELECT FROM ticketing.context_keys",
    "one column": "SELECT key_id FROM ticketing.context_keys",
    "insert": "INSERT INTO ticketing.context_keys (key_id) VALUES ('k')",
    "update": "UPDATE ticketing.context_keys SET valid_until = now()",
    "delete": "DELETE FROM ticketing.context_keys",
    "truncate": "TRUNCATE ticketing.context_keys",
    "lock": "LOCK TABLE ticketing.context_keys IN ACCESS SHARE MODE",
    "copy": "COPY ticketing.context_keys TO STDOUT",
}
ROLES = ("ticketing_app", "ticketing_worker", "ticketing_readonly", "ts_test_nobody")


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_every_role_is_refused(db: Session, make: Make, tenant: UUID, statement: str) -> None:
    make.row("context_keys", tenant)
    for role in ROLES:
        with db.acting(role, tenant=tenant, user_role="superadmin"), db.refused("42501") as by:
            db.run(statement)
        assert "permission denied" in str(by.error)


def test_who_may_read_all_data_reads_no_key(db: Session, make: Make, tenant: UUID) -> None:
    make.row("context_keys", tenant)
    db.run("GRANT pg_read_all_data TO ts_test_nobody")
    with db.logged_in("ts_test_nobody"):
        assert db.all("SELECT key_id FROM ticketing.context_keys") == []


def test_who_migrates_reads_them_as_the_owner_alone(db: Session, make: Make, tenant: UUID) -> None:
    make.row("context_keys", tenant, key_id="k")
    with db.logged_in(MIGRATOR):
        assert db.all("SELECT key_id FROM ticketing.context_keys") == []
        db.run("SET LOCAL ROLE ticketing_owner")
        assert db.all("SELECT key_id FROM ticketing.context_keys") == [{"key_id": "k"}]


def test_the_owner_deletes_none(db: Session, make: Make, tenant: UUID) -> None:
    make.row("context_keys", tenant)
    with db.acting("ticketing_owner"):
        assert db.run("DELETE FROM ticketing.context_keys") == 0
    assert db.value("SELECT count(*) FROM ticketing.context_keys") == 1
