"""verify_role_security: whether row level security binds who is logged in.

The roles are made in a transaction that is rolled back, so none outlives its test.
"""

from __future__ import annotations

import pytest

from support.databases import MIGRATOR, Database
from support.session import Session

READ = "SELECT ticketing.verify_role_security()"
# Statements that make role ts_made_login too powerful; it is in ticketing_app.
TOO_POWERFUL = {
    "superuser": ["ALTER ROLE ts_made_login SUPERUSER"],
    "bypassrls": ["ALTER ROLE ts_made_login BYPASSRLS"],
    "member-of-owner": ["GRANT ticketing_owner TO ts_made_login"],
    "member-without-inheriting": [
        # It inherits nothing from ticketing_app either, so it needs rights of its own.
        "GRANT USAGE ON SCHEMA ticketing TO ts_made_login",
        "GRANT EXECUTE ON FUNCTION ticketing.verify_role_security() TO ts_made_login",
        "ALTER ROLE ts_made_login NOINHERIT",
        "GRANT ticketing_owner TO ts_made_login",
    ],
    "member-through-another": [
        "CREATE ROLE ts_made_between IN ROLE ticketing_owner",
        "GRANT ts_made_between TO ts_made_login",
    ],
    "member-through-two-others": [
        "CREATE ROLE ts_made_between NOINHERIT IN ROLE ticketing_owner",
        "CREATE ROLE ts_made_below NOINHERIT IN ROLE ts_made_between",
        "GRANT ts_made_below TO ts_made_login",
    ],
}
SINCE_16 = {
    "member-that-may-not-set": [
        "GRANT ticketing_owner TO ts_made_login WITH SET FALSE, INHERIT FALSE, ADMIN FALSE"
    ],
    "member-that-may-grant": [
        "GRANT ticketing_owner TO ts_made_login WITH SET FALSE, INHERIT FALSE, ADMIN TRUE"
    ],
}


def made(db: Session, *further: str) -> Session:
    for statement in ("CREATE ROLE ts_made_login LOGIN IN ROLE ticketing_app", *further):
        db.run(statement)
    return db


def make_powerful(db: Session, kind: str) -> None:
    older = db.connection.info.server_version < 160000
    # Before version 16 a membership had no options; plain is the nearest there is.
    plain = TOO_POWERFUL["member-of-owner"]
    made(db, *TOO_POWERFUL.get(kind, plain if older else SINCE_16.get(kind, [])))


@pytest.mark.parametrize("login", ["ts_test_app", "ts_test_worker", "ts_test_readonly"])
def test_the_logins_of_services_are_bound(shared: Database, login: str) -> None:
    with shared.connect(login) as connection:
        assert Session(connection).value(READ) is True


@pytest.mark.parametrize("login", [None, MIGRATOR])
def test_the_superuser_and_the_one_who_migrates_are_not(
    shared: Database, login: str | None
) -> None:
    with shared.connect(login) as connection:
        session = Session(connection)
        if login:  # a member that inherits may call what the owner owns
            session.run("SET ROLE ticketing_owner")
            assert session.value(READ) is False
            session.run("RESET ROLE")
        assert session.value(READ) is False


@pytest.mark.parametrize("kind", [*TOO_POWERFUL, *SINCE_16])
def test_a_powerful_login_is_not_bound(db: Session, kind: str) -> None:
    make_powerful(db, kind)
    with db.logged_in("ts_made_login"):
        assert db.value(READ) is False


@pytest.mark.parametrize("kind", [*TOO_POWERFUL, *SINCE_16])
def test_nor_when_it_acts_as_a_harmless_role(db: Session, kind: str) -> None:
    make_powerful(db, kind)
    with db.logged_in("ts_made_login"):
        db.run("SET LOCAL ROLE ticketing_app")
        assert db.value(READ) is False


@pytest.mark.parametrize("kind", ["bypassrls", "member-of-owner", "member-through-another"])
def test_nor_is_a_harmless_login_that_acts_as_a_powerful_role(db: Session, kind: str) -> None:
    make_powerful(db, kind)
    db.run("CREATE ROLE ts_made_harmless LOGIN NOINHERIT IN ROLE ts_made_login, ticketing_app")
    with db.logged_in("ts_made_harmless"):
        db.run("SET LOCAL ROLE ts_made_login")
        assert db.value(READ) is False
        # What BYPASSRLS gives comes with the role and not with the membership; the owner's power
        # comes with both.
        db.run("SET LOCAL ROLE ticketing_app")
        assert db.value(READ) is (kind == "bypassrls")


@pytest.mark.parametrize("acting", [None, "ticketing_app", "ticketing_readonly"])
def test_a_superuser_who_acts_as_a_harmless_role_is_not_bound(
    db: Session, acting: str | None
) -> None:
    if acting:
        db.run(f"SET LOCAL ROLE {acting}")
    assert db.value(READ) is False


def test_the_owner_is_not_bound(db: Session) -> None:
    with db.logged_in("ticketing_owner"):
        assert db.value(READ) is False


def test_a_login_that_reaches_its_group_through_another_role_is_bound(db: Session) -> None:
    made(
        db,
        "CREATE ROLE ts_made_team IN ROLE ticketing_worker, ticketing_readonly",
        'CREATE ROLE "ts made; ""odd""" LOGIN CREATEDB CREATEROLE IN ROLE ts_made_team',
    )
    with db.logged_in('ts made; "odd"'):
        assert db.value(READ) is True


def test_a_login_that_switches_among_harmless_roles_is_bound(db: Session) -> None:
    made(db, "GRANT ticketing_readonly TO ts_made_login")
    with db.logged_in("ts_made_login"):
        db.run("SET LOCAL ROLE ticketing_readonly")
        assert db.value(READ) is True


def test_nobody_is_bound_once_row_security_is_disabled(db: Session) -> None:
    db.run("ALTER TABLE ticketing.tenants DISABLE ROW LEVEL SECURITY")
    with db.logged_in("ts_test_app"):
        assert db.value(READ) is False


def test_a_prepared_statement_asks_anew(db: Session) -> None:
    made(db)
    db.run("SET LOCAL plan_cache_mode = force_generic_plan")
    db.run(f"PREPARE read AS {READ}")
    for right, expected in (("NOBYPASSRLS", True), ("BYPASSRLS", False), ("NOBYPASSRLS", True)):
        # In a block, because psycopg forgets prepared statements when it sees an ALTER.
        db.run(f"DO $$ BEGIN ALTER ROLE ts_made_login {right}; END $$")
        with db.logged_in("ts_made_login"):
            assert db.value("EXECUTE read") is expected


def test_a_login_without_a_role_may_not_call_it(db: Session) -> None:
    with db.logged_in("ts_test_nobody"), db.refused("42501"):
        db.value(READ)
