"""The embedded server: one a folder, there again whatever happened to the last one."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from support.command import embedded_folder, environment, run
from ticket_schema import embedded
from ticket_schema.embedded import Embedded
from ticket_schema.errors import TicketSchemaError

# Starts as root, so that everything is loaded whoever may read it, and goes on as somebody else.
AS_SOMEBODY_ELSE = """
import os, sys
from ticket_schema import cli, embedded

user, first, second = int(sys.argv[1]), *sys.argv[2:]
if os.geteuid() == 0:
    for line in (["up", "--demo"], ["down"]):
        cli.app([*line, "--folder", first, "--json"], standalone_mode=False)
    embedded._pgserver.cache_clear()
    sys.stdout.flush()
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
os.write(1, b"---")
sys.argv[1:] = ["up", "--demo", "--folder", second, "--json"]
cli.main()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that does not exist yet."""
    with embedded_folder() as made:
        yield made


def answer(server: Embedded, query: str = "SELECT 'here'") -> object:
    """Returns what a server answers."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def pid_of(folder: Path) -> int:
    """Returns the process id that a folder names."""
    return int((folder / "postmaster.pid").read_text().splitlines()[0])


def kill(folder: Path) -> None:
    """Kills the server of a folder, without giving it time to clear up."""
    process = psutil.Process(pid_of(folder))
    process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_new_folder_gets_a_server(folder: Path) -> None:
    server = embedded.start(folder)
    assert server.folder == folder
    assert (folder / "PG_VERSION").read_text() == "18\n"
    assert answer(server) == "here"
    assert server.psql.is_file()


def test_an_empty_folder_gets_a_server(folder: Path) -> None:
    folder.mkdir()
    assert answer(embedded.start(folder)) == "here"


def test_parents_are_made(folder: Path) -> None:
    server = embedded.start(folder / "deep" / "down")
    assert answer(server) == "here"


def test_a_running_server_is_left_as_it_is(folder: Path) -> None:
    first = embedded.start(folder)
    before = pid_of(folder)
    assert embedded.start(folder) == first
    assert pid_of(folder) == before


def test_it_listens_on_no_port(folder: Path) -> None:
    assert answer(embedded.start(folder), "SHOW listen_addresses") == ""


def test_two_folders_have_two_servers(folder: Path) -> None:
    one = embedded.start(folder)
    with embedded_folder() as other:
        two = embedded.start(other)
        answer(one, "CREATE TABLE of_one ()")
        assert answer(one, "SELECT to_regclass('of_one')") == "of_one"
        assert answer(two, "SELECT to_regclass('of_one')") is None
        assert embedded.stop(other)
        assert answer(one) == "here"


def test_a_stopped_server_is_gone(folder: Path) -> None:
    server = embedded.start(folder)
    assert embedded.stop(folder) is True
    with pytest.raises(psycopg.OperationalError):
        answer(server)
    assert not (folder / "postmaster.pid").exists()
    assert embedded.stop(folder) is False


def test_what_never_ran_cannot_be_stopped(folder: Path) -> None:
    assert embedded.stop(folder) is False
    assert not folder.exists()


def test_a_restart_keeps_the_data(folder: Path) -> None:
    answer(embedded.start(folder), "CREATE TABLE kept AS SELECT 'kept' AS word")
    embedded.stop(folder)
    assert answer(embedded.start(folder), "SELECT word FROM kept") == "kept"


def test_a_server_that_another_process_stopped_is_started_again(folder: Path) -> None:
    answer(embedded.start(folder), "CREATE TABLE kept AS SELECT 'kept' AS word")
    assert run("down", "--folder", str(folder)).stdout == "Stopped.\n"
    assert answer(embedded.start(folder), "SELECT word FROM kept") == "kept"


def test_a_server_that_another_process_started_is_found(folder: Path) -> None:
    assert run("up", "--folder", str(folder)).code == 0
    before = pid_of(folder)
    assert answer(embedded.start(folder)) == "here"
    assert pid_of(folder) == before
    assert embedded.stop(folder) is True


def test_a_killed_server_comes_back_with_its_data(folder: Path) -> None:
    answer(embedded.start(folder), "CREATE TABLE kept AS SELECT 'kept' AS word")
    killed = pid_of(folder)
    kill(folder)
    assert pid_of(folder) == killed
    assert answer(embedded.start(folder), "SELECT word FROM kept") == "kept"
    assert pid_of(folder) != killed


def test_a_killed_server_is_no_server_to_stop(folder: Path) -> None:
    embedded.start(folder)
    kill(folder)
    assert embedded.stop(folder) is False


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with any server."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("again", ["in this process", "by the command"])
def test_a_pid_that_somebody_else_has_by_now_is_passed_over(
    folder: Path, bystander: subprocess.Popen[bytes], again: str
) -> None:
    answer(embedded.start(folder), "CREATE TABLE kept AS SELECT 'kept' AS word")
    kill(folder)
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        _, *rest = (folder / name).read_text().splitlines()
        (folder / name).write_text("\n".join([str(bystander.pid), *rest, ""]))
    assert embedded.stop(folder) is False
    if again == "by the command":
        assert run("up", "--folder", str(folder)).code == 0
    assert answer(embedded.start(folder), "SELECT word FROM kept") == "kept"
    assert bystander.poll() is None


@pytest.mark.parametrize(
    "left",
    ["", "999999999", "-1\n", "nonsense\n", f"{os.getpid()}\n"],
    ids=["nothing", "a pid", "negative", "nonsense", "own pid"],
)
def test_a_truncated_pid_file_is_passed_over(folder: Path, left: str) -> None:
    answer(embedded.start(folder), "CREATE TABLE kept AS SELECT 'kept' AS word")
    kill(folder)
    (folder / "postmaster.pid").write_text(left)
    assert answer(embedded.start(folder), "SELECT word FROM kept") == "kept"


def test_a_truncated_pid_file_never_makes_two_servers_of_one_folder(folder: Path) -> None:
    server = embedded.start(folder)
    answer(server, "CREATE TABLE kept AS SELECT 'kept' AS word")
    pid_file = folder / "postmaster.pid"
    whole, pid = pid_file.read_text(), pid_of(folder)
    pid_file.write_text(f"{pid}\n")
    done = run("up", "--folder", str(folder))
    running = [p for p in psutil.process_iter() if is_postmaster(p, folder)]
    pid_file.write_text(whole)
    done.refusal(1)
    assert [p.pid for p in running] == [pid]
    assert answer(server, "SELECT word FROM kept") == "kept"


def is_postmaster(process: psutil.Process, folder: Path) -> bool:
    """Whether a process is the first of a server's."""
    try:
        return str(folder) in process.cmdline() and "-D" in process.cmdline()
    except psutil.Error:
        return False


@pytest.mark.parametrize(
    "name",
    ["x" * 120, "with space", "it's", "tür", "a#b&c?d;100%"],
    ids=["long", "space", "quote", "umlaut", "signs"],
)
def test_any_other_name_of_a_folder_works(folder: Path, name: str) -> None:
    place = folder / name / "pg"
    done = run("up", "--demo", "--folder", str(place), "--json")
    assert done.code == 0, done
    count = subprocess.run(
        f"{done.document['psql']} -XAt -c 'SELECT count(*) FROM ticketing.tenants'",
        shell=True,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert count.stdout == "2\n"
    assert run("down", "--folder", str(place), "--json").document == {"stopped": True}


@pytest.mark.parametrize("name", ["$HOME", "`id`", 'a"b', "a\\b", "two\nlines"])
def test_a_name_that_a_shell_would_misread_is_refused(folder: Path, name: str) -> None:
    run("up", "--folder", str(folder / name)).refusal(1)
    assert not folder.exists()


def test_an_unprivileged_user_can_bring_it_up(folder: Path) -> None:
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
    place = Path(tempfile.mkdtemp(prefix="ticket-schema-test-"))
    os.chown(place, user, -1)
    try:
        done = subprocess.run(
            [sys.executable, "-c", AS_SOMEBODY_ELSE, str(user), str(folder), str(place / "pg")],
            cwd=place,
            env=environment(HOME=str(place)),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done
        document = json.loads(done.stdout.split("---")[1])
        with psycopg.connect(document["url"]) as connection:
            tenants = connection.execute("SELECT count(*) FROM ticketing.tenants").fetchone()
        assert (tenants, document["demo"]) == ((2,), True)
        assert psutil.Process(pid_of(place / "pg")).uids().effective == user
        assert (place / "pg").stat().st_uid == user
    finally:
        embedded.stop(place / "pg")
        shutil.rmtree(place, ignore_errors=True)


def test_what_cannot_start_is_said_with_its_folder(folder: Path) -> None:
    folder.mkdir()
    (folder / "letter.txt").write_text("mine")
    with pytest.raises(TicketSchemaError) as refused:
        embedded.start(folder)
    assert str(folder) in refused.value.what
    assert (folder / "letter.txt").read_text() == "mine"


def test_a_file_in_the_place_of_the_folder_is_refused(folder: Path) -> None:
    folder.write_text("mine")
    with pytest.raises(TicketSchemaError):
        embedded.start(folder)
    assert folder.read_text() == "mine"
