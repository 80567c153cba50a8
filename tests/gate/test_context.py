"""The same statement is a danger or none, by what came before it and by whose project it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.alembic_project import AlembicProject
from support.projects import Project
from ticket_schema import gate
from ticket_schema.gate.finding import Report, Severity

TABLE = 'op.execute("CREATE TABLE t (id bigint PRIMARY KEY, a text)")'
GONE = 'op.execute("DROP TABLE t")'
INDEX = 'op.execute("CREATE INDEX i ON t (a)")'


@pytest.fixture
def plain(tmp_path: Path) -> AlembicProject:
    made = AlembicProject(tmp_path)
    made.revision("a1", TABLE, GONE)
    return made


def graver(report: Report) -> list[tuple[str | None, str]]:
    return [
        (one.revision, one.rule.id)
        for one in report.findings
        if one.weight != Severity.NOTE and not one.downgrade
    ]


def test_a_table_that_has_not_landed_has_no_rows_yet(plain: AlembicProject) -> None:
    plain.commit("v0")
    plain.revision(
        "a2",
        'op.execute("CREATE TABLE u (id bigint PRIMARY KEY, a text)")',
        "raise NotImplementedError",
    )
    plain.revision("a3", 'op.execute("CREATE INDEX i ON u (a)")', 'op.execute("DROP INDEX i")')
    plain.revision("a4", 'op.execute("CREATE INDEX j ON t (a)")', 'op.execute("DROP INDEX j")')

    everything = graver(gate.check(plain.ini))
    newer = graver(gate.check(plain.ini, since="v0"))

    assert everything == [("a3", "index-not-concurrent"), ("a4", "index-not-concurrent")]
    assert newer == [("a4", "index-not-concurrent")]


def test_what_landed_is_known_but_not_judged(plain: AlembicProject) -> None:
    plain.revision("a2", INDEX, 'op.execute("DROP INDEX i")')
    plain.revision(
        "a3",
        'op.execute("ALTER TABLE t ADD CONSTRAINT t_a CHECK (a IS NOT NULL)")',
        'op.execute("ALTER TABLE t DROP CONSTRAINT t_a")',
    )
    plain.commit("v1")
    plain.revision(
        "a4",
        'op.execute("ALTER TABLE t ALTER COLUMN a SET NOT NULL")',
        'op.execute("ALTER TABLE t ALTER COLUMN a DROP NOT NULL")',
    )

    assert graver(gate.check(plain.ini, since="v1")) == []


def test_a_table_that_no_revision_made_is_in_use(plain: AlembicProject) -> None:
    plain.revision(
        "a2",
        """
        op.execute("CREATE INDEX k ON legacy (a)")
        op.execute("ALTER TABLE legacy ALTER COLUMN a TYPE bigint")
        """,
        'op.execute("DROP INDEX k")',
    )

    assert graver(gate.check(plain.ini)) == [
        ("a2", "index-not-concurrent"),
        ("a2", "type-change-rewrites"),
    ]


@pytest.mark.parametrize("name", ["public.t", "t", '"t"', "PUBLIC.T"])
def test_a_table_is_the_same_under_each_of_its_names(plain: AlembicProject, name: str) -> None:
    plain.revision(
        "a2",
        f"""
        op.execute('CREATE TABLE {"u" if name != '"t"' else '"u"'} (id bigint PRIMARY KEY)')
        op.execute('CREATE INDEX on_new ON public.u (id)')
        op.execute('ALTER TABLE {name} ALTER COLUMN id TYPE bigint')
        op.execute('ALTER TABLE {name} ALTER COLUMN a SET NOT NULL')
        """,
        "raise NotImplementedError",
    )

    rules = {rule for _, rule in graver(gate.check(plain.ini))}
    assert rules == {"set-not-null-scans", "may-fail-on-violations", "write-restricted"}


def test_one_transaction_for_all_revisions_reaches_over_their_ends(tmp_path: Path) -> None:
    constraint = "ALTER TABLE t ADD CONSTRAINT c CHECK (a <> '') NOT VALID"
    for per_migration, expected in ((True, set()), (False, {"validate-in-same-transaction"})):
        made = AlembicProject(tmp_path / str(per_migration), per_migration=per_migration)
        made.revision("a1", TABLE, GONE)
        made.revision("a2", f'op.execute("{constraint}")', 'op.drop_constraint("c", "t")')
        made.revision("a3", 'op.execute("ALTER TABLE t VALIDATE CONSTRAINT c")')
        found = {rule for _, rule in graver(gate.check(made.ini))}
        assert found & {"validate-in-same-transaction"} == expected


def test_a_revision_that_cannot_be_rendered_does_not_hide_the_others(
    plain: AlembicProject,
) -> None:
    plain.revision("a2", "op.get_bind().scalar(sa.text('SELECT 1')).upper()", "pass")
    plain.revision("a3", INDEX, 'op.execute("DROP INDEX i")')

    assert graver(gate.check(plain.ini)) == [
        ("a2", "offline-render-fails"),
        ("a3", "index-not-concurrent"),
    ]


def test_a_project_without_models_meets_no_convention_of_ours(plain: AlembicProject) -> None:
    plain.revision(
        "a2",
        """
        op.execute('CREATE TABLE notes (tenant_id uuid NOT NULL, id serial, "Text" varchar(20))')
        op.execute('''
            CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RETURN NEW; END;
            $$
        ''')
        """,
        """
        op.execute("DROP FUNCTION touch()")
        op.execute("DROP TABLE notes")
        """,
    )

    report = gate.check(plain.ini)

    assert graver(report) == []
    for rule in ("row-security-not-forced", "tenant-policy-missing", "search-path-not-pinned"):
        assert report.switched_off[rule].startswith("it is a convention of ticket-schema")


MODELS = """
from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Author(Base):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), index=True)

class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    isbn: Mapped[str] = mapped_column(String(13), unique=True)
"""


def test_a_project_as_alembic_init_makes_it_with_models(tmp_path: Path) -> None:
    """The template of Alembic, models beside it, and the revisions that autogenerate writes."""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    def alembic(*arguments: str) -> None:
        subprocess.run(
            [sys.executable, "-m", "alembic", *arguments],
            cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=60,
        )  # fmt: skip

    alembic("init", "alembic")
    (tmp_path / "library.py").write_text(MODELS)
    env = tmp_path / "alembic" / "env.py"
    env.write_text(
        env.read_text().replace(
            "target_metadata = None", "from library import Base\ntarget_metadata = Base.metadata"
        )
    )
    ini = tmp_path / "alembic.ini"
    ini.write_text(
        ini.read_text().replace("driver://user:pass@localhost/dbname", f"sqlite:///{tmp_path}/x.db")
    )
    alembic("revision", "--autogenerate", "--rev-id", "a1", "-m", "first")
    alembic("upgrade", "head")
    changed = MODELS.replace("String(13), unique=True", "String(17), index=True")
    changed += "    pages: Mapped[int]\n"
    (tmp_path / "library.py").write_text(changed)
    alembic("revision", "--autogenerate", "--rev-id", "a2", "-m", "second")

    report = gate.check(ini)

    rules = {rule for revision, rule in graver(report) if revision == "a2"}
    assert rules >= {"required-column", "index-not-concurrent"}
    assert {revision for revision, _ in graver(report)} == {"a2"}


def test_the_revisions_of_a_dependent_are_looked_at_and_ours_are_not(tmp_path: Path) -> None:
    dependent = Project(tmp_path)
    dependent.revision(
        "9001",
        'steps.execute("CREATE INDEX idx_seats ON ticketing.tickets (id);")',
        'steps.execute("DROP INDEX ticketing.idx_seats;")',
    )

    report = gate.check(tmp_path / "alembic.ini")

    assert report.revisions == 1
    assert graver(report) == [("9001", "index-not-concurrent")]
