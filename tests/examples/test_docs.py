"""What README and docs show is run: commands, SQL and links."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.names import shown
from support.psql import executable
from support.session import Session
from ticket_schema import demo
from ticket_schema.embedded import Embedded
from ticket_schema.runner import Options

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def blocks(page: Path, language: str) -> list[str]:
    return [text for found, text in FENCE.findall(page.read_text("utf-8")) if found == language]


def commands(page: Path) -> list[str]:
    lines = "".join(blocks(page, "sh")).splitlines()
    return [line.partition(" #")[0].strip() for line in lines if line.strip()]


def with_commands(prefix: str) -> list[tuple[Path, str]]:
    return [(page, line) for page in PAGES for line in commands(page) if line.split()[0] == prefix]


def test_every_command_is_of_a_kind_that_is_tested() -> None:
    kinds = {line.split()[0] for page in PAGES for line in commands(page)}
    assert kinds == {"make", "ticket-schema", "psql", "pip", "export"}


@pytest.mark.parametrize(("page", "line"), with_commands("make"), ids=shown)
def test_make_targets_exist(page: Path, line: str) -> None:
    target = line.split()[1]
    help_text = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert f"  {target} " in help_text
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "sh")], ids=lambda p: p.name)
def test_commands_on_a_database_succeed(page: Path, empty: Database, tmp_path: Path) -> None:
    lines = [line for line in commands(page) if line.split()[0] in ("ticket-schema", "psql")]
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "psql").symlink_to(executable())
    command = shutil.which("ticket-schema", path=str(Path(sys.executable).parent))
    assert command is not None
    (programs / "ticket-schema").symlink_to(command)
    environment = {
        **os.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "DATABASE_URL": empty.migrator_url,
        "TICKET_SCHEMA_URL": "",
    }
    for line in lines:
        if line.startswith("psql"):  # the script starts from nothing
            with empty.connect() as connection:
                connection.execute("DROP SCHEMA IF EXISTS ticketing CASCADE")
        done = subprocess.run(
            line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}: {done.stderr}"


def test_a_dba_asks_one_rule(shared: Database) -> None:
    (text,) = [t for t in blocks(ROOT / "docs/operations.md", "bash") if "ticket_schema.lint" in t]
    folders = [Path(sys.executable).parent, Path(executable()).parent, os.environ["PATH"]]
    done = subprocess.run(
        ["bash", "-e"],
        input=text,
        env={
            **os.environ,
            "PATH": os.pathsep.join(map(str, folders)),
            "DATABASE_URL": shared.url("ts_test_readonly"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "grants.sql" in done.stdout
    assert "(0 rows)" in done.stdout


def test_what_is_installed_is_this_package() -> None:
    lines = [line for _, line in with_commands("pip")]
    assert lines == ["pip install ticket-schema"]
    assert 'name = "ticket-schema"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_the_one_line_ini_is_one_line() -> None:
    (text,) = blocks(ROOT / "README.md", "ini")
    ini = configparser.ConfigParser()
    ini.read_string(text)
    assert dict(ini["alembic"]) == {"script_location": "ticket_schema:migrations"}


def test_the_sql_of_the_readme_reserves_tickets(clone: Database) -> None:
    (text,) = blocks(ROOT / "README.md", "sql")
    with clone.connect() as connection:
        demo.load(connection)
        with clone.connect("ts_test_app") as service:
            service.execute(text.encode())
        row = connection.execute(
            "SELECT status, quantity FROM ticketing.reservations WHERE guest_session = 'session-1'"
        ).fetchone()
    assert row == ("pending", 2)


@pytest.fixture
def northlight(clone: Database) -> tuple[UUID, UUID]:
    """The tenant of the examples and a user of theirs, under the ids that the demo gives them."""
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        by_name = "SELECT md5(%s)::uuid"
        tenant = make.tenant(id=make.session.value(by_name, "demo northlight"))
        user = make.id("users", tenant, id=make.session.value(by_name, "demo northlight user 4"))
        make.row("events", tenant)
    return tenant, user


@pytest.mark.usefixtures("northlight")
def test_the_context_of_the_docs_is_accepted(clone: Database) -> None:
    text, *_ = blocks(ROOT / "docs" / "dependents.md", "sql")
    with clone.connect("ts_test_app") as connection:
        for statement in filter(None, map(str.strip, text.split(";"))):
            cursor = connection.execute(statement.encode())
            if statement.startswith("SELECT name"):
                assert len(cursor.fetchall()) == 1
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_the_door_of_the_docs_lets_somebody_in(clone: Database) -> None:
    found = blocks(ROOT / "docs" / "dependents.md", "sql")
    (text,) = [block for block in found if "record_scan_attempt" in block]
    with clone.connect() as connection, clone.connect("ts_test_app") as service:
        demo.load(connection)
        for _ in range(2):
            service.execute(text.encode())
        rows = connection.execute(
            "SELECT result, is_first_entry, client_nonce FROM ticketing.ticket_scans"
            " WHERE client_nonce IS NOT NULL"
        ).fetchall()
    assert rows == [("valid", True, "1f0c7d")]


def test_each_result_of_a_scan_is_explained(db: Session) -> None:
    text = (ROOT / "docs" / "dependents.md").read_text("utf-8")
    table = text.partition("| `result` |")[2].partition("\n\n")[0]
    told = {word for row in table.splitlines() for word in re.findall(r"`(\w+)`", row[:60])}
    (listed,) = db.one(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s",
        "chk_ticket_scans_result",
    ).values()
    assert told == set(re.findall(r"'(\w+)'::text", listed))


def test_each_argument_of_the_docs_sets_the_variable_beside_it(
    clone: Database, northlight: tuple[UUID, UUID]
) -> None:
    text = (ROOT / "docs" / "dependents.md").read_text("utf-8")
    rows = re.findall(r"^\| `(app\.\w+)` \| `(p_\w+)`", text, re.MULTILINE)
    values = {argument: argument for _, argument in rows}
    values |= {"p_tenant_id": str(northlight[0]), "p_user_id": str(northlight[1])}
    values |= {"p_user_role": "staff", "p_actor_type": "admin"}
    named = ", ".join(f"{argument} => %({argument})s" for argument in values)
    with psycopg.connect(clone.url("ts_test_app")) as connection:
        connection.execute(f"SELECT ticketing.set_tenant_context({named})".encode(), values)
        found = {
            argument: Session(connection).value("SELECT current_setting(%s)", variable)
            for variable, argument in rows
        }
    assert found == values


def test_the_roles_of_a_dba_are_enough(fresh_cluster: Embedded) -> None:
    (text,) = blocks(ROOT / "docs" / "operations.md", "sql")
    with psycopg.connect(fresh_cluster.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE migrator LOGIN")
        connection.execute("CREATE DATABASE tickets")
        try:
            connection.execute(text.encode())
            url = fresh_cluster.url("tickets").replace("postgres@", "migrator@")
            done = subprocess.run(
                [sys.executable, "-m", "ticket_schema", "upgrade", "--no-create-roles"],
                env={**os.environ, "TICKET_SCHEMA_URL": url},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
        finally:
            connection.execute("DROP DATABASE tickets WITH (FORCE)")
            roles = re.findall(r"CREATE ROLE (\w+)", text)
            connection.execute(f"DROP ROLE migrator, {', '.join(roles)}".encode())


def test_the_policy_template_is_the_one_in_use(clone: Database) -> None:
    (text,) = blocks(ROOT / "CONTRIBUTING.md", "sql")
    with clone.connect() as connection:
        connection.execute("CREATE TABLE ticketing.example (tenant_id uuid)")
        connection.execute(text.replace("<table>", "example").encode())
        rows = connection.execute(
            "SELECT DISTINCT replace(pg_get_expr(polqual, polrelid), 'example', 'ticket_bundles')"
            " FROM pg_policy WHERE polrelid IN ('ticketing.example'::regclass,"
            " 'ticketing.ticket_bundles'::regclass) AND polqual IS NOT NULL"
        ).fetchall()
    assert len(rows) == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "dependents.md").read_text("utf-8")
    for field in fields(Options):
        row = re.search(rf"^\| `{field.name}` \|([^|]*)\|", text, re.MULTILINE)
        assert row is not None, field.name
        shown = row[1].strip(" `")
        assert shown == shown_as(field.default), field.name


def shown_as(default: object) -> str:
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, float):
        return f"{default:g}"
    return "" if default is None else str(default)


def test_every_session_variable_is_documented() -> None:
    text = (ROOT / "docs" / "dependents.md").read_text("utf-8")
    used = {
        name
        for path in (ROOT / "sql" / "functions").glob("*.sql")
        for name in re.findall(r"current_setting\('(app\.\w+)'", path.read_text("utf-8"))
    }
    assert used == set(re.findall(r"^\| `(app\.\w+)`", text, re.MULTILINE))
