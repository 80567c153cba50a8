"""log_tenant_violation: a report is kept, bounded, true about who made it, and never an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from support.databases import Database
from support.factories import Make
from support.session import Session

LOGINS = ("ts_test_app", "ts_test_worker", "ts_test_readonly")
CALL = "SELECT ticketing.log_tenant_violation(%s, %s, %s, %s, %s)"
STATED = "tenant access violation: "
LIMIT = 8192
PER_HOUR = 1000


@pytest.fixture
def lines(db: Session) -> Iterator[list[dict[str, Any]]]:
    """What the server wrote into its log, which this session may read along."""
    written: list[dict[str, Any]] = []

    def note(diagnostic: psycopg.errors.Diagnostic) -> None:
        text = diagnostic.message_primary or ""
        if diagnostic.severity_nonlocalized == "LOG" and text.startswith(STATED):
            assert "\n" not in text
            written.append(json.loads(text.removeprefix(STATED)))

    db.run("SET LOCAL client_min_messages = log")
    db.connection.add_notice_handler(note)
    yield written
    db.connection.remove_notice_handler(note)


def report(
    session: Session,
    attempted: UUID | None = None,
    actual: UUID | None = None,
    table: str | None = "ticketing.tickets",
    operation: str | None = "SELECT",
    details: Any = None,
) -> UUID | None:
    """Reports and returns the id; `details` None is left to the default."""
    if details is None:
        call = "SELECT ticketing.log_tenant_violation(%s, %s, %s, %s)"
        made: UUID | None = session.value(call, attempted, actual, table, operation)
        return made
    return session.value(CALL, attempted, actual, table, operation, Jsonb(details))  # type: ignore[no-any-return]


def row(db: Session, made: UUID | None) -> dict[str, Any]:
    return db.one("SELECT * FROM ticketing.tenant_access_violations WHERE id = %s", made)


def count(db: Session) -> int:
    number: int = db.value("SELECT count(*) FROM ticketing.tenant_access_violations")
    return number


# What is kept ------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", LOGINS)
def test_a_report_is_kept_whole(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, login: str
) -> None:
    user = make.id("users", tenant)
    with db.logged_in(login):
        db.run("SET LOCAL application_name = 'box office'")
        db.all("SELECT ticketing.set_tenant_context(%s, %s)", tenant, user)
        made = report(db, other_tenant, None, "ticketing.tickets", "UPDATE", {"route": "/t/1"})
    kept = row(db, made)
    assert kept.pop("occurred_at") <= db.value("SELECT clock_timestamp()")
    assert kept == {
        "id": made,
        "attempted_tenant_id": other_tenant,
        "actual_tenant_id": tenant,
        "table_name": "ticketing.tickets",
        "operation": "UPDATE",
        "user_id": user,
        "user_name": login,
        "client_addr": db.value("SELECT inet_client_addr()"),
        "application_name": "box office",
        "details": {"route": "/t/1"},
    }


def test_the_clock_and_not_the_transaction_gives_the_time(db: Session) -> None:
    first, second = (row(db, report(db))["occurred_at"] for _ in range(2))
    assert db.value("SELECT now()") < first < second


def test_without_anything_it_is_still_kept(db: Session) -> None:
    with db.logged_in("ts_test_app"):
        made = db.value(CALL, None, None, None, None, None)
    kept = row(db, made)
    assert kept["user_name"] == "ts_test_app"
    assert kept["details"] == {}
    empty = ("attempted_tenant_id", "actual_tenant_id", "table_name", "operation", "user_id")
    assert [kept[name] for name in empty] == [None] * 5


def test_the_actual_tenant_is_the_one_given_and_else_that_of_the_transaction(
    db: Session, tenant: UUID, other_tenant: UUID
) -> None:
    with db.acting("ticketing_app", tenant=tenant):
        given, left_out = report(db, None, other_tenant), report(db)
    assert row(db, given)["actual_tenant_id"] == other_tenant
    assert row(db, left_out)["actual_tenant_id"] == tenant


def test_a_tenant_that_does_not_exist_may_be_attempted(db: Session, tenant: UUID) -> None:
    nobody = uuid4()
    with db.acting("ticketing_app", tenant=tenant):
        made = report(db, nobody)
    assert row(db, made)["attempted_tenant_id"] == nobody


def test_a_malformed_context_is_no_tenant_and_no_user(db: Session) -> None:
    with db.acting("ticketing_app", tenant="tenant", user="somebody"):
        made = report(db)
    kept = row(db, made)
    assert (kept["actual_tenant_id"], kept["user_id"]) == (None, None)


@pytest.mark.parametrize(
    ("given", "kept", "noted"),
    [
        ("SELECT", "SELECT", None),
        ("INSERT", "INSERT", None),
        ("UPDATE", "UPDATE", None),
        ("DELETE", "DELETE", None),
        ("CONTEXT", "CONTEXT", None),
        ("select", "SELECT", None),
        (" Context ", "CONTEXT", None),
        (None, None, None),
        ("", None, None),
        ("  ", None, None),
        ("TRUNCATE", None, "TRUNCATE"),
        (" guess ", None, "guess"),
        ("SELECT; DROP TABLE ticketing.tickets", None, "SELECT; DROP TABLE ticketing.tickets"),
        ("x" * 1000, None, "x" * 63),
        ("\n'\"\\", None, "\n'\"\\"),
    ],
)
def test_an_unknown_operation_is_noted_and_not_refused(
    db: Session, given: str | None, kept: str | None, noted: str | None
) -> None:
    found = row(db, report(db, operation=given, details={"a": 1}))
    assert found["operation"] == kept
    assert found["details"] == {"a": 1} | ({"operation": noted} if noted else {})


@pytest.mark.parametrize(
    "name", [None, "", "tickets", "t" * 127, "x'; DROP TABLE ticketing.tickets; --", "a\nb"]
)
def test_the_table_is_kept_as_it_is_called(db: Session, name: str | None) -> None:
    assert row(db, report(db, table=name))["table_name"] == name


def test_a_long_name_is_cut(db: Session) -> None:
    assert row(db, report(db, table="ü" * 100_000))["table_name"] == "ü" * 127


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {}),
        ({"a": [1, None, {"b": "ü"}]}, {"a": [1, None, {"b": "ü"}]}),
        ([], {"details": []}),
        ([1, 2], {"details": [1, 2]}),
        ("text", {"details": "text"}),
        (0, {"details": 0}),
        (False, {"details": False}),
        ({"operation": "their own"}, {"operation": "their own"}),
    ],
)
def test_details_become_an_object(db: Session, given: Any, kept: dict[str, Any]) -> None:
    assert row(db, report(db, details=given))["details"] == kept


def test_a_json_null_is_kept_as_such(db: Session) -> None:
    made = db.value(CALL, None, None, None, None, Jsonb(None))
    assert row(db, made)["details"] == {"details": None}


# '{"a": "' and '"}' take nine bytes.
@pytest.mark.parametrize(("letter", "width"), [("x", 1), ("ü", 2)])
@pytest.mark.parametrize("operation", ["SELECT", "guess"])
def test_details_over_eight_kilobytes_leave_their_size(
    db: Session, letter: str, width: int, operation: str
) -> None:
    noted = {} if operation == "SELECT" else {"operation": "guess"}
    room = LIMIT - 9 - (len(', "operation": "guess"') if noted else 0)
    for over in (0, 1, 1_000_000):
        fill = letter * (room // width) + "." * (room % width + over)
        found = row(db, report(db, operation=operation, details={"a": fill}))["details"]
        expected = {"a": fill} if over == 0 else {"omitted_bytes": LIMIT + over}
        assert found == expected | noted


# Who may, and what they cannot make up -----------------------------------------------------------


def test_nobody_chooses_who_reported(db: Session, tenant: UUID) -> None:
    with db.logged_in("ts_test_app"):
        db.run("SET LOCAL ROLE ticketing_app")
        made = report(db, details={"user_name": "innocent", "client_addr": "192.0.2.1"})
    kept = row(db, made)
    assert kept["user_name"] == "ts_test_app"
    assert kept["client_addr"] == db.value("SELECT inet_client_addr()")


def test_the_network_address_is_the_servers(shared: Database) -> None:
    with shared.connect("ts_test_app") as connection, connection.transaction(force_rollback=True):
        session = Session(connection)
        session.all("SET LOCAL client_min_messages = log")
        heard: list[str] = []
        connection.add_notice_handler(lambda d: heard.append(d.message_primary or ""))
        report(session)
        address = session.value("SELECT host(inet_client_addr())")
    (line,) = [json.loads(text.removeprefix(STATED)) for text in heard]
    assert (line["client_addr"] or "").partition("/")[0] == (address or "")
    assert line["user_name"] == "ts_test_app"


def test_a_temporary_table_of_the_same_name_gets_nothing(db: Session) -> None:
    with db.logged_in("ts_test_app"):
        db.run("CREATE TEMP TABLE tenant_access_violations (id uuid)")
        made = report(db)
        assert db.all("SELECT id FROM pg_temp.tenant_access_violations") == []
    assert row(db, made)["user_name"] == "ts_test_app"


def test_a_login_without_a_role_may_not_call_it(db: Session) -> None:
    with db.logged_in("ts_test_nobody"), db.refused("42501"):
        report(db)


def test_it_answers_where_row_security_is_off(db: Session) -> None:
    with db.logged_in("ts_test_app"):
        db.run("SET LOCAL row_security = off")
        made = report(db)
    assert row(db, made)["user_name"] == "ts_test_app"


# The limit and the log ---------------------------------------------------------------------------


def earlier(db: Session, login: str, rows: int, age: str) -> None:
    db.run(
        "INSERT INTO ticketing.tenant_access_violations (user_name, occurred_at)"
        " SELECT %s, clock_timestamp() - %s::interval FROM generate_series(1, %s)",
        login, age, rows,
    )  # fmt: skip


def test_a_login_fills_the_table_so_far_and_no_further(
    db: Session, lines: list[dict[str, Any]]
) -> None:
    earlier(db, "ts_test_app", PER_HOUR - 1, "59 minutes")
    before = count(db)
    with db.logged_in("ts_test_app"):
        last = report(db)
        beyond = [report(db, table="again") for _ in range(3)]
    assert last is not None
    assert beyond == [None] * 3
    assert count(db) == before + 1
    assert [line["id"] for line in lines] == [str(last), None, None, None]
    assert lines[-1]["table_name"] == "again"


def test_the_limit_of_one_login_is_not_that_of_another(db: Session) -> None:
    earlier(db, "ts_test_app", PER_HOUR, "1 minute")
    with db.logged_in("ts_test_worker"):
        assert report(db) is not None
    with db.logged_in("ts_test_app"):
        assert report(db) is None


def test_rows_of_an_hour_ago_do_not_count(db: Session) -> None:
    earlier(db, "ts_test_app", 2 * PER_HOUR, "61 minutes")
    with db.logged_in("ts_test_app"):
        assert report(db) is not None


def test_the_limit_costs_no_scan_of_the_table(db: Session) -> None:
    db.run(
        "INSERT INTO ticketing.tenant_access_violations (user_name, occurred_at)"
        " SELECT 'ts_test_app', now() - n * interval '1 minute'"
        " FROM generate_series(61, 20000) AS n"
    )
    db.run("ANALYZE ticketing.tenant_access_violations")
    scans = (
        "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'tenant_access_violations'"
    )
    before = db.value(scans)
    with db.logged_in("ts_test_app"):
        # More often than the plans of a function are made anew.
        assert None not in [report(db) for _ in range(8)]
    assert db.value(scans) == before


def test_a_login_that_may_not_write_leaves_a_line_in_the_log(
    db: Session, lines: list[dict[str, Any]]
) -> None:
    db.run("SET LOCAL transaction_read_only = on")
    with db.logged_in("ts_test_readonly"):
        assert report(db) is None
    (line,) = lines
    assert line["id"] is None
    assert line["user_name"] == "ts_test_readonly"


def test_the_line_outlives_the_transaction_and_says_what_the_row_says(
    db: Session, tenant: UUID, other_tenant: UUID, lines: list[dict[str, Any]]
) -> None:
    with db.logged_in("ts_test_app"), db.connection.transaction(force_rollback=True):
        db.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", str(tenant))
        made = report(db, other_tenant, operation="guess", details={"secret": "not logged"})
    assert db.all("SELECT id FROM ticketing.tenant_access_violations WHERE id = %s", made) == []
    (line,) = lines
    assert line.pop("client_addr") == db.value("SELECT to_jsonb(inet_client_addr())")
    assert line == {
        "id": str(made),
        "attempted_tenant_id": str(other_tenant),
        "actual_tenant_id": str(tenant),
        "table_name": "ticketing.tickets",
        "operation": "guess",
        "user_id": None,
        "user_name": "ts_test_app",
    }


def test_a_line_break_does_not_start_a_line_of_its_own(
    db: Session, lines: list[dict[str, Any]]
) -> None:
    forged = "t\nLOG:  tenant access violation: {}"
    report(db, table=forged, operation="x\ny")
    assert [(line["table_name"], line["operation"]) for line in lines] == [(forged, "x\ny")]


def test_a_client_does_not_hear_of_it_by_default(db: Session) -> None:
    heard: list[str] = []
    db.connection.add_notice_handler(lambda d: heard.append(d.message_primary or ""))
    with db.logged_in("ts_test_app"):
        report(db)
    assert heard == []
