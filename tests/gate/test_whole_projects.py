"""The dynamic stage on whole projects, our own among them, and where it runs."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from gate.projects import ENV, Plain
from support.command import REVISIONS
from support.databases import MIGRATOR, Database, database
from support.servers import Server
from ticket_schema.catalog import Catalog
from ticket_schema.errors import TicketSchemaError
from ticket_schema.gate.dynamic import check
from ticket_schema.gate.finding import Report, Severity
from ticket_schema.gate.project import load
from ticket_schema.gate.rehearsal import differences, rehearse
from ticket_schema.gate.scratch import scratch

# Measured on two idle cores it takes half of that.
_LIMIT_SECONDS = 240


def test_our_own_revisions_pass(server: Server, template: Database) -> None:
    # The template: in an empty cluster who makes the roles is who may grant them, to other tests.
    project = load(None)
    project.render()
    started = time.monotonic()
    with scratch(server.url) as made:
        seen = rehearse(project, made)
    assert time.monotonic() - started < _LIMIT_SECONDS

    assert [one.revision.id for one in seen.revisions] == REVISIONS
    assert seen.stopped is None
    assert not seen.left_invalid
    for one in seen.revisions:
        assert one.up.failure is None
        assert one.on_rows, one.revision.id
        assert one.missing == {}, one.revision.id
        assert one.down is not None
        assert one.down.failure is None
        assert one.again is not None
        assert (list(one.left), list(one.differs)) == ([], [])
        assert not one.broken
    by_id = {one.revision.id: one for one in seen.revisions}
    # It was not for want of rows, of statements, or of interruptions.
    assert sum(table.rows for table in by_id["0021"].tables.values()) > 1000
    assert by_id["0001"].up.traces
    for revision in ("0008", "0009", "0010"):
        assert by_id[revision].kills, revision
        for kill in by_id[revision].kills:
            assert kill.again.failure is None
            assert kill.differences == []


def test_our_own_revisions_break_no_rule(server: Server, template: Database) -> None:
    report = Report()
    project = load(None)
    project.render()
    last = project.revisions[-3:]
    project.revisions = tuple(
        one if one in last else replace(one, checked=False) for one in project.revisions
    )
    report.findings = check(project, report, url=server.url)
    assert [f for f in report.findings if f.weight is Severity.ERROR] == []
    assert report.locks["0021"][0].relation == "ticketing.reservations"
    assert report.locks["0021"][0].mode == "AccessExclusiveLock"
    assert report.locks["0021"][0].file is not None


MODELS = """
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    title: Mapped[str]
"""


def test_a_project_with_models_and_autogenerate(
    tmp_path: Path, empty: Database, server: Server
) -> None:
    env = ENV.replace("target_metadata=None", "target_metadata=Base.metadata").replace(
        "config = context.config\n",
        "import sys, pathlib\nsys.path.insert(0, str(pathlib.Path(__file__).parent.parent))\n"
        "from shop_models import Base\n\nconfig = context.config\n",
    )
    project = Plain(tmp_path, env)
    (tmp_path / "shop_models.py").write_text(MODELS)
    (tmp_path / "migrations" / "script.py.mako").write_text(
        '"""${message}"""\nfrom alembic import op\nimport sqlalchemy as sa\n${imports or ""}\n'
        "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n\n\n"
        "def upgrade():\n    ${upgrades}\n\n\ndef downgrade():\n    ${downgrades}\n"
    )
    config = Config(str(project.ini))
    url = empty.migrator_url
    parts = psycopg.conninfo.conninfo_to_dict(url)
    host, port = parts.get("host", ""), parts.get("port", "5432")
    address = (
        f"postgresql+psycopg://{parts['user']}:{parts['password']}@/{parts['dbname']}"
        f"?host={host}&port={port}"
    )
    config.set_main_option("sqlalchemy.url", address.replace("%", "%%"))
    command.revision(config, "books", autogenerate=True, rev_id="a1")
    command.upgrade(config, "head")
    models = MODELS.replace(
        "    title: Mapped[str]\n",
        "    title: Mapped[str] = mapped_column(index=True)\n",
    )
    for number, text in (("a2", models), ("a3", f"{models}    pages: Mapped[int]\n")):
        (tmp_path / "shop_models.py").write_text(text)
        del sys.modules["shop_models"]
        command.revision(config, number, autogenerate=True, rev_id=number)
        command.upgrade(config, "head")
    del sys.modules["shop_models"]

    loaded = project.load()
    loaded.render()
    report = Report()
    report.findings = check(loaded, report, url=server.url)
    found = {(f.revision, f.rule.id) for f in report.findings}
    # Autogenerate writes both as if the table had no rows.
    assert ("a3", "fails-on-rows") in found
    assert ("a2", "builds-index-under-lock") in found
    assert ("a1", "foreign-key-without-index") in found
    assert not any("ticketing" in f.happens or "tenant" in f.happens for f in report.findings)
    assert report.locks["a2"][0].relation == "public.book"


def test_a_server_of_its_own_is_made_and_taken_away(tmp_path: Path) -> None:
    project = Plain(tmp_path).sql(
        "0001", "CREATE TABLE a (id bigint CONSTRAINT a_pk PRIMARY KEY)", downgrade="DROP TABLE a"
    )
    report = Report()
    report.findings = check(project.load(), report)
    assert report.findings == []
    assert set(report.stages) == {"server", "rehearsal"}


def test_who_migrates_is_no_superuser_and_leaves_nothing(tmp_path: Path, server: Server) -> None:
    project = Plain(tmp_path).revision(
        "0001",
        """
        row = op.get_bind().execute(sa.text(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )).scalar()
        assert row is False
        """,
    )
    with psycopg.connect(server.url) as connection:
        counting = "SELECT (SELECT count(*) FROM pg_database), (SELECT count(*) FROM pg_roles)"
        before = connection.execute(counting).fetchone()
        connection.rollback()
        report = Report()
        report.findings = check(project.load(), report, url=server.url)
        assert report.findings == []
        assert connection.execute(counting).fetchone() == before


def test_a_scratch_server_needs_a_superuser(server: Server, tmp_path: Path) -> None:
    with (
        database(server) as made,
        pytest.raises(TicketSchemaError, match="superuser"),
        scratch(made.url(MIGRATOR)),
    ):
        raise AssertionError


def test_an_environment_that_goes_elsewhere_is_stopped(
    tmp_path: Path, server: Server, empty: Database
) -> None:
    """It connects by itself, past the events of SQLAlchemy."""
    address = empty.superuser_url
    env = ENV.replace(
        "engine_from_config(\n        config.get_section(config.config_ini_section),"
        ' prefix="sqlalchemy.",\n        poolclass=pool.NullPool,\n    )',
        f'create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect({address!r}),'
        " poolclass=pool.NullPool)",
    ).replace("import engine_from_config,", "import create_engine,")
    env = f"import psycopg\n{env}"
    assert "creator=" in env
    project = Plain(tmp_path, env).sql("0001", "CREATE TABLE a (id bigint)")
    report = Report()
    report.findings = check(project.load(), report, url=server.url)
    assert "is not the scratch one" in report.findings[0].happens
    with empty.connect() as connection:
        row = connection.execute("SELECT to_regclass('a')").fetchone()
        assert row == (None,)


def test_differences_are_named() -> None:
    table: Catalog = {"table": {"a": {"owner": "x", "position": 1}, "b": {}}}
    other: Catalog = {"table": {"a": {"owner": "y", "position": 2}}, "index": {"i": {}}}
    assert differences({"s": table}, {"s": other, "t": {}}) == [
        "index i is left",
        "table a was changed (owner)",
        "table b is missing",
        "schema t is left",
    ]
    old: Catalog = {"column": {"a.b": {"position": 1}}}
    moved: Catalog = {"column": {"a.b": {"position": 7}}}
    assert differences({"s": old}, {"s": moved}) == []
