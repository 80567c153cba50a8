"""docs/gate.md lists the rules as they are, and what it shows for pipelines works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from support.alembic_project import AlembicProject
from support.servers import Server
from ticket_schema import gate
from ticket_schema.gate.finding import RULES, Stage

PAGE = (Path(__file__).parents[2] / "docs" / "gate.md").read_text("utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
OF_STAGES = (Stage.HISTORY, Stage.STATIC, Stage.COMPATIBILITY)


def _run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line,
        shell=True,
        cwd=folder,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_each_rule_is_listed_with_its_weight() -> None:
    gate.load_rules()
    listed = {
        name: (severity, title, why)
        for name, severity, title, why in re.findall(
            r"^\| `([\w-]+)` \| (error|warning|note) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE
        )
    }

    expected = {
        rule.id: (str(rule.severity), rule.title, rule.why)
        for rule in RULES.values()
        if rule.stage in OF_STAGES
    }
    assert {name: text for name, text in listed.items() if name in expected} == expected
    assert set(listed) <= set(RULES)


@pytest.mark.parametrize("host", ["GitHub", "GitLab"])
def test_the_job_of_a_pipeline_refuses_and_leaves_its_reports(
    host: str, tmp_path: Path, server: Server
) -> None:
    jobs = [text for language, text in FENCE.findall(PAGE) if language == "yaml"]
    (job,) = [text for text in jobs if ("github" in text) == (host == "GitHub")]
    assert yaml.safe_load(job)
    (line,) = re.findall(r"ticket-schema gate .*\n.*", job)
    line = re.sub(r"\$\{\{.*?\}\}|\$CI_\w+", "main", line.replace("\\\n", " ").replace("\n", " "))
    # One of them with the rehearsal, on a server that is there.
    line = f"{line.strip()} {f'--url {server.url!r}' if host == 'GitHub' else '--static'}"
    project = AlembicProject(tmp_path)
    project.revision("a1", 'op.execute("CREATE TABLE t (id bigint PRIMARY KEY)")')
    project.commit("v1")
    subprocess.run(
        ["git", "-C", str(tmp_path), "update-ref", "refs/remotes/origin/main", "v1"], check=True
    )
    project.revision("a2", 'op.execute("CREATE INDEX i ON t (id)")', 'op.execute("DROP INDEX i")')

    done = _run(line, tmp_path)

    assert done.returncode == 1, done.stderr
    for name in re.findall(r"--output (\S+)", line):
        assert "index-not-concurrent" in (tmp_path / name).read_text()
    named = set(re.findall(r"gate\.\w+", job))
    assert named == set(re.findall(r"--output (\S+)", line))


def test_a_release_is_frozen_as_the_page_says(tmp_path: Path, server: Server) -> None:
    ((language, text),) = [found for found in FENCE.findall(PAGE) if "freeze" in found[1]]
    assert language == "bash"
    project = AlembicProject(tmp_path, lock_timeout="3s")
    project.revision("a1", 'op.execute("CREATE TABLE t (id bigint PRIMARY KEY)")')
    project.commit("v1.3.0")
    project.revision("a2", 'op.execute("ALTER TABLE t ADD COLUMN note text")')

    for line in text.splitlines():
        command = line.partition(" #")[0].strip()
        if "freeze" not in command:
            command += f" --url {server.url!r}"
        done = _run(command, tmp_path)
        assert "not-frozen" not in done.stdout
        assert done.returncode == ("freeze" not in command), done.stdout + done.stderr
    assert "downgrade-missing" in done.stdout
    assert len((project.versions / "CHECKSUMS").read_text().splitlines()) >= 2
    assert (project.versions / "contracts" / "1.4.0.json").is_file()
