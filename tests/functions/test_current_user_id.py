"""current_user_id: the person of the transaction, or NULL for whatever is not one."""

from __future__ import annotations

import pytest

from support.databases import Database
from support.session import Session

USER = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
READ = "SELECT ticketing.current_user_id()"
VERSION = "SELECT current_setting('server_version_num')::integer"

NO_UUID = {
    "empty": "",
    "blank": " ",
    "word": "user",
    "one-digit-short": USER[:-1],
    "one-digit-long": USER + "0",
    "braces": f"{{{USER}}}",
    "no-hyphens": USER.replace("-", ""),
    "hyphen-for-a-digit": USER.replace("ff-", "f--"),
    "hyphens-misplaced": "6f9619ff8-b86-4d01-b42d-00cf4fc964ff",
    "no-hex-digit": USER.replace("f", "g"),
    "leading-space": f" {USER}",
    "trailing-space": f"{USER} ",
    "trailing-newline": f"{USER}\n",
    "second-line": f"x\n{USER}",
    "two": f"{USER},{USER}",
    "sql": f"{USER}'; SELECT 1 --",
}


def set_user(db: Session, value: str) -> None:
    db.all("SELECT set_config('app.current_user_id', %s, TRUE)", value)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_every_service_role_reads_its_user(db: Session, role: str) -> None:
    with db.acting(role, user=USER) as service:
        assert str(service.value(READ)) == USER


def test_without_a_setting_there_is_no_user(db: Session) -> None:
    assert db.value("SELECT current_setting('app.current_user_id', TRUE)") is None
    assert db.value(READ) is None


def test_a_used_connection_has_no_user_left(shared: Database) -> None:
    with shared.connect("ts_test_app") as connection:
        with connection.transaction():
            set_user(Session(connection), USER)
            assert str(Session(connection).value(READ)) == USER
        assert Session(connection).value(READ) is None


def test_upper_case_is_the_same_user(db: Session) -> None:
    set_user(db, USER.upper())
    assert str(db.value(READ)) == USER


@pytest.mark.parametrize("value", NO_UUID.values(), ids=NO_UUID)
def test_what_is_no_uuid_is_no_user_and_no_error(db: Session, value: str) -> None:
    set_user(db, value)
    assert db.value(READ) is None


def test_the_tenant_and_other_variables_are_no_user(db: Session) -> None:
    db.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", USER)
    db.all("SELECT set_config('app.user_id', %s, TRUE)", USER)
    assert db.value(READ) is None


def test_a_prepared_statement_reads_the_user_anew(db: Session) -> None:
    other = USER.replace("6", "7")
    db.run("SET LOCAL plan_cache_mode = force_generic_plan")
    db.run(f"PREPARE read AS {READ}")
    for expected in (USER, other, USER):
        set_user(db, expected)
        assert str(db.value("EXECUTE read")) == expected


@pytest.mark.parametrize(("value", "expected"), [(USER, USER), ("no uuid", "None")])
def test_a_parallel_worker_reads_it_as_well(db: Session, value: str, expected: str) -> None:
    forced = "debug_parallel_query" if db.value(VERSION) >= 160000 else "force_parallel_mode"
    db.run(f"SET LOCAL {forced} = on")
    set_user(db, value)
    assert "Gather" in "".join(row["QUERY PLAN"] for row in db.all(f"EXPLAIN {READ}"))
    assert str(db.value(READ)) == expected


def test_a_login_without_grants_cannot_call_it(db: Session) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.value(READ)
