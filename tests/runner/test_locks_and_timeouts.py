"""Short waits, retried; a revision happens whole or not at all."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psycopg
import pytest
from alembic import command

import ticket_schema
from support.command import HEAD
from support.databases import Database
from support.projects import Project
from ticket_schema import TicketSchemaError
from ticket_schema.catalog import canonical, read_catalog
from ticket_schema.errors import Exit
from ticket_schema.runner import Progress


def version_of(target: Database) -> str | None:
    with target.connect() as connection:
        row = connection.execute("SELECT version_num FROM ticketing.alembic_version").fetchone()
    return row[0] if row else None


def test_a_lock_that_is_let_go_is_waited_for(empty: Database) -> None:
    ticket_schema.upgrade(empty.migrator_url, "0000", progress=lambda _: None)
    seen: list[Progress] = []
    holder = psycopg.connect(empty.superuser_url)
    holder.execute("LOCK TABLE ticketing.tenants IN ACCESS EXCLUSIVE MODE")

    def let_go() -> None:
        while not any(progress.kind == "retrying" for progress in seen):
            time.sleep(0.02)
        holder.close()

    thread = threading.Thread(target=let_go)
    thread.start()
    ticket_schema.upgrade(empty.migrator_url, progress=seen.append, lock_timeout="50ms")
    thread.join()

    assert version_of(empty) == HEAD
    assert seen[-1].kind == "done"


def test_a_lock_that_is_never_let_go_ends_the_run(empty: Database) -> None:
    ticket_schema.upgrade(empty.migrator_url, "0000", progress=lambda _: None)
    with empty.connect() as connection:
        before = canonical(read_catalog(connection))

    with psycopg.connect(empty.superuser_url) as holder:
        holder.execute("LOCK TABLE ticketing.tenants IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TicketSchemaError, match="2 tries of 50ms") as refused:
            ticket_schema.upgrade(
                empty.migrator_url, progress=lambda _: None, lock_timeout="50ms", lock_tries=2
            )
        holder.rollback()

    assert refused.value.exit_code == Exit.TIMED_OUT
    assert version_of(empty) == "0000"
    with empty.connect() as connection:
        assert canonical(read_catalog(connection)) == before


@pytest.mark.parametrize("blocked", ["9001", "9002"])
def test_a_relative_target_is_not_overshot_by_a_retry(
    blocked: str, clone: Database, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    for number in ("9001", "9002", "9003", "9004"):
        table = "tenants" if number == blocked else "users"
        project.revision(number, f'op.execute("ALTER TABLE ticketing.{table} ADD x{number} int")')
    holder = psycopg.connect(clone.superuser_url)
    holder.execute("LOCK TABLE ticketing.tenants IN ACCESS EXCLUSIVE MODE")
    config = project.config(clone.migrator_url, lock_timeout="50ms")
    retried: list[str | None] = []

    def let_go(progress: Progress) -> None:
        if progress.kind == "retrying":
            retried.append(progress.revision)
            holder.close()

    config.attributes["progress"] = let_go
    command.upgrade(config, "+2")

    assert (retried, version_of(clone)) == ([blocked], "9002")


def test_a_statement_that_takes_too_long_takes_its_revision_back(
    clone: Database, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    project.revision(
        "9001",
        'op.execute("CREATE TABLE ticketing.half_done (id integer)")\n'
        'op.execute("SELECT pg_sleep(30)")',
    )

    with pytest.raises(TicketSchemaError, match=r"Revision 9001 failed.*57014"):
        command.upgrade(project.config(clone.migrator_url, statement_timeout="200ms"), "head")

    assert version_of(clone) == HEAD
    with clone.connect() as connection:
        assert connection.execute("SELECT to_regclass('ticketing.half_done')").fetchone() == (None,)


def test_what_came_before_a_failure_is_kept(clone: Database, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.revision("9001", 'op.execute("CREATE TABLE ticketing.kept (id integer)")')
    project.revision("9002", 'op.execute("SELECT 1 / 0")')

    with pytest.raises(TicketSchemaError, match=r"9002 failed: division by zero \[22012\]"):
        command.upgrade(project.config(clone.migrator_url), "head")

    assert version_of(clone) == "9001"


def test_a_data_step_that_would_see_no_rows_fails_instead(clone: Database, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.revision("9001", "op.execute(\"UPDATE ticketing.venues SET name = 'x'\")")

    with pytest.raises(TicketSchemaError, match="would be affected by row-level security"):
        command.upgrade(project.config(clone.migrator_url), "head")

    assert version_of(clone) == HEAD


def test_everything_belongs_to_the_owner_role(clone: Database, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.revision("9001", 'op.execute("CREATE TABLE ticketing.mine (id integer)")')
    command.upgrade(project.config(clone.migrator_url), "head")

    with clone.connect() as connection:
        owners = connection.execute(
            "SELECT DISTINCT relowner::regrole::text FROM pg_class"
            " WHERE relnamespace = 'ticketing'::regnamespace"
        ).fetchall()
    assert owners == [("ticketing_owner",)]


@pytest.mark.parametrize(
    ("option", "value"), [("lock_timeout", "soon"), ("statement_timeout", "3 fortnights")]
)
def test_a_duration_that_is_none_is_refused(option: str, value: str, empty: Database) -> None:
    with pytest.raises(TicketSchemaError, match=f"{option} cannot be") as refused:
        ticket_schema.upgrade(empty.migrator_url, progress=lambda _: None, **{option: value})
    assert refused.value.exit_code == Exit.USAGE


def test_a_builders_statement_timeout_ends_with_its_revision(
    clone: Database, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    project.revision(
        "9001",
        'steps.build_online("idx_x",'
        ' "CREATE INDEX CONCURRENTLY idx_x ON ticketing.users (tenant_id, status);")',
    )
    project.revision("9002", 'op.execute("SELECT pg_sleep(30)")')

    with pytest.raises(TicketSchemaError, match=r"Revision 9002 failed.*57014"):
        command.upgrade(project.config(clone.migrator_url, statement_timeout="200ms"), "head")

    assert version_of(clone) == "9001"


@pytest.mark.parametrize(
    ("option", "value"),
    [("lock_tries", "0"), ("lock_tries", "few"), ("runner_wait", "-1"), ("runner_wait", "inf")],
)
def test_a_run_that_would_not_try_is_refused(
    option: str, value: str, empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"TICKET_SCHEMA_{option.upper()}", value)
    with pytest.raises(TicketSchemaError, match=option) as refused:
        ticket_schema.upgrade(empty.migrator_url, progress=lambda _: None)
    assert refused.value.exit_code == Exit.USAGE


def test_a_build_waits_longer_than_a_lock_may_take(clone: Database, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.revision(
        "9001",
        'steps.build_online("idx_x",'
        ' "CREATE INDEX CONCURRENTLY idx_x ON ticketing.users (tenant_id, status);")',
    )
    reader = psycopg.connect(clone.superuser_url)
    reader.execute("LOCK TABLE ticketing.users IN ROW EXCLUSIVE MODE")
    timer = threading.Timer(1.0, reader.close)
    timer.start()

    config = project.config(clone.migrator_url, lock_timeout="100ms", lock_tries=1)
    command.upgrade(config, "head")

    timer.join()
    assert version_of(clone) == "9001"


def test_a_servers_own_cut_offs_do_not_count(clone: Database, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.revision("9001", 'op.execute("SELECT pg_sleep(0.3)")')
    with clone.connect() as connection:
        names = ["idle_in_transaction_session_timeout", "idle_session_timeout"]
        if connection.info.server_version >= 170000:
            names.append("transaction_timeout")
        for name in names:
            connection.execute(f"ALTER DATABASE {clone.name} SET {name} = '100ms'".encode())

    command.upgrade(project.config(clone.migrator_url), "head")

    with psycopg.connect(
        clone.superuser_url, options="-c transaction_timeout=0" if len(names) > 2 else ""
    ) as connection:
        row = connection.execute("SELECT version_num FROM ticketing.alembic_version").fetchone()
    assert row == ("9001",)


def test_operators_of_other_schemas_do_not_slip_in(empty: Database) -> None:
    with empty.connect() as connection:
        connection.execute(
            "CREATE FUNCTION public.mine(numeric, integer) RETURNS numeric IMMUTABLE"
            " LANGUAGE sql RETURN 0"
        )
        connection.execute(
            "CREATE OPERATOR public./"
            " (FUNCTION = public.mine, LEFTARG = numeric, RIGHTARG = integer)"
        )
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
    ticket_schema.upgrade(empty.migrator_url, progress=lambda _: None)
    with empty.connect() as connection:
        used = connection.execute(
            "SELECT count(*) FROM pg_depend WHERE refobjid = 'public.mine'::regproc"
            " AND classid <> 'pg_operator'::regclass"
        ).fetchone()
    assert used == (0,)
