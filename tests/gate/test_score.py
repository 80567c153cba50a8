"""The page of the score says what the corpus says today."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def score() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", Path(__file__).with_name("score.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_fresh(score: ModuleType, tmp_path: Path) -> None:
    """pytest-alembic needs an environment of its own, so its column is only asked to be there."""
    page = score.PAGE.read_text(encoding="utf-8")
    said = score.rows_of(page)
    names = {case.name for case in score.counted()}

    assert all(set(said[tool]) == names for tool in score.TOOLS)
    assert page == score.render(said)
    for case in score.counted():
        # That the gate finds what the heads of the cases say is test_corpus.py's to hold.
        assert said["gate, read"][case.name] == bool(case.finds), case
        assert said["gate, whole"][case.name] == bool(case.whole), case
    # squawk takes a process for each.
    for case in score.counted()[::10]:
        assert said["squawk"][case.name] == score.by_squawk(case, tmp_path / case.name)


def test_the_whole_gate_catches_each_and_is_never_wrong(score: ModuleType) -> None:
    said = score.rows_of(score.PAGE.read_text(encoding="utf-8"))
    for case in score.counted():
        if case.verdict == "safe":
            assert not said["gate, read"][case.name], case
        assert said["gate, whole"][case.name] == (case.verdict == "dangerous"), case
    assert sum(said["squawk"].values()) > 20
