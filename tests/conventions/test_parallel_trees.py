"""One object, one file, one name in sql/ and tests/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support import triggers
from support.factories import PLATFORM, TABLES
from ticket_schema import lint, steps

TESTS = Path(__file__).parent.parent


def objects(kind: str) -> set[str]:
    """Returns the objects of a kind that have a stamped file."""
    return {step.split("/")[1] for step in steps.stamps() if step.startswith(f"{kind}/")}


def modules(kind: str) -> set[str]:
    """Returns the objects of a kind that have a test module of their own."""
    names = {path.stem.removeprefix("test_") for path in (TESTS / kind).glob("test_*.py")}
    return {name for name in names if not name.startswith("every_")}


def covered_functions() -> set[str]:
    """Returns the trigger functions that a module test_every_… tests on each of their tables."""
    return {
        function
        for path in (TESTS / "triggers").glob("test_every_*.py")
        for function in re.findall(r'\btables_running\("(\w+)"\)', path.read_text("utf-8"))
    }


@pytest.mark.parametrize("kind", ["functions", "tables", "views"])
def test_each_object_has_a_test_module_of_its_name_and_the_other_way_round(kind: str) -> None:
    assert modules(kind) == objects(kind)


def test_each_table_with_triggers_of_its_own_has_a_test_module_for_them() -> None:
    assert triggers.functions().keys() == objects("triggers")
    assert covered_functions() <= {f for run in triggers.functions().values() for f in run}
    special = {
        table for table, run in triggers.functions().items() if not run <= covered_functions()
    } | triggers.with_two_owners()
    assert special <= modules("triggers") <= objects("triggers")
    assert {"tickets", "reservations"} <= special
    assert "ticket_audit_log" not in special


def test_each_policy_set_is_tested_by_the_isolation_tests() -> None:
    sets = objects("policies")
    assert sets == {*TABLES, *PLATFORM}
    assert modules("policies") - {"tenant_isolation"} <= sets
    assert set(PLATFORM) <= modules("policies")


def test_each_table_has_a_factory() -> None:
    assert objects("tables") - set(lint.allowed()["row_security"]) == {*TABLES, *PLATFORM}
