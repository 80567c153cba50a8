"""Each revision of this package, made dangerous in each of many ways, is refused for that very one.

What a revision has no example of to spoil is added to it. Ways stand beside each other in one copy
where they do not get in each other's way; each finding must name its revision, its rule and its
line, and weigh enough to fail the gate alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gate.worse import APPLY, Copy, changed, copied
from support.command import REVISIONS
from support.databases import Database
from support.servers import Server
from ticket_schema.gate import dynamic, history, project
from ticket_schema.gate.finding import Finding, Report, Severity
from ticket_schema.gate.rehearsal import Options

FIRST = REVISIONS[0]
CONTRACTS = {"0008", "0009", "0010", "0021"}
# What needs a table that was there before, and what a contract step is there for.
LATER = {FIRST}


@dataclass(frozen=True)
class Way:
    """One way to make a revision dangerous.

    Args:
        rule: what must refuse it.
        code: statements of Python that follow the upgrade, `{r}` being the revision; the finding
            must stand on the last line.
        not_in: revisions that cannot be made dangerous in this way.
    """

    rule: str
    code: tuple[str, ...]
    not_in: frozenset[str] = frozenset()

    @property
    def revisions(self) -> list[str]:
        return [one for one in REVISIONS if one not in self.not_in]


def sql(rule: str, *statements: str, not_in: Iterable[str] = ()) -> Way:
    return Way(rule, tuple(f'steps.execute("{one};")' for one in statements), frozenset(not_in))


def on_orders(rule: str, *actions: str, not_in: Iterable[str] = LATER) -> Way:
    return sql(rule, *(f"ALTER TABLE ticketing.orders {one}" for one in actions), not_in=not_in)


CHECK = "ADD CONSTRAINT chk_{r}_%s CHECK (tax_cents >= 0)"
AT_ONCE = "with op.get_context().autocommit_block():"
READ = (
    sql("index-not-concurrent", "CREATE INDEX idx_{r} ON ticketing.orders (status)", not_in=LATER),
    sql("index-dropped-not-concurrent", "DROP INDEX ticketing.idx_orders_user_id", not_in=LATER),
    sql(
        "concurrently-in-transaction",
        "CREATE INDEX CONCURRENTLY idx_{r}_c ON ticketing.orders (status)",
        not_in=LATER,
    ),
    on_orders("constraint-not-online", CHECK % "a"),
    on_orders(
        "validate-in-same-transaction",
        f"{CHECK % 'b'} NOT VALID",
        "VALIDATE CONSTRAINT chk_{r}_b",
    ),
    on_orders("set-not-null-scans", "ALTER event_id DROP NOT NULL", "ALTER event_id SET NOT NULL"),
    on_orders("type-change-rewrites", "ALTER tax_cents TYPE bigint USING tax_cents + 1"),
    on_orders("type-narrowed", "ALTER status TYPE text", "ALTER status TYPE varchar(9)"),
    on_orders("column-default-rewrites", "ADD COLUMN v_{r} float8 DEFAULT random()"),
    on_orders("unique-not-using-index", "ADD CONSTRAINT uq_{r} UNIQUE (tenant_id, id)"),
    on_orders("required-column", "ADD COLUMN n_{r} text NOT NULL"),
    on_orders("rewriting-command", "SET UNLOGGED"),
    sql("table-locked", "LOCK TABLE ticketing.orders IN ACCESS EXCLUSIVE MODE", not_in=LATER),
    on_orders("object-dropped", "DROP COLUMN IF EXISTS fees_cents", not_in=LATER | CONTRACTS),
    on_orders("object-renamed", "RENAME paid_cents TO paid_{r}", not_in=LATER | CONTRACTS),
    sql("cascade", "DROP FUNCTION IF EXISTS ticketing.f_{r}() CASCADE"),
    on_orders("row-security-off", "DISABLE ROW LEVEL SECURITY"),
    on_orders("row-security-off", "NO FORCE ROW LEVEL SECURITY"),
    sql("policy-dropped", "DROP POLICY orders_tenant ON ticketing.orders", not_in=LATER),
    sql("grant-to-public", "GRANT SELECT ON ticketing.orders TO PUBLIC"),
    sql(
        "security-definer-search-path",
        "CREATE FUNCTION ticketing.d_{r}() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1",
    ),
    sql(
        "search-path-not-pinned",
        "CREATE FUNCTION ticketing.p_{r}() RETURNS void LANGUAGE plpgsql AS 'BEGIN END'",
    ),
    sql("identifier-too-long", f"CREATE SEQUENCE ticketing.s_{{r}}_{'x' * 60}"),
    sql("sql-not-parsed", "ALTER TABEL ticketing.orders ADD n int"),
    Way(
        "not-rerunnable",
        (
            "from alembic import op",
            AT_ONCE,
            '    op.execute("CREATE INDEX CONCURRENTLY idx_{r}_k ON ticketing.orders (status)")',
        ),
        frozenset(LATER),
    ),
    Way("application-import", ("from ticket_schema.catalog import read_catalog",)),
)
# Each makes the rest of its revision something else, so it is tried alone.
ALONE = (
    sql("transaction-control", "COMMIT"),
    Way(
        "offline-render-fails",
        ("from alembic import op", "op.get_bind().exec_driver_sql('SELECT 1').scalar_one()"),
    ),
)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    return copied(tmp_path, monkeypatch)


def worsen(copy: Copy, ways: Iterable[Way]) -> dict[tuple[str, str, int], str]:
    """Adds ways to every revision; returns where each must be found, with what stands there."""
    expected = {}
    for revision in REVISIONS:
        mine = [one for one in ways if revision in one.revisions]
        code = [line.format(r=revision) for one in mine for line in one.code]
        module = copy.module(revision)
        worse = "\n    ".join(("steps.apply(revision, STEPS)", *code))
        assert changed(module, APPLY, worse.replace("\\", r"\\"))
        lines = module.read_text().splitlines()
        for one in mine:
            last = one.code[-1].format(r=revision)
            expected[revision, one.rule, lines.index(f"    {last}") + 1] = last
    return expected


def refused(copy: Copy, findings: Iterable[Finding]) -> set[tuple[str, str, int]]:
    """Returns what fails the gate, where it stands in the module of the revision it names."""
    return {
        (one.revision or "", one.rule.id, one.line or 0)
        for one in findings
        if one.weight is Severity.ERROR and one.file == copy.module(one.revision or "")
    }


@pytest.mark.parametrize("ways", [READ, *((one,) for one in ALONE)], ids=lambda ways: ways[0].rule)
def test_what_is_read_is_refused_where_it_stands(copy: Copy, ways: tuple[Way, ...]) -> None:
    expected = worsen(copy, ways)

    report = copy.check()

    assert report.exit_code == 1
    missed = {place: expected[place] for place in expected.keys() - refused(copy, report.findings)}
    assert missed == {}


def test_each_revision_is_tried_in_ten_ways() -> None:
    tried = {one: [way for way in (*READ, *ALONE) if one in way.revisions] for one in REVISIONS}
    assert {one for one, ways in tried.items() if len(ways) < (8 if one == FIRST else 20)} == set()


def test_an_edited_landed_revision_is_refused(copy: Copy) -> None:
    loaded = project.load(copy.ini)
    loaded.render()
    history.freeze(loaded)
    worsen(copy, [sql("landed-revision-edited", "SELECT 1")])

    found = refused(copy, copy.check().findings)

    assert {(one, rule) for one, rule, _ in found} == {
        (one, "landed-revision-edited") for one in REVISIONS
    }


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_a_second_head_is_refused(copy: Copy, revision: str) -> None:
    after = copy.module(REVISIONS[REVISIONS.index(revision) + 1])
    text = after.read_text().replace(f'"{after.name[:4]}"', '"9999"')
    second = copy.versions / "9999_second.py"
    second.write_text(re.sub(r"STEPS = \(.*?\)\n", "STEPS = ()\n", text, flags=re.DOTALL))

    found, _ = history.check(project.load(copy.ini))

    (one,) = found
    assert (one.rule.id, one.revision, one.file) == ("multiple-heads", "9999", second)
    assert one.weight is Severity.ERROR
    assert f"{REVISIONS[-1]} and 9999 both follow" in one.happens


# What only shows when it runs: the text is put together at run time, or is right by itself.
PLAIN = """
    steps.execute("CREATE TABLE ticketing.plain (id int CONSTRAINT pk_plain PRIMARY KEY, n int);")
"""


def built(rule: str, *statements: str, not_in: Iterable[str] = LATER) -> Way:
    texts = [one.replace("T", "T' || '") for one in statements]
    return sql(rule, *(f"DO $$ BEGIN EXECUTE '{one}'; END $$" for one in texts), not_in=not_in)


# In this order: the lock of a later one would make the earlier ones look worse than they are.
RUN = (
    built("scans-under-lock", "CREATE INDEX IF NOT EXISTS i_{r} ON ticketing.plain (n)"),
    sql(
        "row-writes-hidden",
        "SET LOCAL row_security = on",
        "UPDATE ticketing.orders SET version = version",
        not_in=LATER,
    ),
    built(
        "rewrites-table-for-column",
        "ALTER TABLE ticketing.plain ADD COLUMN IF NOT EXISTS v_{r} float8 DEFAULT random()",
    ),
    built("backfills-with-ddl", "UPDATE ticketing.plain SET n = 1"),
    built(
        "scans-under-lock",
        "ALTER TABLE ticketing.plain DROP CONSTRAINT IF EXISTS c_{r},"
        " ADD CONSTRAINT c_{r} CHECK (n > 0)",
    ),
)
BROKEN = Way(
    "function-broken",
    (
        'steps.execute("SET LOCAL check_function_bodies = off;")',
        'steps.execute("CREATE OR REPLACE FUNCTION ticketing.b_{r}() RETURNS int LANGUAGE sql'
        " AS 'SELECT nothing FROM ticketing.plain';\")",
    ),
)
# What is said of a whole way, and where; the way down takes away nothing of all this.
WHOLE = {"function-broken": "upgrade", "downgrade-leaves-trace": "downgrade"}


def test_what_runs_is_refused_where_it_stands(
    copy: Copy, server: Server, template: Database
) -> None:
    # The template: as in tests/gate/test_whole_projects.py.
    expected = worsen(copy, [*RUN, BROKEN])
    assert changed(copy.module(FIRST), APPLY, rf"\1{PLAIN}")
    down = '    steps.execute("DROP TABLE ticketing.plain;")'
    assert changed(copy.module(FIRST), r"^(def downgrade.*)$", rf"\1\n{down}")
    loaded = project.load(copy.ini)
    loaded.render()

    found = dynamic.check(loaded, Report(), url=server.url, options=Options(kills=False))

    got = refused(copy, found)
    missed = {
        (revision, rule, line): text
        for (revision, rule, line), text in expected.items()
        if rule != BROKEN.rule and (revision, rule, line) not in got
    }
    assert missed == {}
    for rule, function in WHOLE.items():
        for revision in REVISIONS:
            lines = copy.module(revision).read_text().splitlines()
            line = lines.index(f"def {function}() -> None:") + 1
            assert (revision, rule, line) in got
