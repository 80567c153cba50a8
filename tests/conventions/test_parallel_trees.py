"""One object, one file, one name in sql/ and tests/."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.factories import PLATFORM, TABLES
from ticket_schema import steps

from .allowed import WITHOUT_ROW_SECURITY

TESTS = Path(__file__).parent.parent


@pytest.mark.parametrize("kind", ["functions", "tables", "triggers", "views"])
def test_each_object_has_a_test_module_of_its_name_and_the_other_way_round(kind: str) -> None:
    objects = {step.split("/")[1] for step in steps.stamps() if step.startswith(f"{kind}/")}
    modules = {
        path.stem.removeprefix("test_")
        for path in (TESTS / kind).glob("test_*.py")
        if not path.stem.startswith("test_every_")
    }
    assert modules == objects


def test_each_policy_set_is_tested_by_the_isolation_tests() -> None:
    sets = {step.split("/")[1] for step in steps.stamps() if step.startswith("policies/")}
    assert sets == {*TABLES, *PLATFORM}
    modules = {path.stem.removeprefix("test_") for path in (TESTS / "policies").glob("test_*.py")}
    assert modules - {"tenant_isolation"} <= sets
    assert set(PLATFORM) <= modules


def test_each_table_has_a_factory() -> None:
    born = {step.split("/")[1] for step in steps.stamps() if step.startswith("tables/")}
    assert born - set(WITHOUT_ROW_SECURITY) == {*TABLES, *PLATFORM}
