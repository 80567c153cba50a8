"""The labelled revisions of tests/gate/corpus.

The head of each file says what should become of it:

    # row: A1                          the row of the catalogue that it is about
    # verdict: dangerous               or safe; noted, which is no alarm; or context, a step that
                                       another case builds on
    # finds: index-not-concurrent      rules above a note that reading it alone finds, or nothing
    # seen: rewrites-table             those that a run finds besides
    # after: c2_context_not_valid      what it follows; the tables, when nothing is said
    # release: from a19_context_1      where its release begins; at itself, when nothing is said
    # notes: trigger-or-policy-locks   notes that must be there as well
    # transactions: one for all revisions
    # lock_timeout: none               else the environment sets one
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from ticket_schema import gate
from ticket_schema.gate.finding import Finding, Severity

from .alembic_project import AlembicProject

FOLDER = Path(__file__).parents[1] / "gate" / "corpus"
LANDED = "landed"

_LABEL = re.compile(r"^# (\w+): (.*)$", re.MULTILINE)
_FIRST = "tables"
_AT_ONCE = 2


@dataclass(frozen=True)
class Case:
    """One labelled revision."""

    name: str
    row: str
    verdict: str
    finds: tuple[str, ...]
    seen: tuple[str, ...]
    after: str
    release: str
    notes: tuple[str, ...]
    together: bool
    patient: bool

    @property
    def whole(self) -> tuple[str, ...]:
        """The rules above a note that the whole gate finds."""
        return tuple(sorted({*self.finds, *self.seen}))

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.py"

    def project(self, folder: Path) -> AlembicProject:
        """Makes a project of the case and whatever it follows, which has landed as `LANDED`."""
        timeout = "" if self.patient else "3s"
        made = AlembicProject(folder, per_migration=not self.together, lock_timeout=timeout)
        application = folder / "shop"
        application.mkdir()
        (application / "__init__.py").touch()
        (application / "models.py").write_text(
            'COLUMN = "channel"\n\n\nclass Order:\n    TABLE = "others"\n'
        )
        chain = [self]
        while chain[-1].name != _FIRST:
            chain.append(read(chain[-1].after))
        chain.reverse()
        first = [one.name for one in chain].index(self.release)
        for one in chain[:first]:
            shutil.copy(one.path, made.versions)
        made.commit(LANDED)
        for one in chain[first:]:
            shutil.copy(one.path, made.versions)
        return made


@cache
def read(name: str) -> Case:
    """Returns a case by the name of its file."""
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    labels = dict(_LABEL.findall(text.partition('"""')[0]))
    return Case(
        name=name,
        row=labels["row"],
        verdict=labels["verdict"],
        finds=_rules(labels["finds"]),
        seen=_rules(labels.get("seen", "nothing")),
        after=labels.get("after", _FIRST),
        release=labels.get("release", "").removeprefix("from ") or name,
        notes=_rules(labels.get("notes", "nothing")),
        together="transactions" in labels,
        patient="lock_timeout" in labels,
    )


def _rules(listed: str) -> tuple[str, ...]:
    return () if listed == "nothing" else tuple(sorted(listed.split(", ")))


@dataclass(frozen=True)
class Verdict:
    """What the gate says of a case.

    Args:
        rules: the rules above a note.
        notes: the others.
        findings: all of it.
    """

    rules: tuple[str, ...]
    notes: tuple[str, ...]
    findings: list[Finding]


def judged(name: str, folder: Path, url: str | None = None) -> Verdict:
    """Returns what the gate says of a case; a process of a pool can run it.

    Args:
        name: of the case.
        folder: where its project is made.
        url: connection string of a superuser; without it nothing is run.
    """
    ini = read(name).project(folder).ini
    report = gate.check(ini, since=LANDED, rehearsed=url is not None, url=url)
    findings = [one for one in report.findings if one.revision == name]
    notes = {one.rule.id for one in findings if one.weight == Severity.NOTE}
    rules = {one.rule.id for one in findings if one.weight != Severity.NOTE}
    return Verdict(tuple(sorted(rules)), tuple(sorted(notes)), findings)


@contextmanager
def judging(cases: Iterable[Case], folder: Path, url: str) -> Iterator[dict[str, Future[Verdict]]]:
    """Yields what the whole gate says of cases, looked at two at a time in the background.

    Args:
        cases: which ones.
        folder: where their projects are made.
        url: connection string of a superuser.
    """
    with ProcessPoolExecutor(_AT_ONCE, get_context("spawn")) as pool:
        try:
            yield {one.name: pool.submit(judged, one.name, folder / one.name, url) for one in cases}
        finally:
            pool.shutdown(cancel_futures=True)


CASES = [read(file.stem) for file in sorted(FOLDER.glob("*.py"))]
