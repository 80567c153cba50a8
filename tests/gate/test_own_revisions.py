"""The revisions of this package pass, and each of them is refused when it is made dangerous."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gate.worse import APPLY, ROOT, Copy, changed, copied
from support.command import HEAD, REVISIONS
from ticket_schema import gate
from ticket_schema.gate import history, project
from ticket_schema.gate.finding import Report

LATE = ("0008", "0010", "0021")
ONLINE = ("0009", "0020")


Mutation = Callable[[Copy], set[str]]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    return copied(tmp_path, monkeypatch)


def drop_concurrently(copy: Copy) -> set[str]:
    return {
        revision
        for revision in REVISIONS
        for file in copy.stamped("indexes", revision)
        if changed(file, " CONCURRENTLY", "")
    }


def _plainly(copy: Copy, more: str) -> set[str]:
    for revision in LATE:
        plain = f"for step in STEPS:\n        steps.execute(steps.read(step, revision))\n{more}"
        assert changed(copy.module(revision), APPLY, plain)
    return set(LATE)


def drop_not_valid(copy: Copy) -> set[str]:
    for revision in LATE:
        for file in copy.stamped("constraints", revision):
            assert changed(file, r"\s+NOT VALID;", ";")
    return _plainly(copy, "")


def validate_at_once(copy: Copy) -> set[str]:
    return _plainly(
        copy,
        "        words = steps.read(step, revision).split()\n"
        "        name = words[words.index('CONSTRAINT') + 1]\n"
        "        steps.execute(f'ALTER TABLE {words[2]} VALIDATE CONSTRAINT {name};')\n",
    )


def drop_policies(copy: Copy) -> set[str]:
    found = set()
    for file in copy.modules():
        tables = re.findall(r'^    "tables/(\w+)",', file.read_text(), re.MULTILINE)
        texts = [copy.sql / "tables" / f"{table}.{file.name[:4]}.sql" for table in tables]
        tenants = any("tenant_id uuid NOT NULL" in text.read_text() for text in texts)
        if changed(file, r'^    "policies/\w+",\n', "") and tenants:
            found.add(file.name[:4])
    return found


def drop_force(copy: Copy) -> set[str]:
    return {
        revision
        for revision in REVISIONS
        for file in copy.stamped("tables", revision)
        if "tenant_id uuid NOT NULL" in file.read_text()
        and changed(
            file, r"^ALTER TABLE \S+\s+FORCE ROW LEVEL SECURITY;|,?\s*FORCE ROW LEVEL SECURITY", ""
        )
    }


def grant_to_public(copy: Copy) -> set[str]:
    found = set()
    for revision in REVISIONS:
        for file in copy.stamped("*", revision):
            granted = re.findall(r"^GRANT [^;]*? TO ticketing_\w+", file.read_text(), re.MULTILINE)
            if granted and changed(file, r"^(GRANT [^;]*? TO) ticketing_\w+", r"\1 PUBLIC"):
                found.add(revision)
    return found


def drop_search_path(copy: Copy) -> set[str]:
    return {
        revision
        for revision in REVISIONS
        for file in copy.stamped("functions", revision)
        if "LANGUAGE plpgsql" in file.read_text() and changed(file, r"^SET search_path = .*\n", "")
    }


def no_way_back(copy: Copy) -> set[str]:
    for file in copy.modules():
        assert changed(file, r"steps\.revert\(revision, STEPS\)", "pass")
    return set(REVISIONS)


def commit_inside(copy: Copy) -> set[str]:
    for file in copy.modules():
        end = "steps.apply(revision, STEPS)\n    steps.execute('COMMIT;')"
        assert changed(file, APPLY, end)
    return set(REVISIONS)


def drop_a_column(copy: Copy) -> set[str]:
    found = set()
    for file in copy.modules()[1:]:
        if 'phase = "contract"' in file.read_text():
            continue
        drop = "steps.execute('ALTER TABLE ticketing.users DROP COLUMN IF EXISTS email;')"
        assert changed(file, APPLY, rf"\1\n    {drop}")
        found.add(file.name[:4])
    return found


def add_required_column(copy: Copy) -> set[str]:
    for file in copy.modules()[1:]:
        add = "ALTER TABLE ticketing.users ADD COLUMN IF NOT EXISTS c text NOT NULL;"
        assert changed(file, APPLY, rf"\1\n    steps.execute('{add}')")
    return set(REVISIONS[1:])


def import_the_package(copy: Copy) -> set[str]:
    for file in copy.modules():
        line = "from ticket_schema import steps\nfrom ticket_schema.catalog import read_catalog\n"
        assert changed(file, "^from ticket_schema import steps\n", line)
    return set(REVISIONS)


def ask_the_database(copy: Copy) -> set[str]:
    for file in copy.modules():
        ask = "from alembic import op\n    op.get_bind().exec_driver_sql('SELECT 1')\n    "
        assert changed(file, APPLY, rf"{ask}\1")
    return set(REVISIONS)


# The rule that each must be refused by, and the least number of revisions that it reaches. What
# does not get in another's way is tried together.
MUTATIONS: tuple[dict[str, tuple[Mutation, int]], ...] = (
    {
        "index-not-concurrent": (drop_concurrently, 2),
        "tenant-policy-missing": (drop_policies, 8),
        "row-security-not-forced": (drop_force, 8),
        "grant-to-public": (grant_to_public, 15),
        "search-path-not-pinned": (drop_search_path, 10),
        "downgrade-missing": (no_way_back, len(REVISIONS)),
        "object-dropped": (drop_a_column, len(REVISIONS) - 6),
        "required-column": (add_required_column, len(REVISIONS) - 1),
        "application-import": (import_the_package, len(REVISIONS)),
    },
    {"constraint-not-online": (drop_not_valid, 3)},
    {"validate-in-same-transaction": (validate_at_once, 3)},
    {"transaction-control": (commit_inside, len(REVISIONS))},
    {"offline-render-fails": (ask_the_database, len(REVISIONS))},
)


def test_our_revisions_pass_in_time() -> None:
    started = time.process_time()
    report = gate.check()

    assert report.findings == []
    assert report.allowed == []
    assert report.revisions == len(REVISIONS)
    assert time.process_time() - started < 5


@pytest.mark.parametrize("mutations", MUTATIONS, ids=lambda group: next(iter(group)))
def test_each_revision_made_worse_is_refused(
    copy: Copy, mutations: dict[str, tuple[Mutation, int]]
) -> None:
    worse = {rule: mutate(copy) for rule, (mutate, _) in mutations.items()}
    assert {rule for rule, (_, least) in mutations.items() if len(worse[rule]) < least} == set()

    report = copy.check()

    for rule, revisions in worse.items():
        found = {one.revision for one in report.findings if one.rule.id == rule}
        assert revisions - found == set(), rule


def rules_by_revision(report: Report) -> set[tuple[str | None, str]]:
    return {(one.revision, one.rule.id) for one in report.findings}


def test_what_is_frozen_stays_as_it_is(copy: Copy) -> None:
    loaded = project.load(copy.ini)
    loaded.render()
    history.freeze(loaded)
    for file in copy.modules():
        text = file.read_text().replace('"""', '"""Better said: ', 1)
        file.write_text(f"# A comment.\n{text}")
    assert copy.check().findings == []

    copy.module(HEAD).unlink()
    renamed, *modules = copy.modules()
    renamed.rename(renamed.with_name(f"{REVISIONS[0]}_other.py"))
    for file in modules[::2]:
        assert changed(file, APPLY, r"\1\n    steps.execute('SELECT 1;')")
    edited = set()
    for file in modules[1::2]:
        revision = file.name[:4]
        for stamped in copy.stamped("functions", revision)[:1]:
            stamped.write_text(stamped.read_text() + "\nSELECT 1;\n")
            edited.add(revision)
    assert len(edited) > 2

    assert rules_by_revision(copy.check()) == {
        (HEAD, "landed-revision-missing"),
        (REVISIONS[0], "landed-revision-renamed"),
        *((file.name[:4], "landed-revision-edited") for file in modules[::2]),
        *((revision, "landed-sql-changed") for revision in edited),
    }


def test_a_second_head_is_refused(copy: Copy) -> None:
    text = copy.module(REVISIONS[4]).read_text().replace(f'"{REVISIONS[4]}"', '"9999"')
    second = copy.versions / "9999_second.py"
    second.write_text(re.sub(r"STEPS = \(.*?\n\)", "STEPS = ()", text, flags=re.DOTALL))

    assert {rule for _, rule in rules_by_revision(copy.check())} == {"multiple-heads"}


def test_the_style_of_new_files_is_looked_at(copy: Copy) -> None:
    shutil.copy(ROOT / ".sqlfluff", copy.sql)
    git = ["git", "-C", str(copy.sql.parent), "-c", "user.name=T", "-c", "user.email=t@example.org"]
    new = [copy.module(HEAD), *copy.stamped("*", HEAD)]
    texts = {file: file.read_text() for file in new}
    for file in new:
        file.unlink()
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "v1"], check=True)
    for file, text in texts.items():
        file.write_text(text)

    assert gate.check(copy.ini, since="HEAD").findings == []

    assert changed(new[1], "^COMMENT ON", "comment on")
    (found, *_) = gate.check(copy.ini, since="HEAD").findings
    assert found.rule.id == "sql-style"
    assert found.file == new[1]
    assert new[1].read_text().splitlines()[(found.line or 0) - 1].startswith("comment on")
