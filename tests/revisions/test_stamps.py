"""Each stamped file belongs to exactly one revision, and each step has its file."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from importlib.resources import files

import pytest
from alembic.script import Script, ScriptDirectory

from ticket_schema import TicketSchemaError, alembic_config, steps

SCRIPTS: list[Script] = list(ScriptDirectory.from_config(alembic_config()).walk_revisions())


def listed(script: Script) -> list[str]:
    return [*getattr(script.module, "BOOTSTRAP", ()), *script.module.STEPS]


def test_each_stamp_is_used_by_exactly_the_revision_that_it_names() -> None:
    used = Counter((step, script.revision) for script in SCRIPTS for step in listed(script))
    present = {(step, stamp) for step, stamps in steps.stamps().items() for stamp in stamps}

    assert [step for step, times in used.items() if times > 1] == []
    assert used.keys() == present


def test_every_file_is_of_a_known_kind_and_form() -> None:
    for folder in files("ticket_schema.sql").iterdir():
        if not folder.is_dir() or folder.name == "__pycache__":
            continue
        assert folder.name in {*steps.KINDS, "hardening"}
        for file in folder.iterdir():
            name, stamp, *rest = file.name.split(".")
            assert name.replace("_", "").isalnum(), file.name
            assert len(stamp) == 4, file.name
            assert rest in (["sql"], ["down", "sql"]), file.name


def test_there_is_one_line_of_revisions() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    # SCRIPTS goes from the head to the base.
    numbers = [revision.revision for revision in SCRIPTS]
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.revision)
def test_a_revision_holds_no_sql_and_says_what_it_does(script: Script) -> None:
    source = files("ticket_schema.migrations.versions").joinpath(script.path.split("/")[-1])
    tree = ast.parse(source.read_text(encoding="utf-8"))
    docstring = ast.get_docstring(tree) or ""
    for heading in ("What:", "Why:", "Locks:", "Reverse:"):
        assert f"\n{heading}" in docstring, f"{script.revision} does not say {heading}"
    imports = {
        name.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom | ast.Import)
        for name in node.names
    }
    assert imports == {"steps"}
    assert "op." not in source.read_text(encoding="utf-8")


def test_a_step_without_its_file_is_named() -> None:
    with pytest.raises(TicketSchemaError, match=r"sql/tables/nowhere\.0001\.sql is missing"):
        steps.read("tables/nowhere", "0001")


@pytest.mark.parametrize("run", [steps.apply, steps.revert])
def test_index_builds_stand_alone_in_their_revision(
    run: Callable[[str, tuple[str, ...]], None],
) -> None:
    with pytest.raises(TicketSchemaError, match="does other things as well"):
        run("0001", ("tables/tickets", "indexes/idx_tickets_x"))
