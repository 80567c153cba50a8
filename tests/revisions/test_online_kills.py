"""0008 to 0010 cut off in the middle: nothing stays open, and the next run does them anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest

import ticket_schema
from support.databases import Database
from support.online import revision_of, rights_in, schema_of
from ticket_schema import TicketSchemaError

upgrade = partial(ticket_schema.upgrade, progress=lambda _: None)

# The key, and the table whose rows its validation locks one by one.
KEYS = {
    "fk_refunds_order_id": "orders",
    "fk_order_discounts_order_id": "orders",
    "fk_ticket_validations_validator_id": "users",
    "fk_ticket_holds_held_by": "users",
    "fk_tickets_original_purchaser_id": "users",
}
CHECK = "chk_tickets_status"
BUILD = "CREATE UNIQUE INDEX CONCURRENTLY "
VALIDATE = "VALIDATE CONSTRAINT "

GATE = """
    CREATE FUNCTION public.stop_at_gate() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF strpos(current_query(), '{text}') > 0 THEN
            PERFORM pg_advisory_xact_lock_shared(77);
        END IF;
    END;
    $$;
    CREATE EVENT TRIGGER gate ON {moment} WHEN TAG IN ('{command}')
        EXECUTE FUNCTION public.stop_at_gate();
"""
WAITING = """
    SELECT pid FROM pg_stat_activity
    WHERE application_name = 'ticket-schema' AND datname = current_database()
        AND wait_event_type = 'Lock' AND wait_event = ANY (%s)
"""
END = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'ticket-schema' AND datname = current_database()
"""
OPEN = (
    """
    SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class
    WHERE relnamespace = 'ticketing'::regnamespace AND relkind = 'r' ORDER BY relname
    """,
    "SELECT * FROM pg_policies ORDER BY tablename, policyname",
    """
    SELECT l.mode FROM pg_locks AS l INNER JOIN pg_database AS d ON l.database = d.oid
    WHERE l.locktype = 'advisory' AND d.datname = current_database()
    """,
)
UNFINISHED = """
    SELECT conname::text FROM pg_constraint WHERE NOT convalidated
    UNION ALL
    SELECT indexrelid::regclass::text FROM pg_index WHERE NOT (indisvalid AND indisready)
"""


@contextmanager
def gate(target: Database, text: str, command: str, moment: str) -> Iterator[psycopg.Connection]:
    """Stops whoever runs a command of a text, until the connection that it yields lets it go on."""
    with target.connect() as keeper:
        keeper.execute(GATE.format(text=text, command=command, moment=moment).encode())
        keeper.execute("SELECT pg_advisory_lock(77)")
        yield keeper
        keeper.execute("SELECT pg_advisory_unlock_all()")
        keeper.execute("DROP EVENT TRIGGER gate")
        keeper.execute("DROP FUNCTION public.stop_at_gate")


def waiting(watcher: psycopg.Connection, *events: str) -> int:
    """Returns the backend of the run, once it waits for one of those."""
    deadline = time.monotonic() + 20
    while (row := watcher.execute(WAITING, [list(events)]).fetchone()) is None:
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)
    pid: int = row[0]
    return pid


def cut_off(
    target: Database,
    revision: str,
    when: Callable[[psycopg.Connection], int],
    *,
    by: str = "pg_terminate_backend",
    holder: psycopg.Connection | None = None,
) -> TicketSchemaError:
    """Upgrades, cuts the run off, and returns what it said.

    Args:
        target: the database.
        revision: where the run wants to.
        when: returns the backend of the run when it is to be cut off.
        by: the function that does so.
        holder: whoever the run waited for, and is gone when it has been cut off.
    """
    with target.connect() as watcher, ThreadPoolExecutor(1) as pool:
        # A run gives way after half of deadlock_timeout, which must come later than the cut.
        watcher.execute(f"ALTER DATABASE {target.name} SET deadlock_timeout = '60s'".encode())
        running = pool.submit(upgrade, target.migrator_url, revision, lock_timeout="30s")
        try:
            watcher.execute(f"SELECT {by}(%s)", [when(watcher)])
        except BaseException:
            watcher.execute(END)
            raise
        if holder is not None:
            holder.close()
        error = running.exception(timeout=20)
    assert isinstance(error, TicketSchemaError), error
    return error


def unfinished(target: Database) -> set[str]:
    with target.connect() as connection:
        return {name.rpartition(".")[2] for (name,) in connection.execute(UNFINISHED)}


def standing(target: Database) -> list[object]:
    """Returns what could stand open: rights, policies, row level security, locks of a runner."""
    with target.connect() as connection:
        return [rights_in(target), *(connection.execute(query).fetchall() for query in OPEN)]


@pytest.mark.parametrize("by", ["pg_terminate_backend", "pg_cancel_backend"])
@pytest.mark.parametrize("key", KEYS)
def test_a_key_cut_off_while_its_rows_are_read(
    key: str, by: str, at_0007: Database, schemas: dict[str, str]
) -> None:
    before, whole = standing(at_0007), schema_of(at_0007)
    with (
        gate(at_0007, VALIDATE + key, "ALTER TABLE", "ddl_command_start") as keeper,
        psycopg.connect(at_0007.superuser_url) as blocker,
    ):

        def when(watcher: psycopg.Connection) -> int:
            waiting(watcher, "advisory")
            # Between two rows: the scan has begun and wants a row that is not to be had.
            blocker.execute(f"SELECT 1 FROM ticketing.{KEYS[key]} FOR UPDATE".encode())
            keeper.execute("SELECT pg_advisory_unlock(77)")
            return waiting(watcher, "transactionid", "tuple")

        error = cut_off(at_0007, "0008", when, by=by, holder=blocker)

    assert standing(at_0007) == before
    assert revision_of(at_0007) == "0007"
    if by == "pg_cancel_backend":
        assert "Nothing of it stays." in error.hint
        assert schema_of(at_0007) == whole
    else:
        assert "stays, until the next run does it anew" in error.hint
        assert unfinished(at_0007) == {key}
    upgrade(at_0007.migrator_url, "0008")
    assert schema_of(at_0007) == schemas["0008"]


@pytest.mark.parametrize(
    ("command", "moment"), [("ALTER TABLE", "ddl_command_end"), ("GRANT", "ddl_command_end")]
)
def test_a_key_cut_off_before_the_right_is_back_for_good(
    command: str, moment: str, at_0007: Database, schemas: dict[str, str]
) -> None:
    before = standing(at_0007)
    with gate(at_0007, f"{VALIDATE}fk_refunds_order_id", command, moment):
        cut_off(at_0007, "0008", lambda watcher: waiting(watcher, "advisory"))

    assert standing(at_0007) == before
    assert unfinished(at_0007) == {"fk_refunds_order_id"}
    upgrade(at_0007.migrator_url, "0010")
    assert schema_of(at_0007) == schemas["0010"]


@pytest.mark.parametrize("moment", ["ddl_command_start", "ddl_command_end"])
def test_checks_cut_off_while_they_are_validated(
    moment: str, at_0007: Database, schemas: dict[str, str]
) -> None:
    upgrade(at_0007.migrator_url, "0009")
    before = standing(at_0007)
    with gate(at_0007, VALIDATE + CHECK, "ALTER TABLE", moment):
        cut_off(at_0007, "0010", lambda watcher: waiting(watcher, "advisory"))

    assert standing(at_0007) == before
    assert revision_of(at_0007) == "0009"
    assert CHECK in unfinished(at_0007)
    upgrade(at_0007.migrator_url, "0010")
    assert schema_of(at_0007) == schemas["0010"]


@pytest.mark.parametrize("by", ["pg_terminate_backend", "pg_cancel_backend"])
@pytest.mark.parametrize("index", ["uq_tickets_qr_code", "uq_tickets_token_mint"])
def test_an_index_cut_off_while_it_is_built(
    index: str, by: str, at_0007: Database, schemas: dict[str, str]
) -> None:
    upgrade(at_0007.migrator_url, "0008")
    before, whole = standing(at_0007), schema_of(at_0007)
    with (
        gate(at_0007, BUILD + index, "CREATE INDEX", "ddl_command_start") as keeper,
        psycopg.connect(at_0007.superuser_url) as writer,
    ):

        def when(watcher: psycopg.Connection) -> int:
            waiting(watcher, "advisory")
            # The build marks its index, then waits for whoever writes the table.
            writer.execute("LOCK TABLE ticketing.tickets IN ROW EXCLUSIVE MODE")
            keeper.execute("SELECT pg_advisory_unlock(77)")
            return waiting(watcher, "virtualxid", "relation")

        error = cut_off(at_0007, "0009", when, by=by, holder=writer)

    assert standing(at_0007) == before
    assert revision_of(at_0007) == "0008"
    if by == "pg_cancel_backend":
        assert "Nothing of it stays." in error.hint
        assert schema_of(at_0007) == whole
    else:
        assert "stays, until the next run does it anew" in error.hint
        assert unfinished(at_0007) == {index}
    upgrade(at_0007.migrator_url, "0009")
    assert unfinished(at_0007) == set()
    assert schema_of(at_0007) == schemas["0009"]
