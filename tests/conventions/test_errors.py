"""Each error code has one row in docs/errors.md, one meaning and a test."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"\bTK\d{3}\b")


def raised() -> set[str]:
    sources = [
        *(ROOT / "sql").rglob("*.sql"),
        Path(str(files("ticket_schema").joinpath("steps.py"))),
        Path(str(files("ticket_schema").joinpath("constraints.py"))),
    ]
    codes = set()
    for source in sources:
        codes |= set(re.findall(r"ERRCODE = '(TK\d{3})'", source.read_text(encoding="utf-8")))
    return codes


def documented() -> dict[str, list[str]]:
    rows = {}
    for line in (ROOT / "docs" / "errors.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if CODE.fullmatch(cells[0].strip("`")):
            assert cells[0].strip("`") not in rows, f"{cells[0]} has two rows"
            rows[cells[0].strip("`")] = cells[1:]
    return rows


def test_what_is_raised_is_documented_and_the_other_way_round() -> None:
    assert set(documented()) == raised()


def test_each_row_says_name_meaning_status_and_mend() -> None:
    names = set()
    for code, cells in documented().items():
        name, meaning, status, mend = cells
        assert re.fullmatch(r"`[a-z_]+`", name), code
        assert name not in names, f"{code} repeats {name}"
        names.add(name)
        assert len(meaning) > 20, code
        assert re.fullmatch(r"[45]\d\d|none", status), code
        assert len(mend) > 10, code


def test_each_code_is_tested() -> None:
    tested: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        if path != Path(__file__):
            tested |= set(CODE.findall(path.read_text(encoding="utf-8")))
    # Raised while a script or a downgrade runs; tests match the message there.
    assert raised() <= tested | {"TK902"}
