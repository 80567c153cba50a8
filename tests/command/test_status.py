"""`ticket-schema status`: finds what is wrong with a database, and nothing where nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.command import HEAD, REVISIONS, Outcome, run, state
from support.databases import Database
from support.servers import Server

ROUTINE = "ticketing.status_change_reason()"
OTHER_BODY = f"""
    CREATE OR REPLACE FUNCTION {ROUTINE} RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END;'
"""
UNVALIDATED = """
    ALTER TABLE ticketing.tenants DROP CONSTRAINT chk_tenants_slug;
    ALTER TABLE ticketing.tenants ADD CONSTRAINT chk_tenants_slug CHECK (slug <> '') NOT VALID
"""
INVALID = """
    UPDATE pg_index SET indisvalid = FALSE
    WHERE indexrelid = 'ticketing.uq_tickets_external'::regclass
"""
ISOLATION = "tickets_tenant_isolation ON ticketing.tickets"
TRIGGER = "ticketing.tickets DISABLE TRIGGER trg_tickets_10_guard_holder"

# what somebody did, the check that finds it, and what it says
DRIFT = {
    "policy dropped": (
        f"DROP POLICY {ISOLATION}",
        "drift",
        "policy tickets.tickets_tenant_isolation is missing",
    ),
    "policy changed": (
        f"ALTER POLICY {ISOLATION} USING (TRUE)",
        "drift",
        "policy tickets.tickets_tenant_isolation was changed",
    ),
    "policy added": (
        "CREATE POLICY anything ON ticketing.tickets USING (TRUE)",
        "drift",
        "policy tickets.anything is not part of the schema",
    ),
    "table granted": (
        "GRANT TRUNCATE ON ticketing.tickets TO ticketing_app",
        "drift",
        "table tickets was changed",
    ),
    "column granted": (
        "GRANT UPDATE (tenant_id) ON ticketing.tickets TO ticketing_app",
        "drift",
        "column tickets.tenant_id was changed",
    ),
    "grant revoked": (
        "REVOKE SELECT ON ticketing.tickets FROM ticketing_readonly",
        "drift",
        "table tickets was changed",
    ),
    "schema granted": (
        "GRANT CREATE ON SCHEMA ticketing TO PUBLIC",
        "drift",
        "schema ticketing was changed",
    ),
    "function granted": (
        f"GRANT EXECUTE ON FUNCTION {ROUTINE} TO PUBLIC",
        "drift",
        "function status_change_reason() was changed",
    ),
    "default granted": (
        "ALTER DEFAULT PRIVILEGES FOR ROLE ticketing_owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
        "drift",
        "default privileges database functions is missing",
    ),
    "row level security off": (
        "ALTER TABLE ticketing.tickets DISABLE ROW LEVEL SECURITY",
        "row security",
        "tickets: row level security is not enabled",
    ),
    "row level security not forced": (
        "ALTER TABLE ticketing.orders NO FORCE ROW LEVEL SECURITY",
        "row security",
        "orders: row level security is not forced",
    ),
    "function body": (OTHER_BODY, "drift", "function status_change_reason() was changed"),
    "security definer": (
        f"ALTER FUNCTION {ROUTINE} SECURITY DEFINER",
        "drift",
        "function status_change_reason() was changed",
    ),
    "comment": (
        "COMMENT ON COLUMN ticketing.tickets.status IS 'the status'",
        "drift",
        "column tickets.status was changed",
    ),
    "invalid index": (INVALID, "validated", "uq_tickets_external: is invalid"),
    "index dropped": (
        "DROP INDEX ticketing.uq_tickets_external",
        "drift",
        "index uq_tickets_external is missing",
    ),
    "constraint not validated": (
        UNVALIDATED,
        "validated",
        "tenants.chk_tenants_slug: is not validated",
    ),
    "constraint dropped": (
        "ALTER TABLE ticketing.tenants DROP CONSTRAINT chk_tenants_slug",
        "drift",
        "constraint tenants.chk_tenants_slug is missing",
    ),
    "extra table": (
        "CREATE TABLE ticketing.notes (note text)",
        "drift",
        "table notes is not part of the schema",
    ),
    "table dropped": (
        "DROP TABLE ticketing.ticket_validations",
        "drift",
        "table ticket_validations is missing",
    ),
    "extra column": (
        "ALTER TABLE ticketing.tickets ADD note text",
        "drift",
        "column tickets.note is not part of the schema",
    ),
    "default of a column": (
        "ALTER TABLE ticketing.tickets ALTER status DROP DEFAULT",
        "drift",
        "column tickets.status was changed",
    ),
    "null allowed": (
        "ALTER TABLE ticketing.tickets ALTER status DROP NOT NULL",
        "drift",
        "column tickets.status was changed",
    ),
    "trigger disabled": (
        f"ALTER TABLE {TRIGGER}",
        "drift",
        "trigger tickets.trg_tickets_10_guard_holder was changed",
    ),
    "owner changed": (
        "ALTER TABLE ticketing.tickets OWNER TO ts_test_migrator",
        "drift",
        "table tickets was changed",
    ),
    "view of its owner": (
        "ALTER VIEW ticketing.ticket_type_availability RESET (security_invoker)",
        "drift",
        "view ticket_type_availability was changed",
    ),
    "rule added": (
        "CREATE RULE lost AS ON INSERT TO ticketing.tickets DO INSTEAD NOTHING",
        "drift",
        "rule tickets.lost is not part of the schema",
    ),
}
# what somebody did to a role, how it is undone, the checks that find it, and what one says
ROLES = {
    "app bypasses": (
        "ALTER ROLE ticketing_app BYPASSRLS",
        "ALTER ROLE ticketing_app NOBYPASSRLS",
        {"role powers"},
        "ticketing_app: bypasses row level security",
    ),
    "worker is superuser": (
        "ALTER ROLE ticketing_worker SUPERUSER",
        "ALTER ROLE ticketing_worker NOSUPERUSER",
        {"role powers"},
        "ticketing_worker: is a superuser",
    ),
    "owner bypasses": (
        "ALTER ROLE ticketing_owner BYPASSRLS",
        "ALTER ROLE ticketing_owner NOBYPASSRLS",
        {"role powers"},
        "ticketing_owner: bypasses row level security",
    ),
    "owner logs in": (
        "ALTER ROLE ticketing_owner LOGIN",
        "ALTER ROLE ticketing_owner NOLOGIN",
        {"role powers"},
        "ticketing_owner: may log in",
    ),
    "readers are owners": (
        "GRANT ticketing_owner TO ticketing_readonly",
        "REVOKE ticketing_owner FROM ticketing_readonly",
        {"memberships"},
        "ticketing_readonly: is a member of ticketing_owner",
    ),
    "worker makes databases": (
        "ALTER ROLE ticketing_worker CREATEDB",
        "ALTER ROLE ticketing_worker NOCREATEDB",
        {"role powers"},
        "ticketing_worker: may make databases",
    ),
    "app is worker": (
        "GRANT ticketing_worker TO ticketing_app",
        "REVOKE ticketing_worker FROM ticketing_app",
        {"memberships"},
        "ticketing_app: is a member of ticketing_worker",
    ),
    "app with a fixed role": (
        "ALTER ROLE ts_test_app SET app.current_user_role = 'admin'",
        "ALTER ROLE ts_test_app RESET app.current_user_role",
        {"fixed settings"},
        "role ts_test_app: fixes app.current_user_role=admin",
    ),
}


def errors(done: Outcome) -> list[tuple[str, str]]:
    """Returns what was found wrong, after a look at the document."""
    document = done.document
    assert document.keys() == {"database", "server", "revision", "head", "findings", "healthy"}
    wrong = [f for f in document["findings"] if f["level"] == "error"]
    assert (done.code, document["healthy"]) == ((1, False) if wrong else (0, True))
    assert all(f["remedy"] for f in document["findings"] if f["level"] != "good")
    return [(f["check"], f["detail"]) for f in wrong]


def finding(done: Outcome, check: str) -> tuple[str, str]:
    """Returns level and detail of the only finding of a check."""
    ((level, detail),) = [
        (f["level"], f["detail"]) for f in done.document["findings"] if f["check"] == check
    ]
    return level, detail


@contextmanager
def altered(server: Server, change: str, undo: str) -> Iterator[None]:
    """Changes what the whole cluster shares, for the length of the block."""
    maintenance = Database(server, "postgres")
    with maintenance.connect() as connection:
        connection.execute(change.encode())
        try:
            yield
        finally:
            connection.execute(undo.encode())


def test_a_fresh_database_is_good(empty: Database, template: Database) -> None:
    assert run("upgrade", url=empty.migrator_url).code == 0
    done = run("status", "--json", url=empty.migrator_url)
    assert errors(done) == []
    assert done.stderr == ""
    document = done.document
    assert (document["database"], document["revision"], document["head"]) == (
        *(empty.name, HEAD, HEAD),
    )
    assert document["server"].startswith(empty.server.version)
    levels = {f["check"]: f["level"] for f in document["findings"]}
    assert levels.pop("server") in {"good", "warning"}
    assert levels.pop("members") == "warning"  # the one who migrates may act as the owner
    assert levels == {
        "revision": "good",
        "connection": "good",
        "login": "good",
        "isolation": "good",
        "context": "good",
        "drift": "good",
    }


def test_the_table_says_good_too(clone: Database) -> None:
    done = run("status", url=clone.migrator_url)
    assert (done.code, done.stderr) == (0, "")
    assert "ERROR" not in done.stdout
    assert done.stdout.startswith(f"{clone.name}, PostgreSQL {clone.server.version}")


@pytest.mark.parametrize("login", ["ts_test_app", "ts_test_worker", "ts_test_readonly"])
def test_every_service_sees_the_same(clone: Database, login: str) -> None:
    assert errors(run("status", "--json", url=clone.url(login))) == []
    with clone.connect() as connection:
        connection.execute("GRANT TRUNCATE ON ticketing.tickets TO ticketing_app")
    found = errors(run("status", "--json", url=clone.url(login)))
    assert found == [
        ("grants", "tickets: ticketing_app may TRUNCATE: no row level security holds it"),
        ("drift", "table tickets was changed"),
    ]


@pytest.mark.parametrize(("change", "check", "said"), DRIFT.values(), ids=DRIFT)
def test_each_kind_of_drift_is_found(clone: Database, change: str, check: str, said: str) -> None:
    with clone.connect() as connection:
        connection.execute(change.encode())
    before = state(clone)
    found = errors(run("status", "--json", url=clone.migrator_url))
    assert any(c == check and detail.startswith(said) for c, detail in found), found
    assert state(clone) == before


def test_the_table_says_what_is_wrong_and_what_to_do(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute("ALTER TABLE ticketing.tickets DISABLE ROW LEVEL SECURITY")
    done = run("status", url=clone.migrator_url)
    assert done.code == 1
    assert "ERROR" in done.stdout
    squeezed = "".join(done.stdout.split())
    assert "ALTER" in squeezed
    assert "ENABLE" in squeezed


@pytest.mark.parametrize(("change", "undo", "checks", "said"), ROLES.values(), ids=ROLES)
def test_a_role_that_could_do_too_much_is_found(
    server: Server, clone: Database, *, change: str, undo: str, checks: set[str], said: str
) -> None:
    with altered(server, change, undo):
        found = errors(run("status", "--json", url=clone.migrator_url))
    assert any(detail.startswith(said) for _, detail in found), found
    assert {check for check, _ in found} == checks
    assert errors(run("status", "--json", url=clone.migrator_url)) == []


def test_a_tenant_that_the_database_fixes_is_found(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute(f"ALTER DATABASE {clone.name} SET app.current_tenant_id = 'x'".encode())
    ((check, detail),) = errors(run("status", "--json", url=clone.migrator_url))
    assert check == "fixed settings"
    assert detail == f"database {clone.name}: fixes app.current_tenant_id=x"


def test_a_login_that_sees_everything_is_worth_a_warning(clone: Database) -> None:
    done = run("status", "--json", url=clone.superuser_url)
    assert errors(done) == []
    level, detail = finding(done, "login")
    assert level == "warning"
    assert detail.endswith("bypasses row level security")


def test_an_older_revision_is_checked_as_what_it_is(empty: Database, template: Database) -> None:
    run("upgrade", "0000", url=empty.migrator_url)
    done = run("status", "--json", url=empty.migrator_url)
    assert errors(done) == []
    assert done.document["revision"] == "0000"
    behind = len(REVISIONS) - 1
    assert finding(done, "revision") == ("warning", f"0000, {behind} behind head {HEAD}")
    assert finding(done, "drift") == ("good", "equal to revision 0000, object by object")


def test_a_revision_that_does_not_match_the_schema_is_drift(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute("UPDATE ticketing.alembic_version SET version_num = '0000'")
    found = errors(run("status", "--json", url=clone.migrator_url))
    assert ("drift", "table tickets is not part of the schema") in found


def test_a_newer_revision_is_worth_a_warning(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute("UPDATE ticketing.alembic_version SET version_num = '9999'")
    done = run("status", "--json", url=clone.migrator_url)
    assert errors(done) == []
    level, detail = finding(done, "revision")
    assert (level, detail[:13]) == ("warning", "9999 is newer")


def test_a_database_without_the_schema_is_worth_a_warning(
    empty: Database, template: Database
) -> None:
    done = run("status", "--json", url=empty.migrator_url)
    assert errors(done) == []
    assert done.document["revision"] is None
    assert finding(done, "revision") == ("warning", "no schema ticketing yet")
    assert state(empty) == ("{}\n", [])


def test_tables_without_a_version_row_are_an_error(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute("DELETE FROM ticketing.alembic_version")
    ((check, detail),) = errors(run("status", "--json", url=clone.migrator_url))
    assert check == "revision"
    assert detail.endswith("tables but no version row")


def test_what_may_be_meant_is_worth_a_warning(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute("SET client_min_messages = error")
        connection.execute("CREATE PUBLICATION copied FOR TABLE ticketing.tickets")
    done = run("status", "--json", url=clone.migrator_url)
    assert errors(done) == []
    level, detail = finding(done, "publications")
    assert (level, detail[:15]) == ("warning", "copied.tickets:")


def test_many_offences_of_one_rule_are_counted(clone: Database) -> None:
    tables = ("orders", "events", "venues", "users", "holds", "zones", "refunds", "payments")
    with clone.connect() as connection:
        for table in tables:
            connection.execute(
                f"ALTER TABLE ticketing.{table} NO FORCE ROW LEVEL SECURITY".encode()
            )
    found = errors(run("status", "--json", url=clone.migrator_url))
    assert len([check for check, _ in found if check == "row security"]) == len(tables)
    shown = run("status", url=clone.migrator_url).stdout
    assert shown.count("not forced") == 5
    assert "and 3 more" in shown


def test_rows_that_refer_to_nothing_are_looked_for_when_asked(clone: Database) -> None:
    with clone.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "INSERT INTO ticketing.venues (tenant_id, name) VALUES (gen_random_uuid(), 'Hall')"
        )
    assert errors(run("status", "--json", url=clone.superuser_url)) == []
    found = errors(run("status", "--rows", "--json", url=clone.superuser_url))
    assert found == [("orphans", "venues.fk_venues_tenant_id: 1 rows refer to nothing")]
    done = run("status", "--rows", "--json", url=clone.migrator_url)
    assert errors(done) == []
    assert finding(done, "orphans") == (
        "warning",
        "not looked for: row level security hides rows from ts_test_migrator",
    )
    with clone.connect() as connection:
        connection.execute("DELETE FROM ticketing.venues")
    done = run("status", "--rows", "--json", url=clone.superuser_url)
    assert finding(done, "orphans") == ("good", "every reference finds its row")
