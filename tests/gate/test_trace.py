"""What the trace sees of each kind of statement, on rows, as a role that owns the tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from support.databases import MIGRATOR, database
from support.servers import Server
from ticket_schema.gate.trace import ForeignKey, Trace, Written, tell_nested, trace

ROWS = 20_000
NAMES = {"a": "public.a", "b": "public.b", "i": "public.a_code"}

MADE = f"""
CREATE TABLE a (id int PRIMARY KEY, code varchar(20), label varchar(20) NOT NULL, b_id int);
CREATE INDEX a_code ON a (code);
CREATE TABLE b (id int PRIMARY KEY, note text);
INSERT INTO b SELECT n, 'b' FROM generate_series(1, {ROWS}) AS n;
INSERT INTO a SELECT n, 'c' || n, 'l', n FROM generate_series(1, {ROWS}) AS n;
"""


@dataclass(frozen=True)
class Case:
    statement: str
    lock: str | None
    rewrote: tuple[str, ...] = ()
    scanned: int = 0
    second: str | None = None

    def __str__(self) -> str:
        return self.statement[:60]


CASES = [
    Case("ALTER TABLE a ADD COLUMN n int DEFAULT 7", "AccessExclusive"),
    Case(
        "ALTER TABLE a ADD COLUMN r float DEFAULT random()",
        "AccessExclusive",
        ("public.a", "public.a_code", "public.a_pkey"),
        3 * ROWS,  # once for the rewrite, once for each index
    ),
    Case(
        "ALTER TABLE a ALTER COLUMN b_id TYPE bigint",
        "AccessExclusive",
        ("public.a", "public.a_code", "public.a_pkey"),
        3 * ROWS,  # once for the rewrite, once for each index
    ),
    Case("ALTER TABLE a ALTER COLUMN code TYPE varchar(40)", "AccessExclusive"),
    Case(
        "ALTER TABLE a ALTER COLUMN code TYPE varchar(10)",
        "AccessExclusive",
        ("public.a", "public.a_code", "public.a_pkey"),
        3 * ROWS,  # once for the rewrite, once for each index
    ),
    Case("ALTER TABLE a ALTER COLUMN b_id SET NOT NULL", "AccessExclusive", (), ROWS),
    Case("ALTER TABLE a ADD CONSTRAINT c CHECK (id > 0)", "AccessExclusive", (), ROWS),
    Case("ALTER TABLE a ADD CONSTRAINT c CHECK (id > 0) NOT VALID", "AccessExclusive"),
    Case(
        "ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b_id) REFERENCES b",
        "ShareRowExclusive",
        (),
        ROWS,
        "ShareRowExclusive",
    ),
    Case(
        "ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b_id) REFERENCES b NOT VALID",
        "ShareRowExclusive",
        second="ShareRowExclusive",
    ),
    Case("CREATE INDEX i ON a (b_id)", "Share", (), ROWS),
    Case(
        "DO $$ BEGIN EXECUTE 'ALTER TABLE a ADD g int GENERATED ALWAYS AS (id + 1) STORED'; END $$",
        "AccessExclusive",
        ("public.a", "public.a_code", "public.a_pkey"),
        3 * ROWS,  # once for the rewrite, once for each index
    ),
    Case("ALTER TABLE a ENABLE ROW LEVEL SECURITY", "AccessExclusive"),
    Case("CREATE POLICY p ON a USING (TRUE)", "AccessExclusive"),
    Case(
        "CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "ShareRowExclusive",
    ),
    Case("CREATE TABLE n (id int); CREATE INDEX n_id ON n (id)", None),
]


@pytest.fixture(scope="module")
def tables(server: Server) -> Iterator[str]:
    with database(server) as made:
        with made.connect(MIGRATOR) as connection:
            connection.execute("SET max_parallel_maintenance_workers = 0")
            connection.execute(MADE.encode())
        yield made.migrator_url


@pytest.fixture
def connection(tables: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(tables) as opened:
        opened.execute("SET max_parallel_maintenance_workers = 0")
        opened.execute("SET max_parallel_workers_per_gather = 0")
        yield opened
        opened.rollback()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_locks_rewrites_and_scans(case: Case, connection: psycopg.Connection) -> None:
    seen = trace(connection, case.statement)

    assert seen.locks.get("public.a") == case.lock
    assert seen.locks.get("public.b") == case.second
    assert tuple(sorted(seen.rewritten)) == case.rewrote
    assert seen.scanned.get("public.a", 0) == case.scanned
    # A foreign key is tested against every row of both tables.
    assert seen.scanned.get("public.b", 0) == (ROWS if case.second and case.scanned else 0)
    assert not seen.alone


def test_an_index_of_a_table_in_use_is_named(connection: psycopg.Connection) -> None:
    assert trace(connection, "CREATE INDEX i ON a (b_id)").built == ("public.i",)
    # The lock is the transaction's by now, and is reported as held.
    seen = trace(connection, "CREATE INDEX j ON a (label)")
    assert seen.locks == {}
    assert seen.held["public.a"] == "Share"
    assert seen.built == ("public.j",)


def test_an_index_that_a_type_change_builds_anew_is_rewritten(
    connection: psycopg.Connection,
) -> None:
    seen = trace(connection, 'ALTER TABLE a ALTER COLUMN code TYPE varchar(20) COLLATE "C"')
    assert "public.a_code" in seen.rewritten
    assert "public.a" not in seen.rewritten


def test_rows_are_counted_by_table_and_kind(connection: psycopg.Connection) -> None:
    seen = trace(connection, "UPDATE a SET code = 'x' WHERE id <= 10")
    assert seen.written == {"public.a": Written(updated=10)}
    inside = "DO $$ BEGIN UPDATE a SET code = 'y'; DELETE FROM b WHERE id = 1; END $$"
    seen = trace(connection, inside)
    assert seen.written == {"public.a": Written(updated=ROWS), "public.b": Written(deleted=1)}
    assert seen.scanned["public.a"] >= ROWS
    assert trace(connection, "INSERT INTO b VALUES (0, '')").written == {
        "public.b": Written(inserted=1)
    }


def test_counters_of_an_earlier_transaction_are_not_counted_again(
    connection: psycopg.Connection,
) -> None:
    for _ in range(3):
        connection.execute("SELECT count(*) FROM a")
        connection.rollback()
        seen = trace(connection, "ALTER TABLE a ADD CONSTRAINT c CHECK (id > 0)")
        assert seen.scanned == {"public.a": ROWS}
        connection.rollback()


def test_reads_through_an_index_are_counted_at_the_table(connection: psycopg.Connection) -> None:
    connection.execute("SET enable_seqscan = off")
    seen = trace(connection, "SELECT * FROM a WHERE id = 7")
    assert seen.scanned == {"public.a": 1}


def test_settings_are_those_in_force(connection: psycopg.Connection) -> None:
    assert trace(connection, "SELECT 1").settings.lock_timeout == 0
    connection.execute("SET LOCAL lock_timeout = '3s'")
    connection.execute("SET LOCAL statement_timeout = '15min'")
    connection.execute("SET LOCAL row_security = off")
    settings = trace(connection, "SELECT 1").settings
    assert (settings.lock_timeout, settings.statement_timeout) == (3000, 900_000)
    assert not settings.row_security
    assert settings.role == MIGRATOR


def test_a_truncated_table_is_emptied_not_rewritten(connection: psycopg.Connection) -> None:
    seen = trace(connection, "TRUNCATE b")
    assert seen.emptied == ("public.b",)
    assert seen.rewritten == ()
    assert seen.locks == {"public.b": "AccessExclusive"}


def test_row_security_that_filters_the_owner_is_told(connection: psycopg.Connection) -> None:
    assert trace(connection, "UPDATE b SET note = note WHERE id = 1").filtered == ()
    connection.execute("ALTER TABLE b ENABLE ROW LEVEL SECURITY")
    assert trace(connection, "UPDATE b SET note = note WHERE id = 1").filtered == ()
    connection.execute("ALTER TABLE b FORCE ROW LEVEL SECURITY")
    seen = trace(connection, "UPDATE b SET note = 'lost'")
    assert seen.filtered == ("public.b",)
    assert seen.written == {}


def test_a_foreign_key_is_validated_once(connection: psycopg.Connection) -> None:
    key = ForeignKey("public.a", "f", "public.b")
    added = "ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b_id) REFERENCES b NOT VALID"
    assert trace(connection, added).validated == ()
    assert trace(connection, "ALTER TABLE a VALIDATE CONSTRAINT f").validated == (key,)
    assert trace(connection, "ALTER TABLE a VALIDATE CONSTRAINT f").validated == ()


def test_concurrent_builds_are_watched_from_outside(server: Server) -> None:
    with database(server) as made, made.connect(MIGRATOR) as alone:
        alone.execute("SET max_parallel_maintenance_workers = 0")
        alone.execute(MADE.encode())

        def watched(statement: str) -> Trace:
            return trace(alone, statement, observe=made.connect)

        seen = watched("CREATE INDEX CONCURRENTLY i ON a (b_id)")
        assert seen.alone
        assert seen.built == ("public.i",)
        assert seen.locks["public.a"] == "ShareUpdateExclusive"
        assert seen.scanned["public.a"] >= ROWS

        # What could have run in a transaction is seen to the letter, outside of one as well.
        seen = watched("ALTER TABLE a ALTER COLUMN b_id SET NOT NULL")
        assert seen.alone
        assert seen.locks == {"public.a": "AccessExclusive"}
        assert seen.scanned == {"public.a": ROWS}
        assert alone.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_what_runs_inside_a_statement_is_told(server: Server) -> None:
    with database(server) as made:
        with made.connect() as admin:
            tell_nested(admin)
        with made.connect(MIGRATOR) as connection:
            connection.execute(MADE.encode())
            connection.execute(
                "CREATE FUNCTION widen() RETURNS void LANGUAGE plpgsql AS"
                " 'BEGIN ALTER TABLE b ADD g int GENERATED ALWAYS AS (id) STORED; END'"
            )
        with psycopg.connect(made.migrator_url) as connection:
            assert trace(connection, "ALTER TABLE a ADD x int").nested == ()
            block = "DO $$ BEGIN ALTER TABLE a ADD y int; CREATE INDEX i ON a (y); END $$"
            assert trace(connection, block).nested == (
                "ALTER TABLE public.a",
                "CREATE INDEX public.i",
            )
            assert trace(connection, "SELECT widen()").nested == (
                "rewrite of b",
                "ALTER TABLE public.b",
            )
            assert trace(connection, "SELECT 1").nested == ()
