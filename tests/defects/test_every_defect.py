"""The list of defects is complete: each number has a test."""

from __future__ import annotations

import re
from pathlib import Path

DEFECTS = range(1, 25)


def test_each_defect_has_a_test() -> None:
    texts = [file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py")]
    tested = {int(n) for text in texts for n in re.findall(r"^def test_(\d\d)_", text, re.M)}
    assert tested == set(DEFECTS)
