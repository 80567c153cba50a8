"""`ticket-schema maintain`: everything that is due, in batches that are whole or not there."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from support.command import Outcome, environment, run
from support.databases import PASSWORD, Database
from support.factories import Make
from support.pgbouncer import pgbouncer
from support.servers import Server
from support.session import Session
from support.sweeps import CHORES, MINUTE, SWEEPERS, poison
from ticket_schema import maintenance
from ticket_schema.connection import connect
from ticket_schema.maintenance import TASKS, Pause, Task

WORKER = "ts_test_worker"
HOLDS = next(sweeper for sweeper in SWEEPERS if sweeper.function == "expire_holds")
STATES = "SELECT status, version, count(*) AS n FROM ticketing.holds GROUP BY 1, 2 ORDER BY 1, 2"


def fill(target: Database, what: Callable[[Make], Any]) -> Any:
    """Commits rows."""
    with psycopg.connect(target.superuser_url) as connection:
        return what(Make(Session(connection)))


def overdue_holds(target: Database, count: int) -> UUID:
    """Commits overdue holds of one zone and returns its id."""

    def make_rows(make: Make) -> UUID:
        tenant = make.tenant()
        zone: UUID = make.id("zones", tenant, capacity=count)
        late = {
            "created_at": make.session.value("SELECT now() - interval '1 hour'"),
            "expires_at": make.session.value("SELECT now() - interval '1 minute'"),
        }
        for _ in range(count):
            make.row("holds", tenant, zone_id=zone, **late)
        return zone

    zone: UUID = fill(target, make_rows)
    return zone


def states(target: Database) -> dict[tuple[str, int], int]:
    """Returns how many holds have which status and version."""
    with psycopg.connect(target.superuser_url) as connection:
        rows = Session(connection).all(STATES)
    return {(row["status"], row["version"]): row["n"] for row in rows}


def maintain(target: Database, *arguments: str, login: str = WORKER) -> Outcome:
    return run("maintain", *arguments, url=target.url(login))


def by_name(done: Outcome) -> dict[str, Any]:
    """Returns what a run says of each task."""
    return {task.pop("name"): task for task in done.document["tasks"]}


# What it does -------------------------------------------------------------------------------------


def test_a_member_of_the_worker_role_alone_does_everything_that_is_due(clone: Database) -> None:
    def make_rows(make: Make) -> None:
        for tenant in (make.tenant(), make.tenant()):
            for chore in CHORES:
                chore.make(make, tenant)
                chore.make_early(make, tenant)

    fill(clone, make_rows)
    first = maintain(clone, "--json")
    assert first.code == 0, first
    tasks = by_name(first)
    assert tuple(tasks) == TASKS
    # Whichever comes first ends an offer and the reservation behind it.
    ended = [tasks.pop(name)["rows"] for name in ("expire_reservations", "expire_offers")]
    assert ended in ([2, 2], [4, 0])
    assert {task["rows"] for task in tasks.values()} == {2}, tasks
    assert {(t["state"], t["error"], *t["left"]) for t in tasks.values()} == {("done", None)}
    told = {key: first.document[key] for key in ("left", "complete", "stopped")}
    assert told == {"left": 0, "complete": True, "stopped": False}
    assert len(first.progress) == len(TASKS)
    again = maintain(clone)
    assert (again.code, again.stdout) == (0, "0 rows in 16 batches.\n")
    assert [line.split(" (")[0] for line in again.progress] == [f"✓ {t}: 0" for t in TASKS]


def test_batches_go_on_until_nothing_is_due(clone: Database) -> None:
    overdue_holds(clone, 7)
    done = maintain(clone, "--batch", "3", "--only", "expire_holds", "--json")
    assert done.code == 0
    assert list(by_name(done)) == ["expire_holds"]
    told = by_name(done)["expire_holds"]
    assert (told["rows"], told["batches"], told["retries"]) == (7, 3, 0)
    assert states(clone) == {("expired", 2): 7}


def test_tasks_take_turns(clone: Database) -> None:
    overdue_holds(clone, 5)
    chosen = ("--only", "expire_holds", "--only", "expire_transfers", "--batch", "2")
    done = maintain(clone, *chosen)
    assert [line.split(":")[0] for line in done.progress] == [
        "✓ expire_transfers",
        "✓ expire_holds",
    ]


def test_what_is_skipped_waits(clone: Database) -> None:
    overdue_holds(clone, 1)
    done = maintain(clone, "--skip", "expire_holds", "--skip", "prune_outbox", "--json")
    assert (done.code, done.document["rows"]) == (0, 0)
    assert list(by_name(done)) == [t for t in TASKS if t not in ("expire_holds", "prune_outbox")]
    assert states(clone) == {("active", 1): 1}


def test_a_dry_run_says_what_is_due_and_changes_nothing(clone: Database) -> None:
    overdue_holds(clone, 3)
    done = maintain(clone, "--dry-run", "--json")
    assert done.code == 0
    due = {task["task"]: task for task in done.document["tasks"]}
    assert tuple(due) == TASKS
    assert due["expire_holds"]["due"] == 3
    assert due["expire_holds"]["oldest"].startswith("20")
    assert due["expire_transfers"] == {"task": "expire_transfers", "due": 0, "oldest": None}
    said = maintain(clone, "--dry-run", "--only", "expire_holds").stdout
    assert said.startswith("expire_holds: 3 due, the oldest since 20")
    assert (
        maintain(clone, "--dry-run", "--only", "expire_offers").stdout == "expire_offers: 0 due\n"
    )
    assert states(clone) == {("active", 1): 3}


def test_settings_of_the_login_do_not_narrow_it(clone: Database) -> None:
    overdue_holds(clone, 1)
    with psycopg.connect(clone.superuser_url, autocommit=True) as connection:
        for setting in (
            "app.current_tenant_id = '00000000-0000-0000-0000-000000000001'",
            "app.current_user_id = '00000000-0000-0000-0000-000000000001'",
            "app.actor_type = 'user'",
            "default_transaction_isolation = 'serializable'",
            "client_min_messages = 'error'",
        ):
            connection.execute(f"ALTER DATABASE {clone.name} SET {setting}".encode())
    assert maintain(clone, "--only", "expire_holds").code == 0
    assert states(clone) == {("expired", 2): 1}


@pytest.mark.parametrize("prepared_statements", [0, 100])
def test_it_works_behind_a_transaction_pooling_proxy(
    server: Server, clone: Database, prepared_statements: int
) -> None:
    overdue_holds(clone, 16)
    with pgbouncer(server, pool_size=1, prepared_statements=prepared_statements) as bouncer:
        # One server session for both, which has what the first prepared on it.
        for rows in (16, 0):
            through = bouncer.url(clone.name, WORKER)
            done = run("maintain", "--batch", "1", "--json", url=through)
            assert (done.code, done.document["rows"]) == (0, rows), done
    assert states(clone) == {("expired", 2): 16}


# What goes wrong ----------------------------------------------------------------------------------


def test_a_row_that_cannot_end_is_told_and_the_others_are_done(clone: Database) -> None:
    def make_rows(make: Make) -> UUID:
        tenant = make.tenant()
        stuck = HOLDS.make(make, tenant, 2 * MINUTE)
        poison(make.session, "holds", stuck)
        HOLDS.make(make, tenant, MINUTE)
        return stuck

    stuck = fill(clone, make_rows)
    done = maintain(clone, "--json")
    assert done.code == 1
    told = by_name(done)["expire_holds"]
    assert (told["state"], told["rows"], len(told["left"])) == ("done", 1, 1)
    assert f"{stuck} of tenant" in told["left"][0]
    assert (done.document["left"], done.document["complete"]) == (1, False)
    said = maintain(clone, "--only", "expire_holds")
    assert f"! expire_holds: {stuck} of tenant" in said.stderr
    *_, what, hint = said.progress
    assert (said.code, what) == (1, "error: 1 rows were left.")
    assert hint.startswith("hint:  ")


def test_a_task_that_fails_keeps_no_other_from_its_work(clone: Database) -> None:
    overdue_holds(clone, 1)
    with psycopg.connect(clone.superuser_url) as connection:
        connection.execute("REVOKE SELECT ON ticketing.reservations FROM ticketing_worker")
    done = maintain(clone, "--json")
    assert done.code == 1
    tasks = by_name(done)
    failed = {name: task["error"] for name, task in tasks.items() if task["state"] == "failed"}
    denied = "permission denied for table reservations [42501]"
    assert failed == dict.fromkeys(("expire_reservations", "expire_offers"), denied)
    assert tasks["expire_holds"]["rows"] == 1
    said = maintain(clone)
    assert "✗ expire_offers: permission denied for table reservations [42501]" in said.stderr
    assert "error: expire_reservations, expire_offers failed." in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("option", ["--only", "--skip"])
def test_a_task_that_does_not_exist_is_refused(clone: Database, option: str) -> None:
    said = maintain(clone, option, f"x{PASSWORD}").refusal(2)
    assert "no task of that name" in said


def test_no_task_at_all_is_refused(clone: Database) -> None:
    one = ("--only", "expire_holds", "--skip", "expire_holds", "--json")
    assert "No task is left" in maintain(clone, *one).refusal(2)


@pytest.mark.parametrize(
    "wrong", [("--batch", "0"), ("--batch", "10001"), ("--max-seconds", "-1"), ("nonsense",)]
)
def test_a_wrong_number_is_refused(clone: Database, wrong: tuple[str, ...]) -> None:
    maintain(clone, *wrong).refusal(2)


@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["run", "dry-run"])
def test_a_login_without_the_role_is_refused(clone: Database, more: tuple[str, ...]) -> None:
    said = maintain(clone, *more, login="ts_test_readonly").refusal(1)
    assert "ts_test_readonly may not act as ticketing_worker" in said
    assert "GRANT ticketing_worker TO ts_test_readonly" in said


@pytest.mark.parametrize(("revision", "at"), [("0015", "0015"), ("base", "base")])
def test_a_database_that_has_no_maintenance_is_refused(
    clone: Database, revision: str, at: str
) -> None:
    run("downgrade", revision, url=clone.migrator_url)
    said = run("maintain", url=clone.migrator_url).refusal(1)
    assert f"stands at {at} and has no " in said
    assert "ticket-schema upgrade" in said


def test_when_the_time_is_over_no_further_batch_begins(clone: Database) -> None:
    overdue_holds(clone, 2)
    done = maintain(clone, "--max-seconds", "0", "--json")
    assert done.code == 4
    assert {task["state"] for task in by_name(done).values()} == {"unfinished"}
    assert (done.document["rows"], done.document["complete"]) == (0, False)
    said = maintain(clone, "--max-seconds", "0", "--only", "expire_holds")
    *_, what, hint = said.progress
    assert (said.code, what) == (4, "error: The time was over before expire_holds was done.")
    assert "goes on where it stopped" in hint
    assert states(clone) == {("active", 1): 2}


# Two at once, and the end of one ------------------------------------------------------------------


def start(target: Database, *arguments: str) -> subprocess.Popen[str]:
    """Starts the command without waiting for its end."""
    return subprocess.Popen(
        [sys.executable, "-m", "ticket_schema", "maintain", *arguments],
        env=environment(TICKET_SCHEMA_URL=target.url(WORKER)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_at_once_share_the_work(clone: Database) -> None:
    overdue_holds(clone, 120)
    started = [start(clone, "--batch", "4", "--json") for _ in range(2)]
    ended = [(process, *process.communicate(timeout=60)) for process in started]
    assert [
        (process.returncode, stderr) for process, _, stderr in ended if process.returncode
    ] == []
    assert sum(json.loads(stdout)["rows"] for _, stdout, _ in ended) == 120
    assert states(clone) == {("expired", 2): 120}
    with psycopg.connect(clone.superuser_url) as connection:
        assert Session(connection).all("SELECT * FROM ticketing.zone_inventory_drift") == []


@contextmanager
def in_the_middle(
    target: Database, zone: UUID
) -> Iterator[tuple[subprocess.Popen[str], psycopg.Connection, int]]:
    """Yields a run whose first batch waits for a counter, who holds it, and its backend."""
    with (
        psycopg.connect(target.superuser_url) as holder,
        psycopg.connect(target.superuser_url, autocommit=True) as watcher,
    ):
        lock = "SELECT FROM ticketing.zone_inventory WHERE zone_id = %s FOR UPDATE"
        holder.execute(lock.encode(), [zone])
        process = start(target, "--batch", "3", "--only", "expire_holds")
        try:
            waits = """
                SELECT a.pid FROM pg_stat_activity AS a
                WHERE a.datname = current_database() AND a.wait_event_type = 'Lock'
            """
            deadline = time.monotonic() + 30
            while (row := watcher.execute(waits).fetchone()) is None:
                assert time.monotonic() < deadline
                assert process.poll() is None, process.communicate()
                time.sleep(0.02)
            yield process, watcher, row[0]
        finally:
            process.kill()
            process.communicate()


def nothing_half_done(target: Database, zone: UUID) -> None:
    """Looks that no hold of the batch expired, and that a later run does all of them."""
    assert states(target) == {("active", 1): 5}
    assert maintain(target, "--only", "expire_holds").code == 0
    assert states(target) == {("expired", 2): 5}
    counters = "SELECT held_quantity FROM ticketing.zone_inventory WHERE zone_id = %s"
    with psycopg.connect(target.superuser_url) as connection:
        assert Session(connection).value(counters, zone) == 0


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell starts in the background ignores SIGINT, and so does all that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_told_to_stop_it_gives_the_batch_up_and_says_so(
    clone: Database, how: signal.Signals
) -> None:
    zone = overdue_holds(clone, 5)
    with in_the_middle(clone, zone) as (process, watcher, backend):
        process.send_signal(how)
        stdout, stderr = process.communicate(timeout=10)
        here = "SELECT FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
        assert watcher.execute(here, [backend]).fetchone() is None
    assert process.returncode == 4, stderr
    assert stdout == "0 rows in 0 batches.\n"
    assert "error: It was told to stop before expire_holds was done." in stderr
    assert "Traceback" not in stderr
    nothing_half_done(clone, zone)


def test_killed_it_leaves_nothing_half_done(clone: Database) -> None:
    zone = overdue_holds(clone, 5)
    with in_the_middle(clone, zone) as (process, watcher, backend):
        process.kill()
        process.communicate(timeout=10)
    with psycopg.connect(clone.superuser_url, autocommit=True) as watcher:
        here = "SELECT FROM pg_stat_activity WHERE pid = %s"
        deadline = time.monotonic() + 20
        while watcher.execute(here, [backend]).fetchone() is not None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    nothing_half_done(clone, zone)


def test_a_lost_connection_is_told_and_leaves_nothing_half_done(clone: Database) -> None:
    zone = overdue_holds(clone, 5)
    with in_the_middle(clone, zone) as (process, watcher, backend):
        watcher.execute("SELECT pg_terminate_backend(%s)", [backend])
        _, stderr = process.communicate(timeout=10)
    assert process.returncode == 3, stderr
    assert "error: The connection was lost during expire_holds" in stderr
    assert "Traceback" not in stderr
    nothing_half_done(clone, zone)


# Who is in the way --------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for nothing long."""
    monkeypatch.setitem(maintenance._SETTINGS, "lock_timeout", "50ms")
    monkeypatch.setattr(maintenance, "_FIRST_PAUSE", 0.01)


def run_here(target: Database, batch: int = 10) -> tuple[Task, list[Pause]]:
    """Runs one task in this process; returns it, and when it paused."""
    told: list[Task | Pause] = []
    task = Task("expire_holds", batch)
    with connect(target.url(WORKER)) as connection:
        maintenance.run(connection, [task], max_seconds=None, note=told.append)
    return task, [one for one in told if isinstance(one, Pause)]


@pytest.mark.usefixtures("impatient")
def test_a_lock_that_lasts_fails_the_task_in_the_end(clone: Database) -> None:
    zone = overdue_holds(clone, 2)
    with psycopg.connect(clone.superuser_url) as holder:
        lock = "SELECT FROM ticketing.zone_inventory WHERE zone_id = %s FOR UPDATE"
        holder.execute(lock.encode(), [zone])
        task, pauses = run_here(clone)
    assert (task.state, task.rows, task.retries) == ("failed", 0, 4)
    assert task.error == "canceling statement due to lock timeout [55P03], 5 times"
    assert [pause.task for pause in pauses] == ["expire_holds"] * 4
    assert pauses[0].seconds < pauses[-1].seconds
    assert run_here(clone)[0].rows == 2


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
def test_what_passes_is_tried_again(clone: Database, code: str) -> None:
    overdue_holds(clone, 2)
    with psycopg.connect(clone.superuser_url) as connection:
        # Fails twice, and counts on although the transactions are rolled back.
        connection.execute("CREATE SEQUENCE public.tries")
        connection.execute("GRANT USAGE ON SEQUENCE public.tries TO PUBLIC")
        connection.execute(f"""
            CREATE FUNCTION public.fail_twice() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('public.tries') <= 2 THEN
                    RAISE EXCEPTION 'not now' USING ERRCODE = '{code}';
                END IF;
                RETURN NULL;
            END $$
        """)  # fmt: skip
        connection.execute("""
            CREATE TRIGGER trg_fail_twice BEFORE UPDATE ON ticketing.holds
            FOR EACH STATEMENT EXECUTE FUNCTION public.fail_twice()
        """)
    task, pauses = run_here(clone)
    assert (task.state, task.rows, task.batches, task.retries) == ("done", 2, 1, 2)
    assert [pause.why for pause in pauses] == [f"not now [{code}]"] * 2


def test_a_batch_that_takes_too_long_is_made_smaller(
    clone: Database, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    overdue_holds(clone, 12)
    monkeypatch.setitem(maintenance._SETTINGS, "statement_timeout", "400ms")
    with psycopg.connect(clone.superuser_url) as connection:
        connection.execute("""
            CREATE FUNCTION public.dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END $$
        """)
        connection.execute("""
            CREATE TRIGGER trg_dawdle BEFORE UPDATE ON ticketing.holds
            FOR EACH ROW EXECUTE FUNCTION public.dawdle()
        """)
    task, pauses = run_here(clone, batch=12)
    assert (task.state, task.rows, task.batch) == ("done", 12, 3)
    assert [pause.why for pause in pauses] == ["12 rows took too long"]
    assert states(clone) == {("expired", 2): 12}


def test_time_that_is_over_ends_a_run_between_batches(
    clone: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    overdue_holds(clone, 6)
    clock = iter(range(1000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    task = Task("expire_holds", 2)
    with connect(clone.url(WORKER)) as connection:
        maintenance.run(connection, [task], max_seconds=2, note=lambda _: None)
    assert (task.state, task.rows, task.batches) == ("unfinished", 2, 1)
    assert timedelta(0) < timedelta(seconds=task.seconds)
