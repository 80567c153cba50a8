"""The command: forms, files, exit codes, and what it says when it cannot."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from support.alembic_project import AlembicProject
from support.command import REVISIONS, Outcome, run

UNTIL = date.today() + timedelta(days=30)


@pytest.fixture
def project(tmp_path: Path) -> AlembicProject:
    made = AlembicProject(tmp_path)
    made.revision(
        "a1",
        'op.execute("CREATE TABLE t (id bigint PRIMARY KEY, a text)")',
        'op.execute("DROP TABLE t")',
    )
    made.revision(
        "a2",
        'op.execute("CREATE INDEX i ON t (a)")\n'
        f'op.drop_column("t", "a")  # gate: allow object-dropped until {UNTIL}: unused',
        'op.execute("ALTER TABLE t ADD COLUMN a text")',
    )
    return made


def gate(project: AlembicProject, *arguments: str) -> Outcome:
    # Only read: what the rehearsal sees has its own tests.
    static = () if {"freeze", "rules"} & set(arguments) else ("--static",)
    return run("gate", *static, *arguments, folder=project.folder)


def test_it_passes_on_our_own_revisions(tmp_path: Path) -> None:
    passed = run("gate", "--static", "--json", folder=tmp_path)

    assert passed.code == 0
    assert passed.document["passed"]
    assert passed.document["findings"] == []
    assert passed.document["revisions"] == len(REVISIONS)
    stages = ["render", "history", "static", "squawk"]
    assert list(passed.document["stages"]) == stages
    assert [re.sub(r"[\d.]+", "0", line) for line in passed.progress] == [
        f"✓ {stage} (0 s)" for stage in stages
    ]


def test_the_terminal_says_what_happens_where_and_how_to_mend_it(project: AlembicProject) -> None:
    refused = gate(project)

    assert refused.code == 1
    said = refused.stdout
    assert "error index-not-concurrent: index built without CONCURRENTLY" in said
    assert "migrations/versions/a2_it.py:13  revision a2" in said
    assert "  | CREATE INDEX i ON t (a)" in said
    assert "What happens: Every INSERT, UPDATE and DELETE on t waits" in said
    assert 'op.execute("CREATE INDEX CONCURRENTLY i ON t (a)")' in said
    assert "allowed object-dropped  migrations/versions/a2_it.py:14  unused (until" in said
    (conventions,) = re.findall(r"off: (.*?): conventions of ticket-schema", said, re.DOTALL)
    assert re.search(r"lint-\* \(\d+ rules\)", conventions)
    assert conventions.count("lint-") == 1
    assert "alembic.ini: refused, 1 error" in said


def test_json(project: AlembicProject) -> None:
    refused = gate(project, "--format", "json")

    assert refused.code == 1
    document = refused.document
    assert (document["passed"], document["exit_code"]) == (False, 1)
    (error,) = [one for one in document["findings"] if one["severity"] == "error"]
    assert error["rule"] == "index-not-concurrent"
    assert error["file"] == "migrations/versions/a2_it.py"
    assert error["line"] == 13
    assert "CONCURRENTLY" in error["mend"]
    (allowed,) = document["allowed"]
    assert allowed["reason"].startswith("unused (until")


def test_sarif(project: AlembicProject) -> None:
    refused = gate(project, "--format", "sarif")

    assert refused.code == 1
    log = refused.document
    assert log["version"] == "2.1.0"
    (only,) = log["runs"]
    rules = only["tool"]["driver"]["rules"]
    for result in only["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert not Path(
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        ).is_absolute()
    (error,) = [one for one in only["results"] if one["ruleId"] == "index-not-concurrent"]
    assert error["locations"][0]["physicalLocation"]["region"]["startLine"] == 13
    (allowed,) = [one for one in only["results"] if "suppressions" in one]
    assert allowed["ruleId"] == "object-dropped"


def test_junit(project: AlembicProject) -> None:
    refused = gate(project, "--format", "junit")

    assert refused.code == 1
    suite = ET.fromstring(refused.stdout)
    failed = {case.get("name") for case in suite if case.find("failure") is not None}
    skipped = {case.get("name") for case in suite if case.find("skipped") is not None}
    assert failed == {"index-not-concurrent"}
    assert "landed-revision-edited" in skipped
    assert suite.get("tests") == str(len(suite))
    assert suite.get("failures") == "1"


def test_github(project: AlembicProject) -> None:
    refused = gate(project, "--format", "github")

    assert refused.code == 1
    (error,) = [line for line in refused.stdout.splitlines() if line.startswith("::error ")]
    assert error.startswith(
        "::error file=migrations/versions/a2_it.py,line=13,endLine=13,title=index-not-concurrent%3A"
    )
    assert "%0AInstead:%0Awith op.get_context()" in error


def test_markdown(project: AlembicProject) -> None:
    refused = gate(project, "--format", "markdown")

    assert refused.code == 1
    assert refused.stdout.startswith("## Migration gate: ❌ refused\n")
    assert "`migrations/versions/a2_it.py:13`" in refused.stdout
    assert "```python\nwith op.get_context().autocommit_block():" in refused.stdout
    assert "Rules that did not look" in refused.stdout
    assert "``" not in refused.stdout.replace("```", "")


def test_several_forms_go_to_their_files_and_the_terminal_is_told_as_well(
    project: AlembicProject,
) -> None:
    refused = gate(
        project, "--format", "sarif", "--output", "gate.sarif",
        "--format", "markdown", "--output", "gate.md",
    )  # fmt: skip

    assert refused.code == 1
    assert json.loads((project.folder / "gate.sarif").read_text())["version"] == "2.1.0"
    assert (project.folder / "gate.md").read_text().startswith("## Migration gate")
    assert "error index-not-concurrent" in refused.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("--format", "pdf"),
        ("--format", "json", "--format", "sarif"),
        ("--output", "a", "--output", "b"),
        ("--config", "nowhere.ini"),
        ("--since", "v9"),
        ("--json", "rules"),
    ],
)
def test_wrong_usage(project: AlembicProject, arguments: tuple[str, ...]) -> None:
    project.commit("v1")

    refused = gate(project, *arguments)

    assert refused.code == 2
    assert refused.progress[-2].startswith("error: ")


def test_a_pyproject_in_the_folder_is_found(project: AlembicProject) -> None:
    project.ini.unlink()
    (project.folder / "pyproject.toml").write_text(
        '[tool.alembic]\nscript_location = "%(here)s/migrations"\n'
    )

    assert "pyproject.toml: refused" in gate(project).stdout


def test_since(project: AlembicProject) -> None:
    project.commit("v1")
    project.revision(
        "a3", 'op.execute("ALTER TABLE t ADD COLUMN b text")', "raise NotImplementedError"
    )

    assert gate(project, "--since", "v1").code == 0


def test_freeze(project: AlembicProject) -> None:
    assert "migrations/versions/CHECKSUMS: 2 lines are new." in gate(project, "freeze").stdout
    assert "0 lines are new" in gate(project, "freeze").stdout
    off = gate(project, "--json").document["switched_off"]
    assert "landed-revision-edited" not in off


def test_rules_are_listed(project: AlembicProject) -> None:
    listed = gate(project, "rules")

    assert listed.code == 0
    (line,) = [one for one in listed.stdout.splitlines() if "index-not-concurrent" in one]
    assert line.startswith(
        "index-not-concurrent (A1, error): index built without CONCURRENTLY on a"
    )


@pytest.mark.parametrize("missing", ["pglast", "squawk"])
def test_a_missing_part_of_the_extra_is_one_sentence(project: AlembicProject, missing: str) -> None:
    hide = {
        "pglast": "sys.modules['pglast'] = None",
        "squawk": "shutil.which = lambda name: None; sys.executable = '/nowhere/python'",
    }[missing]
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import shutil, sys; {hide}\nsys.argv = ['ticket-schema', 'gate', '--static']\n"
            "from ticket_schema.cli import main\nmain()",
        ],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    *_, what, hint = done.stderr.splitlines()
    assert what == f"error: The gate needs {missing}."
    assert hint == "hint:  Install it with: pip install 'ticket-schema[gate]'."


def test_the_password_of_an_ini_is_not_printed(tmp_path: Path) -> None:
    broken = AlembicProject(
        tmp_path,
        env="from alembic import context\n"
        "raise RuntimeError(context.config.get_main_option('sqlalchemy.url'))\n",
    )
    broken.revision("a1", "pass")

    refused = gate(broken)

    assert refused.code == 1
    assert not refused.says("secret")
    assert (
        "fails in offline mode: RuntimeError: driver://user:***@localhost/dbname" in refused.stderr
    )
