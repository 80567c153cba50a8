"""current_tenant_id: the tenant of the transaction, or NULL for whatever is not one."""

from __future__ import annotations

import pytest

from support.databases import Database
from support.session import Session

TENANT = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
READ = "SELECT ticketing.current_tenant_id()"
VERSION = "SELECT current_setting('server_version_num')::integer"

NO_UUID = {
    "empty": "",
    "blank": " ",
    "word": "tenant",
    "one-digit-short": TENANT[:-1],
    "one-digit-long": TENANT + "0",
    "braces": f"{{{TENANT}}}",
    "no-hyphens": TENANT.replace("-", ""),
    "hyphen-for-a-digit": TENANT.replace("ff-", "f--"),
    "hyphens-misplaced": "6f9619ff8-b86-4d01-b42d-00cf4fc964ff",
    "no-hex-digit": TENANT.replace("f", "g"),
    "leading-space": f" {TENANT}",
    "trailing-space": f"{TENANT} ",
    "trailing-newline": f"{TENANT}\n",
    "second-line": f"x\n{TENANT}",
    "two": f"{TENANT},{TENANT}",
    "sql": f"{TENANT}'; SELECT 1 --",
}


def set_tenant(db: Session, value: str) -> None:
    db.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", value)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_every_service_role_reads_its_tenant(db: Session, role: str) -> None:
    with db.acting(role, tenant=TENANT) as service:
        assert str(service.value(READ)) == TENANT


def test_without_a_setting_there_is_no_tenant(db: Session) -> None:
    assert db.value("SELECT current_setting('app.current_tenant_id', TRUE)") is None
    assert db.value(READ) is None


def test_a_used_connection_has_no_tenant_left(shared: Database) -> None:
    with shared.connect("ts_test_app") as connection:
        with connection.transaction():
            set_tenant(Session(connection), TENANT)
            assert str(Session(connection).value(READ)) == TENANT
        assert Session(connection).value(READ) is None


def test_upper_case_is_the_same_tenant(db: Session) -> None:
    set_tenant(db, TENANT.upper())
    assert str(db.value(READ)) == TENANT


@pytest.mark.parametrize("value", NO_UUID.values(), ids=NO_UUID)
def test_what_is_no_uuid_is_no_tenant_and_no_error(db: Session, value: str) -> None:
    set_tenant(db, value)
    assert db.value(READ) is None


def test_the_user_and_other_variables_are_no_tenant(db: Session) -> None:
    db.all("SELECT set_config('app.current_user_id', %s, TRUE)", TENANT)
    db.all("SELECT set_config('app.tenant_id', %s, TRUE)", TENANT)
    assert db.value(READ) is None


def test_a_prepared_statement_reads_the_tenant_anew(db: Session) -> None:
    other = TENANT.replace("6", "7")
    db.run("SET LOCAL plan_cache_mode = force_generic_plan")
    db.run(f"PREPARE read AS {READ}")
    for expected in (TENANT, other, TENANT):
        set_tenant(db, expected)
        assert str(db.value("EXECUTE read")) == expected


@pytest.mark.parametrize(("value", "expected"), [(TENANT, TENANT), ("no uuid", "None")])
def test_a_parallel_worker_reads_it_as_well(db: Session, value: str, expected: str) -> None:
    forced = "debug_parallel_query" if db.value(VERSION) >= 160000 else "force_parallel_mode"
    db.run(f"SET LOCAL {forced} = on")
    set_tenant(db, value)
    assert "Gather" in "".join(row["QUERY PLAN"] for row in db.all(f"EXPLAIN {READ}"))
    assert str(db.value(READ)) == expected


def test_a_login_without_grants_cannot_call_it(db: Session) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.value(READ)
