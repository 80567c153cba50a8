"""Contracts with services of the last release."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.alembic_project import AlembicProject
from ticket_schema import gate
from ticket_schema.errors import TicketSchemaError
from ticket_schema.gate import contract, static
from ticket_schema.gate import project as projects

OLD = "CREATE FUNCTION f(p_a bigint, p_b text DEFAULT '') RETURNS bigint LANGUAGE sql RETURN p_a"


@pytest.fixture
def project(tmp_path: Path) -> AlembicProject:
    made = AlembicProject(tmp_path)
    made.revision(
        "a1",
        f'''
        op.execute("CREATE TABLE t (id bigint PRIMARY KEY, a text, label text)")
        op.execute("{OLD}")
        op.execute("CREATE VIEW v (x, y) AS SELECT id, a FROM t")
        ''',
        "raise NotImplementedError",
    )
    return made


def rules(project: AlembicProject, since: str | None = None) -> set[str]:
    return {one.rule.id for one in gate.check(project.ini, since=since).failing}


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("f(p_a bigint, p_b text DEFAULT '') RETURNS bigint", False),
        ("f(p_a bigint, p_b text DEFAULT '', p_c int DEFAULT 0) RETURNS bigint", False),
        ("f(p_a bigint, p_b text DEFAULT '', p_c int) RETURNS bigint", True),
        ("f(p_a bigint, p_b text) RETURNS bigint", True),
        ("f(p_a bigint) RETURNS bigint", True),
        ("f(p_a int, p_b text DEFAULT '') RETURNS bigint", True),
        ("f(p_b text, p_a bigint) RETURNS bigint", True),
        ("f(p_x bigint, p_b text DEFAULT '') RETURNS bigint", True),
        ("f(p_a bigint, p_b text DEFAULT '') RETURNS int", True),
        ("f(p_a bigint, p_b text DEFAULT '') RETURNS SETOF bigint", True),
        ("f(p_a bigint, p_b text DEFAULT '', OUT x bigint)", True),
    ],
)
@pytest.mark.parametrize("first", ["drop", "create"])
def test_a_function_serves_its_old_callers(
    project: AlembicProject, new: str, expected: bool, first: str
) -> None:
    steps = [
        'op.execute("DROP FUNCTION f(bigint, text)")',
        f'op.execute("CREATE FUNCTION {new} LANGUAGE sql RETURN 1")',
    ]
    project.revision(
        "a2", "\n".join(steps if first == "drop" else steps[::-1]), "raise NotImplementedError"
    )

    assert (rules(project) == {"function-contract-changed"}) == expected


def test_a_function_may_change_in_a_contract_step(project: AlembicProject) -> None:
    project.revision(
        "a2",
        'op.execute("DROP FUNCTION f(bigint, text)")\n'
        'op.execute("CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1")',
        "raise NotImplementedError",
        head='phase = "contract"',
    )

    assert rules(project) == set()


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("v (x, y, z) AS SELECT id, a, label FROM t", set()),
        ("v AS SELECT id AS x, a AS y FROM t", set()),
        ("v AS SELECT * FROM t", set()),
        ("v (x) AS SELECT id FROM t", {"view-contract-changed"}),
        ("v AS SELECT id, a FROM t", {"view-contract-changed"}),
    ],
)
def test_a_view_keeps_its_columns(project: AlembicProject, view: str, expected: set[str]) -> None:
    project.revision(
        "a2",
        f'op.execute("DROP VIEW v")\nop.execute("CREATE VIEW {view}")',
        "raise NotImplementedError",
    )

    assert rules(project) == expected


@pytest.mark.parametrize(
    ("new", "fill", "together"),
    [
        ("label_new", "", True),
        ("title", "UPDATE t SET title = label WHERE id < 100", True),
        ("weight", "UPDATE t SET weight = '0' WHERE id < 100", False),
        ("weight", "", False),
    ],
)
def test_expand_and_contract_of_one_change_need_two_releases(
    project: AlembicProject, new: str, fill: str, together: bool
) -> None:
    project.commit("v1")
    upgrade = f'op.execute("ALTER TABLE t ADD COLUMN {new} text")'
    if fill:
        upgrade += f'\nop.execute("{fill}")'
    project.revision("a2", upgrade, "raise NotImplementedError")
    project.commit("v2")
    project.revision(
        "a3",
        'op.execute("ALTER TABLE t DROP COLUMN label")',
        "raise NotImplementedError",
        head='phase = "contract"',
    )

    assert (rules(project, "v1") == {"expand-and-contract-together"}) == together
    assert rules(project, "v2") == set()
    off = gate.check(project.ini).switched_off
    assert off["expand-and-contract-together"] == "no --since names the last release"


def release(project: AlembicProject, name: str) -> None:
    loaded = projects.load(project.ini)
    loaded.render()
    contract.write(loaded, static.at_head(loaded), name)


@pytest.mark.parametrize(
    ("upgrade", "what"),
    [
        ("DROP TABLE t CASCADE", "t, and the table is gone"),
        ("ALTER TABLE t DROP COLUMN label", "t.label, and the column is gone"),
        ("DROP VIEW v", "v, and the view is gone"),
        ("DROP FUNCTION f(bigint, text)", "f, and the function is gone"),
    ],
)
def test_what_a_release_promised_stands_until_a_contract_step(
    project: AlembicProject, upgrade: str, what: str
) -> None:
    release(project, "1.9.0")
    module = project.revision("a2", f'op.execute("{upgrade}")', "raise NotImplementedError")

    (found, *_) = [
        one for one in gate.check(project.ini).failing if one.rule.id == "release-contract-broken"
    ]
    assert found.happens == f"Services of release 1.9.0 rely on {what}."
    assert found.file is not None
    assert found.file.name == "1.9.0.json"

    module.write_text(module.read_text() + '\nphase = "contract"\n')
    assert "release-contract-broken" not in rules(project)


def test_the_newest_release_counts_and_none_is_written_twice(project: AlembicProject) -> None:
    release(project, "1.9.0")
    drop = 'op.execute("ALTER TABLE t DROP COLUMN label")'
    project.revision("a2", drop, "raise NotImplementedError", head='phase = "contract"')
    release(project, "1.10.0")
    add = 'op.execute("ALTER TABLE t ADD COLUMN more text")'
    project.revision("a3", add, "raise NotImplementedError")

    newest = contract.newest(projects.load(project.ini))
    assert newest is not None
    assert newest.stem == "1.10.0"
    with pytest.raises(TicketSchemaError, match=r"Release 1\.10\.0 has a contract"):
        release(project, "1.10.0")
    with pytest.raises(TicketSchemaError, match="cannot be called"):
        release(project, "../x")
