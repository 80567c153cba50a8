"""Projects as `alembic init` makes them, each template and what users do to it, run as a whole."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import Script

from support.command import run
from support.servers import Server
from ticket_schema import gate
from ticket_schema.errors import TicketSchemaError
from ticket_schema.gate import scratch
from ticket_schema.gate.finding import Severity

UP = {
    "one": "op.execute('CREATE TABLE t (id bigint CONSTRAINT t_pk PRIMARY KEY, a text)')",
    "two": "op.execute('ALTER TABLE t ADD COLUMN b int')\n    op.execute('UPDATE t SET b = 1')",
}
DOWN = {"one": "op.execute('DROP TABLE t')", "two": "op.drop_column('t', 'b')"}
NOWHERE = "postgresql+psycopg://app:hunter2@nowhere.invalid/app"


class Shape:
    """A project of one of Alembic's templates."""

    def __init__(self, folder: Path, template: str, url: str = NOWHERE) -> None:
        self.ini = folder / "alembic.ini"
        self.env = folder / "migrations" / "env.py"
        with contextlib.redirect_stdout(io.StringIO()):
            command.init(self.config, str(folder / "migrations"), template)
        if url:
            self.edit(self.ini, r"^sqlalchemy.url = .*", f"sqlalchemy.url = {url}")

    @property
    def config(self) -> Config:
        """What the ini says by now."""
        return Config(str(self.ini))

    def edit(self, file: Path, pattern: str, by: str) -> None:
        text = file.read_text()
        new = re.sub(pattern, lambda _: by, text, flags=re.MULTILINE)
        assert new != text, pattern
        file.write_text(new)

    def revisions(self) -> Shape:
        for name, upgrade in UP.items():
            made = command.revision(self.config, name, rev_id=name)
            assert isinstance(made, Script)
            up, _, down = Path(made.path).read_text().partition("def downgrade(")
            text = f"{up.replace('pass', upgrade)}def downgrade({down.replace('pass', DOWN[name])}"
            Path(made.path).write_text(text)
        return self

    def errors(self, server: Server) -> set[tuple[str | None, str]]:
        report = gate.check(self.ini, rehearsed=True, url=server.url)
        assert report.revisions > 0
        return {
            (one.revision, one.rule.id) for one in report.findings if one.weight is Severity.ERROR
        }


FOUND = {("two", "backfills-with-ddl")}


@pytest.mark.parametrize("template", ["generic", "async"])
@pytest.mark.parametrize("url", [NOWHERE, ""], ids=["named", "left as it is"])
def test_a_template_as_it_is(tmp_path: Path, server: Server, template: str, url: str) -> None:
    assert Shape(tmp_path, template, url).revisions().errors(server) == FOUND


def test_a_version_table_elsewhere(tmp_path: Path, server: Server) -> None:
    shape = Shape(tmp_path, "generic").revisions()
    more = "version_table='changes', version_table_schema='ops', transaction_per_migration=True"
    shape.edit(
        shape.env,
        r"^            connection=connection, target_metadata=target_metadata$",
        f"            connection=connection, target_metadata=target_metadata, {more}",
    )
    shape.edit(
        shape.env,
        r"^    with connectable.connect\(\) as connection:$",
        "    with connectable.connect() as connection:\n"
        "        connection.exec_driver_sql('CREATE SCHEMA IF NOT EXISTS ops')\n"
        "        connection.commit()",
    )
    assert shape.errors(server) == FOUND


def test_an_address_from_the_settings_of_the_application(tmp_path: Path, server: Server) -> None:
    shape = Shape(tmp_path, "generic").revisions()
    (tmp_path / "shape_settings.py").write_text(f"URL = {NOWHERE!r}\n")
    shape.edit(
        shape.env,
        r"^config = context.config$",
        "import shape_settings\n\nconfig = context.config\n"
        "config.set_main_option('sqlalchemy.url', shape_settings.URL)",
    )
    assert shape.errors(server) == FOUND


def test_a_variable_that_is_not_set_is_one_sentence(tmp_path: Path) -> None:
    shape = Shape(tmp_path, "generic").revisions()
    by = "import os\n\nconfig = context.config\nurl = os.environ['NO_SUCH_VARIABLE']"
    shape.edit(shape.env, r"^config = context.config$", by)
    with pytest.raises(TicketSchemaError, match="KeyError: 'NO_SUCH_VARIABLE'") as refused:
        gate.check(shape.ini)
    assert "set to anything" in refused.value.hint


def test_what_the_environment_says_when_it_fails_tells_no_password(
    tmp_path: Path, server: Server
) -> None:
    shape = Shape(tmp_path, "generic").revisions()
    by = f"else:\n    raise RuntimeError('no answer from {NOWHERE}')\n    run_migrations_online()"
    shape.edit(shape.env, r"^else:\n    run_migrations_online\(\)", by)
    report = gate.check(shape.ini, rehearsed=True, url=server.url)
    told = " ".join(one.happens for one in report.findings)
    assert "no answer from postgresql+psycopg://app:***@nowhere.invalid" in told
    assert "hunter2" not in told


def test_a_second_base_with_a_folder_of_its_own(tmp_path: Path, server: Server) -> None:
    shape = Shape(tmp_path, "generic").revisions()
    (tmp_path / "plugin").mkdir()
    shape.edit(shape.ini, r"^path_separator = .*", "path_separator = newline")
    both = "%(here)s/migrations/versions\n    %(here)s/plugin"
    shape.edit(shape.ini, r"^# version_locations = .*", f"version_locations = {both}")
    made = command.revision(
        shape.config,
        "plug",
        rev_id="p1",
        head="base",
        branch_label="plug",
        version_path=str(tmp_path / "plugin"),
        depends_on="two",
    )
    assert isinstance(made, Script)
    index = "op.execute('CREATE INDEX t_a ON t (a)')"
    text = Path(made.path).read_text().replace("pass", index, 1)
    text = text.replace("pass", "op.execute('DROP INDEX t_a')")
    Path(made.path).write_text(text)
    assert shape.errors(server) == {*FOUND, ("p1", "index-not-concurrent")}


def test_an_environment_that_waits_for_itself_is_stopped(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its two databases are one here, and each run of Alembic makes the version table."""
    monkeypatch.setitem(scratch._SETTINGS, "lock_timeout", "300ms")
    shape = Shape(tmp_path, "multidb")
    command.revision(shape.config, "one", rev_id="one")
    report = gate.check(shape.ini, rehearsed=True, url=server.url)
    (found,) = [one for one in report.findings if one.rule.id == "upgrade-fails"]
    assert "connections of env.py wait for each other" in found.happens


MODELS = """
import enum

from sqlalchemy import Index, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})


class Kind(enum.Enum):
    new = "new"


class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind]
"""


def test_models_that_went_on_without_a_revision(tmp_path: Path, server: Server) -> None:
    shape = Shape(tmp_path, "generic")
    models = tmp_path / "shape_models.py"
    models.write_text(MODELS)
    shape.edit(
        shape.env,
        r"^target_metadata = None$",
        "from importlib import reload\n\nimport shape_models\n\n"
        "target_metadata = reload(shape_models).Base.metadata",
    )
    made = command.revision(shape.config, "one", rev_id="one")
    assert isinstance(made, Script)
    table = (
        "op.execute(\"CREATE TYPE kind AS ENUM ('new')\")\n    op.execute('CREATE TABLE item"
        " (id serial CONSTRAINT pk_item PRIMARY KEY, kind kind NOT NULL)')"
    )
    text = Path(made.path).read_text().replace("pass", table, 1)
    Path(made.path).write_text(text.replace("pass", "op.drop_table('item')"))

    # What the downgrade of every autogenerated enum type forgets.
    report = gate.check(shape.ini, rehearsed=True, url=server.url)
    (left,) = [one for one in report.findings if one.rule.id == "downgrade-leaves-trace"]
    assert left.happens.startswith("After the downgrade type kind is left, and it cannot be")
    # What Alembic prints when nothing differs is no part of a report.
    told = run("gate", "--json", "--url", server.url, folder=tmp_path).document
    assert "models-differ" not in {one["rule"] for one in told["findings"]}

    models.write_text(
        f"{MODELS}    pages: Mapped[int]\n    __table_args__ = (Index('i', 'pages'),)\n"
    )
    report = gate.check(shape.ini, rehearsed=True, url=server.url)
    (differ,) = [one for one in report.findings if one.rule.id == "models-differ"]
    assert differ.weight is Severity.WARNING
    assert differ.happens == (
        "At the head column item.pages is only in the models, index i of item (pages) is only in"
        " the models."
    )
