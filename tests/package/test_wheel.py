"""What is built and installed holds every revision, and runs from one line of ini."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from support.command import HEAD, REVISIONS, environment, state
from support.databases import Database
from ticket_schema.errors import Exit

CHECKOUT = Path(__file__).parents[2]
TOP = ("src", "versions", "sql", "pyproject.toml", "LICENSE", "README.md")
ONE_LINE = "[alembic]\nscript_location = ticket_schema:migrations\n"


@dataclass(frozen=True)
class Built:
    """The two files that would be published."""

    sdist: Path
    wheel: Path


@dataclass(frozen=True)
class Installed:
    """The programs of an environment that the wheel is installed in, and an empty folder."""

    programs: Path
    folder: Path

    def run(self, program: str, *arguments: str, url: str = "") -> subprocess.CompletedProcess[str]:
        """Runs one of the programs in the folder."""
        return start([str(self.programs / program), *arguments], self.folder, url)


def start(command: list[str], folder: Path, url: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a command with nothing inherited but the database."""
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(**({"DATABASE_URL": url} if url else {})),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Returns what a command printed, after a look at its exit code."""
    assert done.returncode == 0, done
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """An sdist of this checkout, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("build")
    source = folder / "source"
    source.mkdir()
    for name in TOP:
        place = CHECKOUT / name
        if place.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(place, source / name, ignore=ignored)
        elif place.is_file():
            shutil.copy(place, source / name)
    said(start([sys.executable, "-m", "build", "--outdir", "out", "source"], folder))
    (sdist,) = (folder / "out").glob("*.tar.gz")
    (wheel,) = (folder / "out").glob("*.whl")
    return Built(sdist, wheel)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A clean environment with the wheel, and a folder with one line of ini."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place / "venv", with_pip=True, system_site_packages=False)
    made = Installed(place / "venv" / "bin", place / "empty")
    made.folder.mkdir()
    (made.folder / "alembic.ini").write_text(ONE_LINE)
    said(made.run("python", "-m", "pip", "install", "--quiet", str(built.wheel)))
    return made


def expected() -> set[str]:
    """Returns where each revision, each stamped file and the other data belong in the wheel."""
    kept = {
        f"ticket_schema/migrations/versions/{file.name}"
        for file in (CHECKOUT / "versions").iterdir()
        if file.is_file()
    }
    kept |= {
        f"ticket_schema/sql/{file.relative_to(CHECKOUT / 'sql').as_posix()}"
        for file in (CHECKOUT / "sql").rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    package = CHECKOUT / "src" / "ticket_schema"
    kept |= {
        f"ticket_schema/{file.relative_to(package).as_posix()}"
        for file in package.rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    return kept


def test_the_wheel_holds_every_file(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == expected()
    assert "ticket_schema/migrations/script.py.mako" in packed
    assert f"ticket_schema/migrations/versions/{REVISIONS[0]}_service_references.py" in packed
    assert "ticket_schema/sql/tables/tickets.0001.sql" in packed


def test_the_sdist_holds_every_file(built: Built) -> None:
    with tarfile.open(built.sdist) as sdist:
        packed = {name.partition("/")[2] for name in sdist.getnames()}
    wanted = {
        file.relative_to(CHECKOUT).as_posix()
        for folder in ("versions", "sql", "src/ticket_schema")
        for file in (CHECKOUT / folder).rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    assert wanted - packed == set()
    assert "src/ticket_schema/migrations/script.py.mako" in packed


def test_plain_alembic_migrates_from_the_wheel(
    installed: Installed, empty: Database, template: Database
) -> None:
    url = empty.migrator_url
    said(installed.run("alembic", "upgrade", "head", url=url))
    assert state(empty) == state(template)
    said(installed.run("alembic", "downgrade", "base", url=url))
    assert state(empty)[1] == []
    said(installed.run("alembic", "upgrade", "head", url=url))
    assert state(empty) == state(template)
    assert HEAD in said(installed.run("alembic", "current", "--check-heads", url=url))


def test_plain_alembic_tells_below_head_from_the_wheel(
    installed: Installed, empty: Database, template: Database
) -> None:
    url = empty.migrator_url
    said(installed.run("alembic", "upgrade", "0000", url=url))
    assert installed.run("alembic", "current", "--check-heads", url=url).returncode != 0


def test_the_command_is_installed(installed: Installed, empty: Database) -> None:
    listed = said(installed.run("ticket-schema", "history")).splitlines()
    assert [line[:4] for line in listed] == REVISIONS
    said(installed.run("ticket-schema", "upgrade", url=empty.migrator_url))
    assert "ERROR" not in said(installed.run("ticket-schema", "status", url=empty.migrator_url))


def test_without_its_extra_the_embedded_server_is_refused(installed: Installed) -> None:
    done = installed.run("ticket-schema", "up")
    assert done.returncode == Exit.FAILED
    what, hint = done.stderr.splitlines()
    assert what == "error: The embedded server is not installed."
    assert hint == "hint:  Run: pip install 'ticket-schema[embedded]'."
    assert not (installed.folder / ".ticket-schema").exists()


def test_the_environment_holds_no_link_to_the_checkout(installed: Installed) -> None:
    line = "import ticket_schema; print(ticket_schema.__file__)"
    found = Path(said(installed.run("python", "-c", line)).strip())
    assert found.is_relative_to(installed.programs.parent)


@pytest.mark.parametrize("command", ["upgrade", "stamp"])
def test_a_linked_checkout_never_pretends(
    empty: Database, template: Database, tmp_path: Path, command: str
) -> None:
    (tmp_path / "alembic.ini").write_text(ONE_LINE)
    done = start([sys.executable, "-m", "alembic", command, "head"], tmp_path, empty.migrator_url)
    if done.returncode == 0:
        assert state(empty)[1] == [HEAD]
    else:
        assert "No revisions were found" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        with psycopg.connect(empty.superuser_url) as connection:
            query = "SELECT to_regnamespace('ticketing'), to_regclass('alembic_version')"
            assert connection.execute(query).fetchone() == (None, None)
