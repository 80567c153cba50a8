"""One head, no orphans, and landed revisions that stay as they landed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from sqlalchemy.dialects.postgresql.base import PGTypeCompiler

from support.alembic_project import AlembicProject
from ticket_schema import gate
from ticket_schema.errors import TicketSchemaError
from ticket_schema.gate import history, project


@pytest.fixture
def plain(tmp_path: Path) -> AlembicProject:
    made = AlembicProject(tmp_path)
    made.revision(
        "a1",
        'op.execute("CREATE TABLE t (id bigint PRIMARY KEY, a text)")',
        'op.execute("DROP TABLE t")',
    )
    add(made, "a2", "b")
    return made


def add(made: AlembicProject, number: str, column: str) -> Path:
    return made.revision(
        number,
        f'op.execute("ALTER TABLE t ADD COLUMN {column} text")',
        f'op.execute("ALTER TABLE t DROP COLUMN {column}")',
    )


def found(made: AlembicProject, since: str | None = None) -> set[tuple[str | None, str]]:
    report = gate.check(made.ini, since=since)
    return {(one.revision, one.rule.id) for one in report.failing}


def freeze(made: AlembicProject, since: str | None = None) -> int:
    loaded = project.load(made.ini, since=since)
    loaded.render()
    return history.freeze(loaded)[1]


def module(made: AlembicProject, number: str) -> Path:
    return made.versions / f"{number}_it.py"


def edit(made: AlembicProject, number: str, before: str, after: str) -> None:
    text = module(made, number).read_text()
    assert before in text
    module(made, number).write_text(text.replace(before, after))


def test_a_good_chain_passes(plain: AlembicProject) -> None:
    assert found(plain) == set()


def test_two_heads_are_refused(plain: AlembicProject) -> None:
    add(plain, "a3", "c")
    edit(plain, "a3", "down_revision = 'a2'", "down_revision = 'a1'")

    assert {rule for _, rule in found(plain)} == {"multiple-heads"}


def test_heads_of_branches_with_labels_of_their_own_pass(plain: AlembicProject) -> None:
    add(plain, "a3", "c")
    edit(plain, "a3", "down_revision = 'a2'", "down_revision = None")
    edit(plain, "a3", "branch_labels = None", "branch_labels = ('other',)")

    assert found(plain) == set()


def test_an_orphan_is_refused(plain: AlembicProject) -> None:
    add(plain, "a3", "c")
    edit(plain, "a3", "down_revision = 'a2'", "down_revision = None")

    assert ("a3", "orphan-base") in found(plain)


def test_two_modules_with_one_identifier_are_refused(plain: AlembicProject) -> None:
    (plain.versions / "again_it.py").write_text(module(plain, "a2").read_text())

    assert "duplicate-revision" in {rule for _, rule in found(plain)}


def test_a_revision_that_follows_nothing_known_is_refused(plain: AlembicProject) -> None:
    edit(plain, "a2", "down_revision = 'a1'", "down_revision = 'a0'")

    with pytest.raises(TicketSchemaError, match="The revisions cannot be read"):
        gate.check(plain.ini)


def test_frozen_revisions_pass(plain: AlembicProject) -> None:
    assert freeze(plain) == 2
    assert freeze(plain) == 0
    assert found(plain) == set()


def test_a_new_revision_must_be_frozen(plain: AlembicProject) -> None:
    freeze(plain)
    add(plain, "a3", "c")
    assert found(plain) == {("a3", "revision-not-frozen")}

    assert freeze(plain) == 1

    assert found(plain) == set()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"""Revision a2."""', '"""Revision a2, better said."""'),
        ("import sqlalchemy as sa\n", "# a comment\nimport sqlalchemy as sa\n\n\n"),
        ('"ALTER TABLE t ADD COLUMN b text"', "'ALTER TABLE t ADD COLUMN b text'"),
    ],
)
def test_comments_layout_and_docstrings_may_change(
    plain: AlembicProject, before: str, after: str
) -> None:
    freeze(plain)
    plain.commit("v1")
    edit(plain, "a2", before, after)

    assert found(plain) == set()
    assert found(plain, since="v1") == set()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ADD COLUMN b text", "ADD COLUMN b varchar(3)"),
        ("DROP COLUMN b", "DROP COLUMN IF EXISTS b"),
        ("depends_on = None", "depends_on = ()"),
    ],
)
def test_an_edited_landed_revision_is_refused(
    plain: AlembicProject, before: str, after: str
) -> None:
    freeze(plain)
    plain.commit("v1")
    edit(plain, "a2", before, after)

    assert found(plain) == {("a2", "landed-revision-edited")}
    assert found(plain, since="v1") >= {("a2", "landed-revision-edited")}
    with pytest.raises(TicketSchemaError, match="Revision a2 is frozen and was changed since"):
        freeze(plain)


def test_a_file_that_a_landed_revision_reads_may_not_change(plain: AlembicProject) -> None:
    text = plain.versions / "c.sql"
    text.write_text("ALTER TABLE t ADD COLUMN c text")
    plain.revision(
        "a3",
        "from pathlib import Path\nop.execute(Path(__file__).with_name('c.sql').read_text())",
        'op.execute("ALTER TABLE t DROP COLUMN c")',
    )
    freeze(plain)
    text.write_text("ALTER TABLE t ADD COLUMN c integer")

    assert found(plain) == {("a3", "landed-sql-changed")}


def test_a_landed_revision_that_is_gone_is_refused(plain: AlembicProject) -> None:
    freeze(plain)
    plain.commit("v1")
    module(plain, "a2").unlink()

    assert found(plain) == {("a2", "landed-revision-missing")}
    assert found(plain, since="v1") == {("a2", "landed-revision-missing")}
    with pytest.raises(TicketSchemaError, match="Revision a2 is frozen and gone"):
        freeze(plain)


def test_a_landed_revision_that_was_renamed_is_refused(plain: AlembicProject) -> None:
    freeze(plain)
    plain.commit("v1")
    module(plain, "a2").rename(plain.versions / "a2_other.py")

    assert found(plain) == {("a2", "landed-revision-renamed")}
    assert found(plain, since="v1") == {("a2", "landed-revision-renamed")}


def test_a_revision_that_has_not_landed_may_change(plain: AlembicProject) -> None:
    freeze(plain)
    plain.commit("v1")
    add(plain, "a3", "c")
    freeze(plain)
    edit(plain, "a3", "ADD COLUMN c text", "ADD COLUMN c integer")
    assert found(plain, since="v1") == {("a3", "revision-not-frozen")}

    assert freeze(plain, since="v1") == 1

    assert found(plain, since="v1") == set()


@pytest.mark.parametrize(
    "line",
    [0, 1, -1],
    ids=["first revision", "second revision", "head"],
)
def test_checksums_edited_by_hand_are_refused(plain: AlembicProject, line: int) -> None:
    freeze(plain)
    file = plain.versions / "CHECKSUMS"
    lines = file.read_text().splitlines()
    entries = [number for number, text in enumerate(lines) if not text.startswith("#")]
    words = lines[entries[line]].split()
    words[1 if line >= 0 else -1] = "0123456789abcdef"
    lines[entries[line]] = " ".join(words)
    file.write_text("\n".join(lines) + "\n")

    assert "checksums-broken" in {rule for _, rule in found(plain)}


def test_a_line_that_does_not_follow_from_the_ones_before_is_refused(
    plain: AlembicProject,
) -> None:
    """Whoever edits a line and seals the whole anew has still to write all later lines anew."""
    freeze(plain)
    file = plain.versions / "CHECKSUMS"
    lines = file.read_text().splitlines()
    entries = [line for line in lines if not line.startswith(("#", "head"))]
    entries[0] = entries[0].replace(entries[0].split()[1], "0123456789abcdef")
    head = f"head a2 {history._sealed(entries, ['a2'])}"
    file.write_text("\n".join([*entries, head, ""]))

    (broken,) = [one for one in gate.check(plain.ini).failing if one.rule == history.CHAIN]
    assert "line 1 does not follow from the lines before it" in broken.happens


def test_checksums_without_their_last_line_are_refused(plain: AlembicProject) -> None:
    freeze(plain)
    file = plain.versions / "CHECKSUMS"
    file.write_text("\n".join(file.read_text().splitlines()[:-1]) + "\n")

    assert {rule for _, rule in found(plain)} == {"checksums-broken"}


def test_the_rows_of_a_revision_that_has_not_landed_follow_its_file(plain: AlembicProject) -> None:
    freeze(plain)
    plain.commit("v1")
    add(plain, "a3", "c").rename(plain.versions / "a3_other.py")
    freeze(plain)
    assert found(plain, since="v1") == set()

    (plain.versions / "a3_other.py").unlink()
    freeze(plain, since="v1")

    assert found(plain, since="v1") == set()


def test_a_release_is_compared_without_checksums_too(plain: AlembicProject) -> None:
    plain.commit("v1")
    edit(plain, "a1", '"""Revision a1."""', '"""Better said."""')
    add(plain, "a3", "c")
    assert found(plain, since="v1") == set()

    edit(plain, "a2", "ADD COLUMN b text", "ADD COLUMN b integer")
    assert found(plain, since="v1") == {("a2", "landed-revision-edited")}
    # Against an empty database nothing is wrong with it.
    assert found(plain) == set()


def test_a_release_had_a_revision_that_is_gone_without_checksums(plain: AlembicProject) -> None:
    plain.commit("v1")
    module(plain, "a2").unlink()

    assert found(plain, since="v1") == {("a2", "landed-revision-missing")}
    assert found(plain) == set()


def test_a_library_that_renders_otherwise_is_seen(
    plain: AlembicProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.revision(
        "a3", 'op.add_column("t", sa.Column("d", sa.Text()))', 'op.drop_column("t", "d")'
    )
    freeze(plain)
    assert found(plain) == set()

    monkeypatch.setattr(PGTypeCompiler, "visit_TEXT", lambda *_, **__: "VARCHAR")

    assert found(plain) == {("a3", "landed-sql-changed")}


def test_a_file_that_no_revision_reads_may_change(plain: AlembicProject) -> None:
    other = plain.versions / "notes.sql"
    other.write_text("SELECT 1")
    freeze(plain)
    other.write_text("SELECT 2")

    assert found(plain) == set()


def test_two_branches_that_both_add_a_revision_conflict(plain: AlembicProject) -> None:
    freeze(plain)
    plain.commit("v1")
    git = ["git", "-C", str(plain.folder), "-c", "user.name=T", "-c", "user.email=t@example.org"]
    start = plain._last
    for branch in ("one", "other"):
        subprocess.run([*git, "checkout", "-q", "-b", branch, "v1"], check=True)
        plain._last = start
        add(plain, f"a3_{branch}", branch)
        freeze(plain)
        plain.commit(f"v2_{branch}")

    merged = subprocess.run([*git, "merge", "one"], check=False, capture_output=True, text=True)

    assert merged.returncode != 0
    assert "CONFLICT (content): Merge conflict in migrations/versions/CHECKSUMS" in merged.stdout


def test_branches_one_after_the_other_do_not_conflict(plain: AlembicProject) -> None:
    """Who comes second takes the first revision in, follows it, and freezes anew."""
    freeze(plain)
    plain.commit("v1")
    git = ["git", "-C", str(plain.folder), "-c", "user.name=T", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "checkout", "-q", "-b", "first", "v1"], check=True)
    add(plain, "a3", "c")
    freeze(plain)
    plain.commit("v2")
    subprocess.run([*git, "checkout", "-q", "-b", "second", "v2"], check=True)
    add(plain, "a4", "d")
    freeze(plain)
    plain.commit("v3")
    subprocess.run([*git, "checkout", "-q", "first"], check=True)

    subprocess.run([*git, "merge", "-q", "second"], check=True, capture_output=True)

    assert found(plain) == set()
    assert "head a4" in (plain.versions / "CHECKSUMS").read_text()


def test_without_checksums_the_report_says_what_did_not_look(plain: AlembicProject) -> None:
    off = gate.check(plain.ini).switched_off

    assert "ticket-schema gate freeze writes it" in off["landed-revision-edited"]
    plain.commit("v1")
    assert "landed-revision-edited" not in gate.check(plain.ini, since="v1").switched_off
