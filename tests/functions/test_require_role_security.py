"""require_role_security: refuses who is not bound, and says which role has which power."""

from __future__ import annotations

import pytest

from support.session import Session

CALL = "SELECT ticketing.require_role_security()"
POWERS = {
    "SUPERUSER": "is a superuser",
    "BYPASSRLS": "has BYPASSRLS",
    "SUPERUSER BYPASSRLS": "is a superuser",
    "IN ROLE ticketing_owner": "may act as ticketing_owner",
}


@pytest.mark.parametrize("login", ["ts_test_app", "ts_test_worker", "ts_test_readonly"])
def test_who_is_bound_passes(db: Session, login: str) -> None:
    with db.logged_in(login):
        assert db.all(CALL) == [{"require_role_security": ""}]


@pytest.mark.parametrize("right", POWERS)
def test_the_refusal_names_the_role_and_its_power(db: Session, right: str) -> None:
    db.run(f"CREATE ROLE ts_made_login LOGIN {right}")
    db.run("GRANT ticketing_app TO ts_made_login")
    expected = f"row level security does not bind this session: ts_made_login {POWERS[right]}"
    with db.logged_in("ts_made_login"):
        for role in ("NONE", "ticketing_app"):
            db.run(f"SET LOCAL ROLE {role}")
            with db.refused("TK705") as by:
                db.all(CALL)
            assert by.error.diag.message_primary == expected


def test_both_the_login_and_the_role_it_acts_as_are_named(db: Session) -> None:
    db.run("CREATE ROLE ts_made_login LOGIN BYPASSRLS IN ROLE ticketing_app, ticketing_owner")
    db.run("CREATE ROLE ts_made_acting IN ROLE ticketing_owner")
    db.run("GRANT ts_made_acting TO ts_made_login")
    with db.logged_in("ts_made_login"):
        db.run("SET LOCAL ROLE ts_made_acting")
        with db.refused("TK705") as by:
            db.all(CALL)
    assert str(by.error).startswith(
        "row level security does not bind this session: "
        "ts_made_acting may act as ticketing_owner, ts_made_login has BYPASSRLS\n"
    )


def test_a_table_without_row_security_is_named_when_no_role_is_to_blame(db: Session) -> None:
    db.run("ALTER TABLE ticketing.tenants DISABLE ROW LEVEL SECURITY")
    with db.logged_in("ts_test_app"), db.refused("TK705") as by:
        db.all(CALL)
    assert "it is switched off on ticketing.tenants" in str(by.error)


def test_a_login_without_a_role_may_not_call_it(db: Session) -> None:
    with db.logged_in("ts_test_nobody"), db.refused("42501"):
        db.all(CALL)
