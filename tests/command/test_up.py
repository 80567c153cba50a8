"""`ticket-schema up` and `down`: a database to try things out in, one command away."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from support.command import HEAD, REVISIONS, embedded_folder, environment, run
from ticket_schema import embedded


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that does not exist yet."""
    with embedded_folder() as made:
        yield made


def in_shell(line: str, query: str, **variables: str) -> str:
    """Returns what a printed line gives for a query when it is pasted into a shell."""
    return subprocess.run(
        f"{line} -XAt -c {shlex.quote(query)}",
        shell=True,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def printed(stdout: str, what: str) -> str:
    """Returns the line that follows a word of the output."""
    found = re.search(rf"^  {what} +(.+)$", stdout, re.MULTILINE)
    assert found is not None, stdout
    return found[1]


def test_the_demo_can_be_looked_at_with_what_is_printed(folder: Path) -> None:
    done = run("up", "--demo", "--folder", str(folder))
    assert done.code == 0
    assert [line[:6] for line in done.progress] == [f"↑ {revision}" for revision in REVISIONS]
    line = printed(done.stdout, "psql")
    assert in_shell(line, "SELECT count(*) FROM ticketing.tenants") == "2"
    steps = [
        step.split("--")[0].strip().rstrip(";")
        for step in done.stdout.splitlines()
        if step.startswith(("  SET ", "  SELECT "))
    ]
    assert len(steps) == 3
    rows = in_shell(line, "; ".join(steps)).splitlines()
    assert any(row.startswith("Weekend pass|") for row in rows), rows
    assert not any(row.startswith("Stalls|") for row in rows)
    with psycopg.connect(printed(done.stdout, "URL")) as connection:
        query = "SELECT version_num FROM ticketing.alembic_version"
        assert connection.execute(query).fetchone() == (HEAD,)


def test_it_works_where_no_psql_is_installed(folder: Path, tmp_path: Path) -> None:
    run("up", "--folder", str(folder))  # as root, this makes the user of the server
    done = run("up", "--folder", str(folder), "--json", variables={"PATH": str(tmp_path)})
    assert done.code == 0
    assert in_shell(done.document["psql"], "SELECT 1", PATH=str(tmp_path)) == "1"


def test_json_tells_how_to_connect(folder: Path) -> None:
    done = run("up", "--folder", str(folder), "--json")
    document = done.document
    assert done.code == 0
    assert document.keys() == {"url", "psql", "revision", "server", "demo", "day"}
    assert (document["revision"], document["demo"]) == (HEAD, False)
    with psycopg.connect(document["url"]) as connection:
        version = connection.info.parameter_status("server_version")
    assert document["server"] == version
    assert run("up", "--folder", str(folder), "--demo", "--json").document["demo"] is True


def test_up_again_changes_nothing(folder: Path) -> None:
    run("up", "--folder", str(folder))
    done = run("up", "--folder", str(folder))
    assert (done.code, done.stderr) == (0, "")
    assert f"at revision {HEAD}" in done.stdout


def test_the_folder_is_below_the_working_directory_by_default(folder: Path) -> None:
    folder.mkdir()
    done = run("up", folder=folder)
    assert done.code == 0
    assert (folder / ".ticket-schema" / "pg" / "PG_VERSION").is_file()
    assert "Stop it with: ticket-schema down\n" in done.stdout
    assert run("down", folder=folder).stdout == "Stopped.\n"


def test_a_database_named_elsewhere_is_left_alone(folder: Path) -> None:
    nowhere = "postgresql://nobody@localhost:1/nothing"
    done = run("up", "--folder", str(folder), url=nowhere, variables={"DATABASE_URL": nowhere})
    assert done.code == 0


def test_down_says_whether_there_was_something_to_stop(folder: Path) -> None:
    run("up", "--folder", str(folder))
    assert run("down", "--folder", str(folder), "--json").document == {"stopped": True}
    assert run("down", "--folder", str(folder), "--json").document == {"stopped": False}
    again = run("down", "--folder", str(folder))
    assert (again.code, again.stdout) == (0, f"No server is running in {folder}.\n")


def test_the_data_survive_down_and_up(folder: Path) -> None:
    run("up", "--demo", "--folder", str(folder))
    run("down", "--folder", str(folder))
    done = run("up", "--demo", "--folder", str(folder), "--json")
    assert (done.code, done.stderr, done.document["demo"]) == (0, "", False)
    count = in_shell(done.document["psql"], "SELECT count(*) FROM ticketing.tenants")
    assert count == "2"


def test_a_folder_that_holds_something_else_is_refused_and_kept(folder: Path) -> None:
    folder.mkdir()
    (folder / "letter.txt").write_text("mine")
    done = run("up", "--folder", str(folder))
    assert str(folder) in done.refusal(1)
    assert len(done.progress) == 2
    assert (folder / "letter.txt").read_text() == "mine"


def test_several_at_once_bring_up_one_server(folder: Path) -> None:
    callers = [
        subprocess.Popen(
            [*(sys.executable, "-m", "ticket_schema", "up", "--folder"), str(folder)],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    said = [caller.communicate(timeout=120) for caller in callers]
    assert [caller.returncode for caller in callers] == [0] * 4, said
    assert sum(err.count(f"↑ {HEAD}") for _, err in said) == 1
    with psycopg.connect(embedded.start(folder).url()) as connection:
        query = "SELECT version_num FROM ticketing.alembic_version"
        assert connection.execute(query).fetchall() == [(HEAD,)]
