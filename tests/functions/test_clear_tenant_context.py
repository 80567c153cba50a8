"""clear_tenant_context: no tenant, no user and nothing said, for the rest of the transaction."""

from __future__ import annotations

from uuid import UUID

import pytest

from support import signed
from support.databases import Database
from support.factories import Make
from support.session import CONTEXT, Session

CALL = "SELECT ticketing.clear_tenant_context()"
SET = "SELECT set_config(%s, %s, TRUE)"
READ = "SELECT current_setting(%s, TRUE)"


def said(session: Session) -> list[str]:
    return [session.value(READ, name) for name in CONTEXT]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_all_six_variables_are_emptied(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role):
        for number, name in enumerate(CONTEXT):
            db.all(SET, name, f"{number}")
        db.all(CALL)
        assert said(db) == [""] * 6


def test_a_signed_context_is_emptied_as_well(db: Session, tenant: UUID) -> None:
    signed.add_key(db)
    with db.acting("ticketing_app"):
        db.all("SELECT ticketing.accept_context_token(%s)", signed.sign(tenant))
        assert db.value("SELECT ticketing.signed_context()") == [str(tenant), "", ""]
        db.all(CALL)
        assert db.value(READ, "app.signed_context") == ""


def test_there_are_no_rows_afterwards(db: Session, make: Make, tenant: UUID) -> None:
    make.row("events", tenant)
    count = "SELECT count(*) FROM ticketing.events"
    with db.acting("ticketing_app", tenant=tenant):
        assert db.value(count) == 1
        db.all(CALL)
        assert db.value(count) == 0


def test_without_a_context_it_does_no_harm(db: Session) -> None:
    with db.acting("ticketing_app"):
        db.all(CALL)
        db.all(CALL)
        assert said(db) == [""] * 6


def test_a_savepoint_brings_the_context_back(db: Session, tenant: UUID) -> None:
    with db.acting("ticketing_app", tenant=tenant, user=tenant, user_role="admin", actor="admin",
        reason="asked for", source="api",
    ):  # fmt: skip
        before = said(db)
        assert all(before)
        with db.connection.transaction(force_rollback=True):
            db.all(CALL)
            assert said(db) == [""] * 6
        assert said(db) == before


def test_what_was_set_for_the_session_comes_back_with_the_next_transaction(
    shared: Database,
) -> None:
    with shared.connect("ts_test_app") as connection:
        session = Session(connection)
        session.run("SET app.current_user_role = 'admin'")
        with connection.transaction():
            session.all(CALL)
            assert said(session) == [""] * 6
        assert session.value(READ, "app.current_user_role") == "admin"


def test_a_login_without_a_role_may_not_call_it(db: Session) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.all(CALL)
