"""What the catalog queries and our lint find is told of the revision that brought it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from gate.projects import Plain
from support.databases import Database
from support.servers import Server
from ticket_schema import gate, lint
from ticket_schema.gate import flaws
from ticket_schema.gate.finding import RULES, Finding, Severity, Stage
from ticket_schema.gate.project import Place, load
from ticket_schema.gate.rehearsal import Rehearsal, Rehearsed, Run
from ticket_schema.gate.rules import flaws as rules
from ticket_schema.lint import Offence

TABLE = "CREATE TABLE a (id bigint CONSTRAINT a_pk PRIMARY KEY, n int)"
KEYLESS = "CREATE TABLE b (n int)"
UNTIL = date.today() + timedelta(days=30)

Check = Callable[..., list[Finding]]


@pytest.fixture
def check(server: Server) -> Check:
    def run(project: Plain) -> list[Finding]:
        return gate.check(project.ini, rehearsed=True, url=server.url).findings

    return run


@pytest.fixture
def admin(empty: Database) -> Iterator[psycopg.Connection]:
    with empty.connect() as connection:
        yield connection


def of(found: list[Finding], rule: str) -> list[str | None]:
    return [one.revision for one in found if one.rule.id == rule]


def test_a_flaw_is_told_of_the_revision_since_which_it_is(tmp_path: Path, check: Check) -> None:
    project = Plain(tmp_path).sql("0001", TABLE, downgrade="DROP TABLE a")
    project.sql("0002", KEYLESS, downgrade="DROP TABLE b")
    project.sql("0003", "ALTER TABLE b ADD COLUMN m int", downgrade="ALTER TABLE b DROP COLUMN m")
    found = check(project)

    assert of(found, "table-without-primary-key") == ["0002"]
    (one,) = [one for one in found if one.rule.id == "table-without-primary-key"]
    assert one.file == tmp_path / "migrations" / "versions" / "0002.py"
    assert "CREATE TABLE b" in one.file.read_text().splitlines()[(one.line or 0) - 1]


def test_a_flaw_that_a_later_revision_mends_is_none(tmp_path: Path, check: Check) -> None:
    project = Plain(tmp_path).sql("0001", KEYLESS, downgrade="DROP TABLE b")
    project.sql(
        "0002",
        "ALTER TABLE b ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        downgrade="ALTER TABLE b DROP COLUMN id",
    )

    assert of(check(project), "table-without-primary-key") == []


def test_a_revision_is_told_of_what_it_takes_from_older_objects(
    tmp_path: Path, check: Check
) -> None:
    project = Plain(tmp_path).sql("0001", TABLE, downgrade="DROP TABLE a")
    drop, back = "ALTER TABLE a DROP CONSTRAINT a_pk", "ALTER TABLE a ADD CONSTRAINT a_pk"
    project.sql("0002", drop, downgrade=f"{back} PRIMARY KEY (id)")

    assert of(check(project), "table-without-primary-key") == ["0002"]


def test_with_since_only_what_is_new_is_told(tmp_path: Path, server: Server) -> None:
    project = Plain(tmp_path).sql("0001", KEYLESS, downgrade="DROP TABLE b")
    project.sql("0002", "CREATE TABLE c (n int)", downgrade="DROP TABLE c")
    loaded = project.load()
    loaded.render()
    first, second = loaded.revisions
    loaded.revisions = (replace(first, checked=False), second)
    gate.load_rules()
    from ticket_schema.gate.dynamic import check as rehearse  # noqa: PLC0415 - needs the extra
    from ticket_schema.gate.finding import Report  # noqa: PLC0415

    found = rehearse(loaded, Report(), url=server.url)

    (one,) = [one for one in found if one.rule.id == "table-without-primary-key"]
    assert one.revision == "0002"
    assert "Table c " in one.happens
    assert "table b" not in one.happens


def test_what_a_superuser_prepared_is_no_revision_s(tmp_path: Path, check: Check) -> None:
    project = Plain(tmp_path).sql("0001", TABLE, downgrade="DROP TABLE a")
    (tmp_path / "first.sql").write_text("CREATE TABLE early (n int);")
    (tmp_path / "pyproject.toml").write_text('[tool.ticket-schema.gate]\nprepare = "first.sql"\n')

    assert of(check(project), "table-without-primary-key") == []


def test_what_the_catalog_shows_can_be_allowed(tmp_path: Path, check: Check) -> None:
    project = Plain(tmp_path).sql("0001", KEYLESS, downgrade="DROP TABLE b")
    module = tmp_path / "migrations" / "versions" / "0001.py"
    allow = f"    # gate: allow table-without-primary-key until {UNTIL}: a log that is emptied\n"
    module.write_text(
        module.read_text().replace("    op.execute('CR", f"{allow}    op.execute('CR")
    )
    found = check(project)

    assert of(found, "table-without-primary-key") == []
    assert of(found, "override-unused") == []


def test_a_flaw_of_a_table_stands_where_that_is_made(tmp_path: Path, check: Check) -> None:
    project = Plain(tmp_path).sql(
        "0001",
        "CREATE TABLE a (id bigserial PRIMARY KEY, code text UNIQUE)",
        "CREATE TABLE b (id bigserial PRIMARY KEY, a bigint REFERENCES a (id))",
        "CREATE INDEX b_a ON b (a)",
        downgrade="DROP TABLE b, a",
    )
    told = {
        (one.rule.id, one.happens.split()[1]): one.line or 0
        for one in check(project)
        if one.rule.stage is Stage.CATALOG
    }

    made = [told["serial-column", "a.id"], told["serial-column", "b.id"]]
    assert 0 < made[0] < made[1]
    assert told["name-made-up", "a.a_code_key"] == made[0]
    assert told["name-made-up", "b.b_a_fkey"] == made[1]


def test_a_table_that_services_own_and_policies_do_not_hold(admin: psycopg.Connection) -> None:
    admin.execute("CREATE TABLE a (id bigint PRIMARY KEY, tenant_id uuid)")
    admin.execute("ALTER TABLE a ENABLE ROW LEVEL SECURITY")
    admin.execute("CREATE POLICY p ON a USING (tenant_id IS NOT NULL)")
    admin.execute("ALTER TABLE a OWNER TO ts_test_app")
    admin.execute("GRANT SELECT ON a TO ts_test_readonly")
    found = [one for one in flaws.look(admin) if one.query == "owner-passes-policies"]

    assert "belongs to ts_test_app" in found[0].detail
    admin.execute("ALTER TABLE a FORCE ROW LEVEL SECURITY")
    assert not [one for one in flaws.look(admin) if one.query == "owner-passes-policies"]


def test_looking_leaves_nothing(admin: psycopg.Connection) -> None:
    counting = "SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc)"
    before = admin.execute(counting).fetchone()
    flaws.look(admin)
    assert admin.execute(counting).fetchone() == before


def test_each_query_has_a_rule_and_each_lint_rule_a_row() -> None:
    gate.load_rules()

    assert set(rules.RULES) == set(flaws.names())
    assert set(rules.LINT) == set(lint.rules())
    for same, _ in rules.LINT.values():
        assert not same or same in RULES, same
    for one in rules.OWN.values():
        assert one.stage == Stage.CATALOG
        assert one.convention
        assert len(one.why) < 300, one


def test_what_our_lint_finds_is_told_of_the_revision_that_touched_it() -> None:
    gate.load_rules()
    project = load(None)
    old, new = project.revisions[-2:]
    table = {"ticketing": {"table": {"a": {"row_security": True}, "b": {}}}}
    after = {"ticketing": {"table": {"a": {"row_security": False}, "b": {}}}}
    seen = Rehearsal(
        revisions=[
            Rehearsed(old, {}, table, Run("upgrade"), after),
            Rehearsed(new, {}, after, Run("upgrade"), after),
        ],
        offences=[
            Offence("row_security", "a", "row level security is not enabled", "ALTER TABLE a …;"),
            Offence("rules", "b.r", "rewrites statements", "DROP RULE r;"),
        ],
    )

    first, second = rules.check(seen, ours=True)

    assert (first.rule.id, first.revision) == ("tenant-table-unguarded", old.id)
    assert (second.rule.id, second.revision) == ("lint-rules", None)
    assert {first.weight, second.weight} == {Severity.ERROR}
    assert Place(first.file or Path(), first.line or 0, 1) == old.place


def test_our_schema_has_neither_flaws_nor_offences(shared: Database) -> None:
    with shared.connect() as connection:
        found = flaws.look(connection)
    left = [
        one
        for one in found
        if not (one.schema == "ticketing" and one.query in rules.ANSWERED_BY_LINT)
    ]

    assert left == []
    # It was asked, and its lint allows what it means.
    assert {one.query for one in found} >= {"policy-always-true"}
