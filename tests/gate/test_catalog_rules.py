"""The rules on the migrated catalog, on the labelled revisions of rows E and F and on small schemas."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.corpus import CASES, Case
from support.servers import Server
from ticket_schema import gate
from ticket_schema.gate.finding import Severity

MINE = [case for case in CASES if case.row[0] in "EF" and case.verdict != "context"]


@pytest.mark.parametrize("case", MINE, ids=lambda case: case.name)
def test_verdict(case: Case, tmp_path: Path, server: Server) -> None:
    report = gate.check(case.project(tmp_path / "project").ini, rehearsed=True, url=server.url)
    found = [one for one in report.findings if one.revision == case.name]
    labels = dict(
        line[2:].split(": ", 1) for line in case.path.read_text().splitlines() if line[:2] == "# "
    )
    wanted = {*case.finds, *labels.get("seen", "nothing").split(", ")} - {"nothing"}

    assert {one.rule.id for one in found if one.weight != Severity.NOTE} == wanted, found
    assert (case.verdict == "dangerous") == bool(wanted)
