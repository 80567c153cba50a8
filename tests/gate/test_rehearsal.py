"""The rules of the dynamic stage: for each, a revision that it must refuse and one that is safe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest

from gate.projects import ENV, Plain
from support.servers import Server
from ticket_schema.gate.dynamic import check
from ticket_schema.gate.finding import Finding, Report
from ticket_schema.gate.rehearsal import Options

TABLES = (
    "CREATE TABLE customer (id bigint GENERATED ALWAYS AS IDENTITY, email text NOT NULL,"
    " nick varchar(40), age int, CONSTRAINT customer_pk PRIMARY KEY (id))",
    "CREATE TABLE purchase (id bigint GENERATED ALWAYS AS IDENTITY, customer_id bigint NOT NULL,"
    " cents bigint NOT NULL, note text, CONSTRAINT purchase_pk PRIMARY KEY (id))",
    "CREATE INDEX purchase_customer ON purchase (customer_id)",
    "CREATE INDEX customer_age ON customer (age)",
)
AWAY = "DROP TABLE purchase; DROP TABLE customer"

Rehearse = Callable[..., Report]


@pytest.fixture
def project(tmp_path: Path) -> Plain:
    """A project with two tables, both with rows when the next revision runs."""
    return Plain(tmp_path).sql("0001", *TABLES, downgrade=AWAY)


@pytest.fixture
def rehearse(server: Server) -> Rehearse:
    def run(project: Plain, options: Options | None = None) -> Report:
        report = Report()
        loaded = project.load()
        loaded.render()
        report.findings = check(loaded, report, url=server.url, options=options)
        return report

    return run


def named(report: Report, revision: str = "0002") -> set[str]:
    """The rules that a revision broke, notes left out."""
    return {
        one.rule.id for one in report.findings if one.revision == revision and one.weight != "note"
    }


def one(report: Report, rule: str) -> Finding:
    (found,) = [one for one in report.findings if one.rule.id == rule]
    return found


DANGEROUS = {
    "a volatile default": (
        "rewrites-table-for-column",
        ["ALTER TABLE customer ADD COLUMN score float NOT NULL DEFAULT random()"],
        "ALTER TABLE customer DROP COLUMN score",
    ),
    "a stored column in a DO block": (
        "rewrites-table-for-column",
        [
            "DO $$ BEGIN EXECUTE 'ALTER TABLE purchase ADD COLUMN euros numeric"
            " GENERATED ALWAYS AS (cents / 100.0) STORED'; END $$"
        ],
        "ALTER TABLE purchase DROP COLUMN euros",
    ),
    "a wider integer": (
        "rewrites-table",
        ["ALTER TABLE customer ALTER COLUMN age TYPE bigint"],
        "ALTER TABLE customer ALTER COLUMN age TYPE int",
    ),
    "an index with a lock": (
        "builds-index-under-lock",
        ["CREATE INDEX purchase_cents ON purchase (cents)"],
        "DROP INDEX purchase_cents",
    ),
    "a unique key with a lock": (
        "builds-constraint-under-lock",
        ["ALTER TABLE purchase ADD CONSTRAINT purchase_once UNIQUE (id, cents)"],
        "ALTER TABLE purchase DROP CONSTRAINT purchase_once",
    ),
    "a check over all rows": (
        "scans-under-lock",
        ["ALTER TABLE purchase ADD CONSTRAINT cents_small CHECK (cents < 1e9)"],
        "ALTER TABLE purchase DROP CONSTRAINT cents_small",
    ),
    "a foreign key over all rows": (
        "scans-under-lock",
        [
            "ALTER TABLE purchase ADD CONSTRAINT purchase_fk FOREIGN KEY (customer_id)"
            " REFERENCES customer"
        ],
        "ALTER TABLE purchase DROP CONSTRAINT purchase_fk",
    ),
    "a foreign key over rows of which some refer to nothing": (
        "scans-under-lock",
        [
            "ALTER TABLE customer ADD CONSTRAINT customer_fk FOREIGN KEY (age) REFERENCES purchase",
        ],
        "ALTER TABLE customer DROP CONSTRAINT customer_fk",
    ),
    "NOT NULL by a scan": (
        "scans-for-not-null",
        [
            "ALTER TABLE purchase ALTER COLUMN cents DROP NOT NULL",
            "ALTER TABLE purchase ALTER COLUMN cents SET NOT NULL",
        ],
        "",
    ),
    "NOT VALID and VALIDATE together": (
        "validates-under-lock",
        [
            "ALTER TABLE purchase ADD CONSTRAINT cents_small CHECK (cents < 1e9) NOT VALID",
            "ALTER TABLE purchase VALIDATE CONSTRAINT cents_small",
        ],
        "ALTER TABLE purchase DROP CONSTRAINT cents_small",
    ),
    "a scan of another table while one is closed": (
        "work-after-exclusive-lock",
        ["ALTER TABLE customer ADD COLUMN x int", "SELECT count(*) FROM purchase"],
        "ALTER TABLE customer DROP COLUMN x",
    ),
    "the same in one text": (
        "work-after-exclusive-lock",
        ["ALTER TABLE customer ADD COLUMN x int; SELECT count(*) FROM purchase"],
        "ALTER TABLE customer DROP COLUMN x",
    ),
    "two tables closed in one transaction": (
        "locks-several-tables",
        ["ALTER TABLE customer ADD COLUMN x int", "ALTER TABLE purchase ADD COLUMN x int"],
        "ALTER TABLE customer DROP COLUMN x; ALTER TABLE purchase DROP COLUMN x",
    ),
    "a column and its backfill": (
        "backfills-with-ddl",
        ["ALTER TABLE customer ADD COLUMN x int", "UPDATE customer SET x = 1"],
        "ALTER TABLE customer DROP COLUMN x",
    ),
    "a column and its backfill in one text": (
        "backfills-with-ddl",
        ["ALTER TABLE customer ADD COLUMN x int; UPDATE customer SET x = 1"],
        "ALTER TABLE customer DROP COLUMN x",
    ),
    "a column and its backfill in a DO block": (
        "backfills-with-ddl",
        ["DO $$ BEGIN ALTER TABLE customer ADD COLUMN x int; UPDATE customer SET x = 1; END $$"],
        "ALTER TABLE customer DROP COLUMN x",
    ),
    "a backfill of rows that are not there yet": (
        "backfills-with-ddl",
        [
            "ALTER TABLE customer ADD COLUMN x int",
            "UPDATE customer SET x = 1 WHERE nick = 'nobody'",
        ],
        "ALTER TABLE customer DROP COLUMN x",
    ),
    "all rows by one UPDATE": ("writes-unbounded", ["UPDATE purchase SET note = 'x'"], ""),
    "all rows by one DELETE in a DO block": (
        "writes-unbounded",
        ["DO $$ BEGIN DELETE FROM purchase; END $$"],
        "",
    ),
    "CONCURRENTLY in a transaction": (
        "fails-in-transaction",
        ["CREATE INDEX CONCURRENTLY purchase_cents ON purchase (cents)"],
        "DROP INDEX purchase_cents",
    ),
    "NOT NULL without a default": (
        "fails-on-rows",
        ["ALTER TABLE customer ADD COLUMN phone text NOT NULL"],
        "ALTER TABLE customer DROP COLUMN phone",
    ),
    "a cast that rows do not survive": (
        "fails-on-rows",
        ["ALTER TABLE customer ALTER COLUMN email TYPE date USING email::date"],
        "ALTER TABLE customer ALTER COLUMN email TYPE text",
    ),
    "NOT NULL where some are empty": (
        "fails-on-violations",
        ["ALTER TABLE customer ALTER COLUMN age SET NOT NULL"],
        "ALTER TABLE customer ALTER COLUMN age DROP NOT NULL",
    ),
    "unique where some are double": (
        "fails-on-duplicates",
        ["CREATE UNIQUE INDEX customer_email ON customer (email)"],
        "DROP INDEX customer_email",
    ),
    "a downgrade that forgets": (
        "downgrade-leaves-trace",
        ["CREATE TABLE extra (id bigint CONSTRAINT extra_pk PRIMARY KEY)"],
        "",
    ),
    "a downgrade that takes too much": (
        "downgrade-leaves-trace",
        ["COMMENT ON TABLE customer IS 'who buys'"],
        "COMMENT ON TABLE customer IS NULL; DROP INDEX purchase_customer",
    ),
    "a downgrade that fails": (
        "downgrade-fails",
        ["ALTER TABLE customer ADD COLUMN x int"],
        "ALTER TABLE customer DROP COLUMN y",
    ),
    "a constraint that is never validated": (
        "left-invalid",
        ["ALTER TABLE purchase ADD CONSTRAINT cents_small CHECK (cents < 1e9) NOT VALID"],
        "ALTER TABLE purchase DROP CONSTRAINT cents_small",
    ),
    "a function that reads what is gone": (
        "function-broken",
        [
            "CREATE FUNCTION nicks() RETURNS SETOF varchar LANGUAGE sql"
            " AS 'SELECT nick FROM public.customer'",
            "ALTER TABLE customer DROP COLUMN nick",
        ],
        "ALTER TABLE customer ADD COLUMN nick varchar(40); DROP FUNCTION nicks()",
    ),
    "a revision that does not run": ("upgrade-fails", ["ALTER TABLE nobody ADD COLUMN x int"], ""),
    "a table without a key": (
        "table-without-primary-key",
        ["CREATE TABLE loose (n int)"],
        "DROP TABLE loose",
    ),
    "a foreign key without an index": (
        "foreign-key-without-index",
        [
            "CREATE TABLE visit (id bigint CONSTRAINT visit_pk PRIMARY KEY, customer_id bigint"
            " CONSTRAINT visit_fk REFERENCES customer)"
        ],
        "DROP TABLE visit",
    ),
    "an index twice": (
        "duplicate-index",
        [
            "CREATE TABLE visit (id bigint CONSTRAINT visit_pk PRIMARY KEY, a int, b int)",
            "CREATE INDEX visit_a ON visit (a)",
            "CREATE INDEX visit_a_b ON visit (a, b)",
        ],
        "DROP TABLE visit",
    ),
}


@pytest.mark.parametrize("name", DANGEROUS)
def test_it_refuses(name: str, project: Plain, rehearse: Rehearse) -> None:
    rule, statements, down = DANGEROUS[name]
    report = rehearse(project.sql("0002", *statements, downgrade=down))
    assert rule in named(report), [(f.revision, f.rule.id, f.happens) for f in report.findings]
    for finding in report.findings:
        if finding.rule.id == rule:
            assert finding.file is not None
            assert finding.file.name == "0002.py"
            assert finding.happens.endswith(".")


SAFE: dict[str, tuple[list[str], str]] = {
    "a column with a constant": (
        ["ALTER TABLE customer ADD COLUMN x int NOT NULL DEFAULT 7"],
        "ALTER TABLE customer DROP COLUMN x",
    ),
    "a wider varchar": (
        ["ALTER TABLE customer ALTER COLUMN nick TYPE varchar(80)"],
        "ALTER TABLE customer ALTER COLUMN nick TYPE varchar(40)",
    ),
    "a new table with all it needs": (
        [
            "CREATE TABLE visit (id bigint CONSTRAINT visit_pk PRIMARY KEY, customer_id bigint"
            " CONSTRAINT visit_fk REFERENCES customer, at timestamptz NOT NULL)",
            "CREATE INDEX visit_customer ON visit (customer_id)",
            "ALTER TABLE visit ADD CONSTRAINT visit_at CHECK (at > '2000-01-01')",
            "INSERT INTO visit SELECT g, NULL, now() FROM generate_series(1, 100) AS g",
            "UPDATE visit SET at = at + interval '1 day'",
        ],
        "DROP TABLE visit",
    ),
    "one row of many, by its key": (
        ["ALTER TABLE customer ADD COLUMN x int", "UPDATE customer SET x = 1 WHERE id = 3"],
        "ALTER TABLE customer DROP COLUMN x",
    ),
    "a few rows into a list": (
        [
            "ALTER TABLE customer ADD COLUMN x int",
            "INSERT INTO purchase (customer_id, cents) VALUES (1, 1), (2, 2)",
        ],
        "ALTER TABLE customer DROP COLUMN x",
    ),
    "a trigger": (
        [
            "CREATE TRIGGER same BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION"
            " suppress_redundant_updates_trigger()"
        ],
        "DROP TRIGGER same ON customer",
    ),
    "a comment": (
        ["COMMENT ON TABLE customer IS 'who buys'"],
        "COMMENT ON TABLE customer IS NULL",
    ),
}


@pytest.mark.parametrize("name", SAFE)
def test_it_lets_pass(name: str, project: Plain, rehearse: Rehearse) -> None:
    statements, down = SAFE[name]
    report = rehearse(project.sql("0002", *statements, downgrade=down))
    assert named(report) == set(), [(f.rule.id, f.happens) for f in report.findings]
    assert named(report, "0001") == set()


def test_a_finding_says_what_ran_inside(project: Plain, rehearse: Rehearse) -> None:
    project.sql(
        "0002",
        "DO $$ BEGIN CREATE INDEX purchase_cents ON purchase (cents); END $$",
        downgrade="DROP INDEX purchase_cents",
    )
    found = one(rehearse(project), "builds-index-under-lock")
    assert "Inside it ran: CREATE INDEX public.purchase_cents." in found.happens


def test_the_online_way_passes(project: Plain, rehearse: Rehearse) -> None:
    project.sql(
        "0002",
        "ALTER TABLE purchase ADD CONSTRAINT purchase_fk FOREIGN KEY (customer_id)"
        " REFERENCES customer NOT VALID",
        downgrade="ALTER TABLE purchase DROP CONSTRAINT purchase_fk",
    )
    project.sql("0003", "ALTER TABLE purchase VALIDATE CONSTRAINT purchase_fk")
    # That the key stays valid on the way down is no trace: it cannot be unsaid.
    report = rehearse(project)
    assert named(report) == set()
    assert named(report, "0003") == set()
    assert report.locks["0003"][0].mode == "ShareUpdateExclusiveLock"


BATCHES = {
    "a limit": (
        "while op.get_bind().execute(sa.text("
        "'UPDATE purchase SET x = 1 WHERE ctid IN"
        " (SELECT ctid FROM purchase WHERE x IS NULL LIMIT 1000)')).rowcount:\n    pass"
    ),
    "ranges of keys": (
        "for low in range(0, 3000, 1000):\n"
        "    op.execute(f'UPDATE purchase SET x = 1 WHERE id >= {low} AND id < {low + 1000}')"
    ),
    "again and again": (
        "while op.get_bind().execute(sa.text("
        "'UPDATE purchase SET x = 1 WHERE x IS NULL AND (id % 3 <> 0 OR NOT EXISTS"
        " (SELECT FROM purchase WHERE x IS NULL AND id % 3 <> 0))')).rowcount:\n    pass"
    ),
}


@pytest.mark.parametrize("name", BATCHES)
def test_batches_pass(name: str, project: Plain, rehearse: Rehearse) -> None:
    project.sql(
        "0002",
        "ALTER TABLE purchase ADD COLUMN x int",
        downgrade="ALTER TABLE purchase DROP COLUMN x",
    )
    text = indent(BATCHES[name], "    ")
    project.revision("0003", f"with op.get_context().autocommit_block():\n{text}")
    report = rehearse(project)
    assert named(report, "0002") == set()
    assert named(report, "0003") == set()
    assert report.locks["0003"][0].rows_written >= 20


CONCURRENT = """
with op.get_context().autocommit_block():
    op.execute("{}")
"""


def test_a_concurrent_build_that_can_be_repeated_passes(project: Plain, rehearse: Rehearse) -> None:
    drop = "DROP INDEX CONCURRENTLY IF EXISTS purchase_cents"
    build = "CREATE INDEX CONCURRENTLY purchase_cents ON purchase (cents)"
    project.revision(
        "0002", CONCURRENT.format(drop) + CONCURRENT.format(build), CONCURRENT.format(drop)
    )
    report = rehearse(project)
    assert named(report) == set()
    (lock,) = report.locks["0002"]
    assert (lock.relation, lock.mode) == ("public.purchase", "ShareUpdateExclusiveLock")
    assert lock.rows_scanned >= 20


@pytest.mark.parametrize("clause", ["", "IF NOT EXISTS "])
def test_a_concurrent_build_that_cannot_be_repeated_is_refused(
    clause: str, project: Plain, rehearse: Rehearse
) -> None:
    build = f"CREATE INDEX CONCURRENTLY {clause}purchase_cents ON purchase (cents)"
    project.revision(
        "0002",
        CONCURRENT.format(build),
        CONCURRENT.format("DROP INDEX CONCURRENTLY purchase_cents"),
    )
    report = rehearse(project)
    assert named(report) == {"breaks-when-killed"}
    happens = one(report, "breaks-when-killed").happens
    # With the clause the second run is content with the invalid index of the first.
    assert ("already exists" in happens) == (not clause)
    assert ("purchase_cents was changed (valid)" in happens) == bool(clause)


def test_no_lock_timeout_is_told_once_a_revision(tmp_path: Path, rehearse: Rehearse) -> None:
    project = Plain(tmp_path, ENV.replace("SET lock_timeout = '2s'", "SELECT 1"))
    project.sql("0001", *TABLES, downgrade=AWAY)
    project.sql(
        "0002",
        "ALTER TABLE customer ADD COLUMN x int",
        "ALTER TABLE customer ADD COLUMN y int",
        downgrade="ALTER TABLE customer DROP COLUMN x, DROP COLUMN y",
    )
    project.sql(
        "0003",
        "SET LOCAL lock_timeout = '1s'",
        "ALTER TABLE customer ADD COLUMN z int",
        downgrade="ALTER TABLE customer DROP COLUMN z",
    )
    report = rehearse(project)
    assert named(report, "0001") == set()
    assert one(report, "no-lock-timeout").revision == "0002"


SECURED = (
    "CREATE TABLE room (tenant int NOT NULL, id int NOT NULL, label text,"
    " CONSTRAINT room_pk PRIMARY KEY (tenant, id))",
    "CREATE TABLE door (tenant int NOT NULL, id int NOT NULL, room_id int NOT NULL,"
    " CONSTRAINT door_pk PRIMARY KEY (tenant, id))",
    "CREATE INDEX door_room ON door (tenant, room_id)",
    "ALTER TABLE room ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE room FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant ON room"
    " USING (tenant = nullif(current_setting('app.tenant', TRUE), '')::int)",
)


@pytest.fixture
def secured(tmp_path: Path) -> Plain:
    return Plain(tmp_path).sql("0001", *SECURED, downgrade="DROP TABLE door; DROP TABLE room")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE room SET label = 'x' WHERE label IS NULL",
        "DELETE FROM room",
        "DO $$ BEGIN UPDATE room SET label = 'x'; END $$",
        "INSERT INTO door SELECT tenant, id + 1000000, id FROM room",
    ],
)
def test_writes_that_row_security_empties_are_refused(
    statement: str, secured: Plain, rehearse: Rehearse
) -> None:
    report = rehearse(secured.sql("0002", statement))
    assert named(report) == {"row-writes-hidden"}
    assert "public.room holds" in one(report, "row-writes-hidden").happens


def test_writes_that_fail_under_row_security_are_refused(
    secured: Plain, rehearse: Rehearse
) -> None:
    secured.sql("0002", "SET LOCAL row_security = off", "UPDATE room SET label = 'x'")
    assert named(rehearse(secured)) >= {"fails-under-row-security"}


def test_writes_with_the_force_lifted_are_seen(secured: Plain, rehearse: Rehearse) -> None:
    secured.sql(
        "0002",
        "ALTER TABLE room NO FORCE ROW LEVEL SECURITY",
        "UPDATE room SET label = 'x' WHERE id = 1 AND tenant = 1",
        "ALTER TABLE room FORCE ROW LEVEL SECURITY",
    )
    assert named(rehearse(secured)) == set()


def test_a_foreign_key_over_hidden_rows_is_refused(secured: Plain, rehearse: Rehearse) -> None:
    key = "ALTER TABLE door ADD CONSTRAINT door_fk FOREIGN KEY (tenant, room_id) REFERENCES room"
    secured.sql("0002", f"{key} NOT VALID", downgrade="ALTER TABLE door DROP CONSTRAINT door_fk")
    secured.sql("0003", "ALTER TABLE door VALIDATE CONSTRAINT door_fk")
    found = named(rehearse(secured), "0003")
    # Hidden parents make good rows look like orphans; hidden children are passed over.
    assert found & {"fails-on-violations", "foreign-key-hidden"}


def test_a_foreign_key_of_hidden_rows_is_refused(secured: Plain, rehearse: Rehearse) -> None:
    secured.sql(
        "0002",
        "ALTER TABLE room ADD COLUMN door_id int",
        "ALTER TABLE room ADD CONSTRAINT room_fk FOREIGN KEY (tenant, door_id) REFERENCES door",
        downgrade="ALTER TABLE room DROP COLUMN door_id",
    )
    assert "foreign-key-hidden" in named(rehearse(secured))


def test_a_downgrade_that_says_no_is_a_note(project: Plain, rehearse: Rehearse) -> None:
    project.revision(
        "0002",
        "op.execute('ALTER TABLE customer ADD COLUMN x int')",
        "raise NotImplementedError('forward only')",
    )
    project.sql(
        "0003",
        "ALTER TABLE customer ADD COLUMN y int",
        downgrade="ALTER TABLE customer DROP COLUMN y",
    )
    report = rehearse(project)
    assert named(report) == named(report, "0003") == set()
    assert "forward only" in one(report, "downgrade-refused").happens


def test_what_could_not_be_filled_is_said(tmp_path: Path, rehearse: Rehearse) -> None:
    project = Plain(tmp_path)
    project.sql(
        "0001",
        "CREATE TABLE odd (a text CONSTRAINT odd_pk PRIMARY KEY, CONSTRAINT odd_a"
        " CHECK (md5(a) = 'x'))",
        downgrade="DROP TABLE odd",
    )
    project.sql(
        "0002", "ALTER TABLE odd ADD COLUMN b int", downgrade="ALTER TABLE odd DROP COLUMN b"
    )
    report = rehearse(project)
    assert "public.odd" in one(report, "rehearsed-without-rows").happens
    assert named(report) == set()


def test_a_project_may_bring_its_rows(tmp_path: Path, rehearse: Rehearse) -> None:
    project = Plain(tmp_path)
    project.sql(
        "0001",
        "CREATE TABLE odd (a text CONSTRAINT odd_pk PRIMARY KEY, b text, CONSTRAINT odd_a"
        " CHECK (md5(a) LIKE '0%9'))",
        downgrade="DROP TABLE odd",
    )
    project.sql(
        "0002",
        "ALTER TABLE odd ALTER COLUMN b SET NOT NULL",
        downgrade="ALTER TABLE odd ALTER COLUMN b DROP NOT NULL",
    )
    (tmp_path / "rows.sql").write_text(
        "INSERT INTO odd SELECT g, NULL FROM generate_series(1, 9999) AS g"
        " WHERE md5(g::text) LIKE '0%9'"
    )
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "0001.sql").write_text((tmp_path / "rows.sql").read_text())
    for seed in ("rows.sql", "rows"):
        found = one(rehearse(project, Options(seed=seed)), "fails-on-violations")
        # These rows are the project's own word for what there is, so it is an error.
        assert found.weight == "error"


def test_it_sees_what_bypasses_sqlalchemy(project: Plain, rehearse: Rehearse) -> None:
    project.revision(
        "0002",
        """
        cursor = op.get_bind().connection.cursor()
        cursor.execute("ALTER TABLE customer ADD COLUMN x int")
        cursor.execute("UPDATE customer SET x = 1")
        """,
        "op.drop_column('customer', 'x')",
    )
    assert "backfills-with-ddl" in named(rehearse(project))


def test_merged_branches_are_rehearsed(project: Plain, rehearse: Rehearse) -> None:
    def column(name: str) -> tuple[str, str]:
        return f"op.add_column('customer', sa.Column('{name}', sa.Integer))", (
            f"op.drop_column('customer', '{name}')"
        )

    project.revision("0002", *column("x"), down="0001")
    project.revision("0003", *column("y"), down="0001")
    merged = project.folder / "migrations" / "versions" / "0004.py"
    merged.write_text(
        '"""Merge."""\nrevision = "0004"\ndown_revision = ("0002", "0003")\n\n\n'
        "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"
    )
    report = rehearse(project)
    for number in ("0001", "0002", "0003", "0004"):
        assert named(report, number) == set()
    assert {"0002", "0003"} <= report.locks.keys()


def test_production_is_out_of_reach(tmp_path: Path, rehearse: Rehearse) -> None:
    # The ini names a host that does not exist, and env.py one of its own.
    env = ENV.replace(
        "engine_from_config(\n        config.get_section(config.config_ini_section),"
        ' prefix="sqlalchemy.",\n        poolclass=pool.NullPool,\n    )',
        'create_engine("postgresql+psycopg://root:secret@prod.invalid/live",'
        " poolclass=pool.NullPool)",
    ).replace("import engine_from_config,", "import create_engine,")
    assert "prod.invalid" in env
    project = Plain(tmp_path, env).sql("0001", *TABLES, downgrade=AWAY)
    report = rehearse(project)
    assert named(report, "0001") == set()
    assert report.stages["rehearsal"] > 0
