"""The labelled revisions of tests/gate/corpus.

The head of each file says what should become of it:

    # row: A1                          the row of the catalogue that it is about
    # verdict: dangerous               or safe, or context: a step that another case builds on
    # finds: index-not-concurrent      the rules above a note that it breaks, or nothing
    # after: c2_context_not_valid      what it follows; the tables, when nothing is said
    # transactions: one for all revisions
    # stage: dynamic                   when only a run can tell
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .alembic_project import AlembicProject

FOLDER = Path(__file__).parents[1] / "gate" / "corpus"

_LABEL = re.compile(r"^# (\w+): (.*)$", re.MULTILINE)
_FIRST = "tables"


@dataclass(frozen=True)
class Case:
    """One labelled revision."""

    name: str
    row: str
    verdict: str
    finds: tuple[str, ...]
    after: str
    together: bool
    dynamic: bool

    @property
    def path(self) -> Path:
        return FOLDER / f"{self.name}.py"

    def project(self, folder: Path) -> AlembicProject:
        """Makes a project of the case and whatever it follows."""
        made = AlembicProject(folder, per_migration=not self.together)
        application = folder / "shop"
        application.mkdir()
        (application / "__init__.py").touch()
        (application / "models.py").write_text(
            'COLUMN = "channel"\n\n\nclass Order:\n    TABLE = "others"\n'
        )
        case: Case | None = self
        while case is not None:
            shutil.copy(case.path, made.versions)
            case = None if case.name == _FIRST else read(case.after)
        return made


@cache
def read(name: str) -> Case:
    """Returns a case by the name of its file."""
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    labels = dict(_LABEL.findall(text.partition('"""')[0]))
    finds = labels["finds"]
    return Case(
        name=name,
        row=labels["row"],
        verdict=labels["verdict"],
        finds=() if finds == "nothing" else tuple(sorted(finds.split(", "))),
        after=labels.get("after", _FIRST),
        together="transactions" in labels,
        dynamic=labels.get("stage") == "dynamic",
    )


CASES = [read(file.stem) for file in sorted(FOLDER.glob("*.py"))]
