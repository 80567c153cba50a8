"""Any Alembic project can be read and rendered without a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.alembic_project import AlembicProject
from support.command import REVISIONS
from ticket_schema.errors import TicketSchemaError
from ticket_schema.gate import project

TABLE = 'op.execute("CREATE TABLE t (id bigint PRIMARY KEY)")'


@pytest.fixture
def plain(tmp_path: Path) -> AlembicProject:
    return AlembicProject(tmp_path)


def test_our_own_statements_come_from_their_stamped_files() -> None:
    ours = project.load()
    ours.render()

    assert [one.id for one in ours.revisions] == REVISIONS
    assert ours.ours
    assert ours.per_migration
    for revision in ours.revisions:
        assert not revision.failures
        assert revision.down
    tickets = ours.revisions[1]
    found = [one for one in tickets.up if one.text.startswith("CREATE TABLE ticketing.tickets (")]
    (statement,) = found
    assert statement.place is not None
    assert statement.place.file.name == "tickets.0001.sql"
    lines = statement.place.file.read_text().splitlines()
    assert lines[statement.place.line - 1] == "CREATE TABLE ticketing.tickets ("
    assert lines[statement.place.last_line - 1] == ")" or lines[
        statement.place.last_line - 1
    ].startswith(")")


def test_a_statement_is_found_inside_its_module(plain: AlembicProject) -> None:
    path = plain.revision(
        "a1",
        '''
        op.create_table("t", sa.Column("id", sa.BigInteger, primary_key=True))
        op.execute("""
            -- why
            ALTER TABLE t ADD COLUMN a text;
            ALTER TABLE t
                ADD COLUMN b text;
        """)
        ''',
    )
    loaded = project.load(plain.ini)
    loaded.render()

    (revision,) = loaded.revisions
    lines = path.read_text().splitlines()
    assert [one.text.split()[0] for one in revision.up] == ["CREATE", "ALTER", "ALTER"]
    starts = []
    for statement in revision.up:
        assert statement.place is not None
        starts.append(lines[statement.place.line - 1].strip())
    assert starts[0].startswith("op.create_table")
    assert starts[1:] == ["ALTER TABLE t ADD COLUMN a text;", "ALTER TABLE t"]
    assert not loaded.ours


def test_transactions_are_told_apart(tmp_path: Path) -> None:
    together = AlembicProject(tmp_path / "together", per_migration=False)
    apart = AlembicProject(tmp_path / "apart")
    for one in (together, apart):
        one.revision("a1", TABLE)
        one.revision(
            "a2",
            """
            op.execute("ALTER TABLE t ADD COLUMN a text")
            with op.get_context().autocommit_block():
                op.execute("CREATE INDEX CONCURRENTLY i ON t (a)")
            op.execute("ALTER TABLE t ADD COLUMN b text")
            """,
        )

    numbers = {}
    for one in (together, apart):
        loaded = project.load(one.ini)
        loaded.render()
        numbers[one.folder.name] = [
            statement.transaction for revision in loaded.revisions for statement in revision.up
        ]

    assert numbers == {"together": [0, 0, None, 1], "apart": [1, 2, None, 3]}


def test_a_revision_that_asks_the_database_is_a_failure_with_its_line(
    plain: AlembicProject,
) -> None:
    plain.revision("a1", TABLE)
    path = plain.revision("a2", 'op.get_bind().execute(sa.text("SELECT 1")).scalar()')
    plain.revision("a3", 'op.execute("ALTER TABLE t ADD COLUMN a text")')
    loaded = project.load(plain.ini)
    loaded.render()

    first, second, third = loaded.revisions
    (failure,) = second.failures
    assert not failure.downgrade
    assert "op.get_bind()" in path.read_text().splitlines()[failure.place.line - 1]
    assert "NoneType" in failure.message
    assert not first.failures
    assert len(third.up) == 1


def test_only_what_is_newer_than_a_ref_is_checked(plain: AlembicProject) -> None:
    plain.revision("a1", TABLE)
    plain.commit("v1")
    plain.revision("a2", 'op.execute("ALTER TABLE t ADD COLUMN a text")')

    loaded = project.load(plain.ini, since="v1")

    assert [one.id for one in loaded.checked] == ["a2"]
    assert list(loaded.landed) == ["a1"]


def test_an_unknown_ref_is_refused(plain: AlembicProject) -> None:
    plain.revision("a1", TABLE)
    plain.commit("v1")

    with pytest.raises(TicketSchemaError, match=r"git knows no v9\."):
        project.load(plain.ini, since="v9")


def test_an_environment_that_needs_a_database_is_refused(tmp_path: Path) -> None:
    broken = AlembicProject(tmp_path, env="import os\nos.environ['NOT_SET_ANYWHERE']\n")
    broken.revision("a1", TABLE)
    loaded = project.load(broken.ini)

    with pytest.raises(TicketSchemaError, match=r"env\.py fails in offline mode: KeyError"):
        loaded.render()


def test_an_environment_that_exits_is_refused(tmp_path: Path) -> None:
    leaving = AlembicProject(tmp_path, env="import sys\nsys.exit(0)\n")
    leaving.revision("a1", TABLE)
    loaded = project.load(leaving.ini)

    with pytest.raises(TicketSchemaError, match=r"env\.py fails in offline mode: SystemExit"):
        loaded.render()


@pytest.mark.parametrize("name", ["nowhere.ini", "empty.ini"])
def test_what_is_no_project_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty.ini").write_text("[alembic]\n")

    with pytest.raises(TicketSchemaError):
        project.load(tmp_path / name)


def test_a_pyproject_is_read(plain: AlembicProject) -> None:
    plain.revision("a1", TABLE)
    plain.ini.unlink()
    (plain.folder / "pyproject.toml").write_text(
        '[tool.alembic]\nscript_location = "%(here)s/migrations"\n'
    )

    assert [one.id for one in project.load(plain.folder / "pyproject.toml").revisions] == ["a1"]


def test_a_statement_that_cannot_be_parsed_is_still_cut() -> None:
    assert project.split("SELECT 1; ALTER TABEL t; -- end\n") == ["SELECT 1", "ALTER TABEL t"]
    assert project.split("SELECT 'x;") == ["SELECT 'x"]


def test_a_percent_sign_stays_one_whatever_the_environment_says(tmp_path: Path) -> None:
    made = AlembicProject(
        tmp_path,
        env="from alembic import context\n"
        "context.configure(url='postgresql://', literal_binds=True)\n"
        "with context.begin_transaction():\n"
        "    context.run_migrations()\n",
    )
    made.revision("a1", "op.execute(\"COMMENT ON DATABASE x IS '50%'\")")
    loaded = project.load(made.ini)
    loaded.render()

    assert [one.text for one in loaded.revisions[0].up] == ["COMMENT ON DATABASE x IS '50%'"]


def test_the_transactions_are_those_of_the_run_when_only_that_is_told(tmp_path: Path) -> None:
    """Many an environment sets it for the run and forgets it for the script."""
    made = AlembicProject(
        tmp_path,
        env="from alembic import context\n"
        "if context.is_offline_mode():\n"
        "    context.configure(url='postgresql://')\n"
        "    with context.begin_transaction():\n"
        "        context.run_migrations()\n"
        "else:\n"
        "    context.configure(connection=None, transaction_per_migration=True)\n",
    )
    made.revision("a1", TABLE)
    made.revision("a2", 'op.execute("ALTER TABLE t ADD COLUMN a text")')
    loaded = project.load(made.ini)
    loaded.render()

    first, second = (one.up[0].transaction for one in loaded.revisions)
    assert first != second
    assert loaded.per_migration


def test_a_password_stays_out_of_what_is_said_of_a_failure(tmp_path: Path) -> None:
    url = "postgresql://user:secret@host/db"
    made = AlembicProject(tmp_path, env=f"raise RuntimeError({url!r})\n")
    made.revision("a1", TABLE)
    loaded = project.load(made.ini)

    with pytest.raises(TicketSchemaError) as caught:
        loaded.render()

    assert "secret" not in str(caught.value)
    assert "user:***@host" in str(caught.value)


def test_each_project_imports_from_its_own_folder(tmp_path: Path) -> None:
    for name in ("first", "second"):
        made = AlembicProject(tmp_path / name)
        (made.folder / f"only_{name}.py").write_text('TABLE = "t"\n')
        made.revision(
            "a1",
            f"from only_{name} import TABLE\nop.execute(f'CREATE TABLE {{TABLE}} (id bigint)')",
            head=f"import only_{name}",
        )
        loaded = project.load(made.ini)
        loaded.render()
        assert not loaded.revisions[0].failures
