"""retire_context_key: ends a key, its tokens and the contexts that were opened with it."""

from __future__ import annotations

from uuid import UUID

import pytest

from support import signed
from support.session import Session

RETIRE = "SELECT ticketing.retire_context_key(%s)"
READ = "SELECT * FROM ticketing.context_keys WHERE key_id = 'k-1'"
CONTEXT = "SELECT ticketing.signed_context()"


def test_its_secrets_go_and_its_name_stays(db: Session) -> None:
    signed.add_key(db)
    db.all(RETIRE, signed.KEY)
    row = db.one(READ)
    secrets = [row[f"{seal}{side}_pad"] for seal in ("", "seal_") for side in ("inner", "outer")]
    assert secrets == [None] * 4
    assert row["retired_at"] >= row["created_at"]


def test_its_tokens_are_refused_at_once_and_those_of_others_are_not(
    db: Session, tenant: UUID
) -> None:
    signed.add_key(db)
    signed.add_key(db, "next", bytes(40))
    old, new = signed.sign(tenant), signed.sign(tenant, key="next", secret=bytes(40))
    with db.logged_in("ts_test_app"):
        for token in (old, new):
            db.all(signed.SET, token)
            db.all("SELECT ticketing.clear_tenant_context()")
    db.all(RETIRE, signed.KEY)
    with db.logged_in("ts_test_app"):
        with db.refused("TK713"):
            db.all(signed.SET, old)
        db.all(signed.SET, new)
        assert db.value(CONTEXT) == [str(tenant), "", ""]


def test_a_context_that_was_opened_with_it_is_void(db: Session, tenant: UUID) -> None:
    signed.add_key(db)
    with db.acting("ticketing_app"):
        db.all("SELECT ticketing.accept_context_token(%s)", signed.sign(tenant))
        assert db.value(CONTEXT) == [str(tenant), "", ""]
    db.all(RETIRE, signed.KEY)
    assert db.value(CONTEXT) is None


def test_a_repeat_changes_nothing(db: Session) -> None:
    signed.add_key(db)
    db.all(RETIRE, signed.KEY)
    before = db.one(READ)
    db.all(RETIRE, signed.KEY)
    assert db.one(READ) == before


@pytest.mark.parametrize("key", ["unknown", "", None])
def test_an_unknown_name_is_refused(db: Session, key: str | None) -> None:
    signed.add_key(db)
    with db.refused("TK717"):
        db.all(RETIRE, key)
    assert db.one(READ)["retired_at"] is None


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_nobody_else_may_call_it(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.all(RETIRE, signed.KEY)
