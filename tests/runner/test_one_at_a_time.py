"""Runners that meet: one works, the others wait, and nothing is done twice."""

from __future__ import annotations

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
from ticket_schema.errors import Exit
from ticket_schema.runner import RUNNER_LOCK, Progress

VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ticketing.idx_users_role'::regclass"
BUILD = """
steps.build_online(
    "idx_users_role",
    "CREATE INDEX CONCURRENTLY idx_users_role ON ticketing.users (tenant_id, role);"
)
"""


def test_four_upgrades_at_once_all_succeed(empty: Database, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.revision("9001", BUILD)

    runs = [project.start("upgrade", "head", url=empty.migrator_url) for _ in range(4)]
    answers = [run.communicate(timeout=60) for run in runs]

    assert [run.returncode for run in runs] == [0, 0, 0, 0], answers
    worked = [answer for answer, _ in answers if "upgrade 9001" in answer]
    assert len(worked) == 1
    with empty.connect() as connection:
        assert connection.execute(
            "SELECT version_num FROM ticketing.alembic_version"
        ).fetchall() == [("9001",)]
        valid = connection.execute(VALID).fetchall()
        assert valid == [(True,)]


def test_a_runner_gives_up_waiting_for_another(empty: Database) -> None:
    with empty.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [RUNNER_LOCK])
        seen: list[Progress] = []

        with pytest.raises(TicketSchemaError, match="Another runner") as refused:
            ticket_schema.upgrade(empty.migrator_url, progress=seen.append, runner_wait=0.5)

    assert refused.value.exit_code == Exit.TIMED_OUT
    assert [progress.kind for progress in seen] == ["waiting"]
    with empty.connect() as connection:
        row = connection.execute("SELECT to_regnamespace('ticketing')").fetchone()
    assert row == (None,)


def test_the_lock_is_free_again_after_a_run(empty: Database) -> None:
    ticket_schema.upgrade(empty.migrator_url, progress=lambda _: None)
    with empty.connect() as connection:
        held = connection.execute(
            "SELECT 1 FROM pg_locks AS l INNER JOIN pg_database AS d ON l.database = d.oid"
            " WHERE l.locktype = 'advisory' AND d.datname = current_database()"
        ).fetchall()
    assert held == []


def test_a_waiting_runner_holds_no_snapshot(empty: Database, tmp_path: Path) -> None:
    project = Project(tmp_path)
    with empty.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [RUNNER_LOCK])
        run = project.start("upgrade", "head", url=empty.migrator_url)
        deadline = time.monotonic() + 20
        states: list[tuple[str, bool]] = []
        while time.monotonic() < deadline and len(states) < 5:
            row = other.execute(
                "SELECT state, backend_xmin IS NULL FROM pg_stat_activity"
                " WHERE application_name = 'ticket-schema' AND datname = current_database()"
            ).fetchone()
            if row is not None and row[0] == "idle":
                states.append(row)
            time.sleep(0.05)
        other.execute("SELECT pg_advisory_unlock(%s)", [RUNNER_LOCK])
    answer = run.communicate(timeout=60)
    assert run.returncode == 0, answer
    assert states == [("idle", True)] * 5


def test_an_index_build_that_was_killed_can_be_run_again(clone: Database, tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.revision("9001", BUILD)

    with psycopg.connect(clone.superuser_url) as blocker:
        # An open transaction that wrote the table: the build marks its index and then waits.
        blocker.execute("LOCK TABLE ticketing.users IN ROW EXCLUSIVE MODE")
        run = project.start("upgrade", "head", url=clone.migrator_url)
        with clone.connect() as watcher:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                row = watcher.execute("SELECT to_regclass('ticketing.idx_users_role')").fetchone()
                if row != (None,):
                    break
                time.sleep(0.05)
            run.kill()
            run.communicate()
            watcher.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'ticket-schema' AND datname = current_database()"
            )
        blocker.rollback()

    with clone.connect() as connection:
        left = connection.execute(VALID).fetchall()
        assert left == [(False,)]
        version = connection.execute("SELECT version_num FROM ticketing.alembic_version").fetchone()
        assert version == (HEAD,)

    command.upgrade(project.config(clone.migrator_url), "head")

    with clone.connect() as connection:
        built = connection.execute(VALID).fetchall()
    assert built == [(True,)]
