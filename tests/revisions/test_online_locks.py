"""0008 to 0010 stop nobody: which locks they take, and what writers notice of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest
from alembic import command

import ticket_schema
from support.databases import Database
from support.online import catalog_of, revision_of, schema_of
from ticket_schema import TicketSchemaError, constraints, steps
from ticket_schema.constraints import Group
from ticket_schema.errors import Exit
from ticket_schema.runner import Progress

upgrade = partial(ticket_schema.upgrade, progress=lambda _: None)

LOCKS = """
    SELECT c.relname, array_agg(DISTINCT l.mode ORDER BY l.mode)
    FROM pg_locks AS l
    INNER JOIN pg_class AS c ON l.relation = c.oid
    WHERE l.pid = %s AND l.granted AND c.relkind = 'r'
        AND c.relnamespace = 'ticketing'::regnamespace
    GROUP BY c.relname
"""
# What readers and writers take, and what does not meet it.
HARMLESS = {"AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock"}
PARENTS = {
    "fk_refunds_order_id": "orders",
    "fk_order_discounts_order_id": "orders",
    "fk_ticket_validations_validator_id": "users",
    "fk_ticket_holds_held_by": "users",
    "fk_tickets_original_purchaser_id": "users",
}


def groups(revision: str) -> list[Group]:
    """Returns what a revision adds, group by group, as the runner does."""
    names = [
        step
        for step, stamps in steps.stamps().items()
        if step.startswith("constraints/") and revision in stamps
    ]
    return constraints.groups(constraints.parse(steps.read(name, revision)) for name in names)


GROUPS = [*groups("0008"), *groups("0010")]


def name_of(group: Group) -> str:
    return group[0].name


@pytest.fixture
def owner(at_0007: Database) -> Iterator[psycopg.Connection]:
    """The migrator acting as the owner, as a run does."""
    with psycopg.connect(at_0007.migrator_url) as connection:
        connection.execute("SET ROLE ticketing_owner")
        connection.execute("SET row_security = off")
        connection.commit()
        yield connection
        connection.rollback()


def run(connection: psycopg.Connection, transactions: Sequence[str]) -> None:
    for text in transactions:
        connection.execute(text.encode())
        connection.commit()


def locks(target: Database, connection: psycopg.Connection) -> dict[str, set[str]]:
    with target.connect() as watcher:
        found = watcher.execute(LOCKS, [connection.info.backend_pid])
        return {table: set(modes) for table, modes in found}


def tenant_of(target: Database) -> UUID:
    with target.connect() as connection:
        row = connection.execute("SELECT id FROM ticketing.tenants LIMIT 1").fetchone()
    assert row is not None
    tenant: UUID = row[0]
    return tenant


@contextmanager
def acting(target: Database, login: str, **settings: str) -> Iterator[psycopg.Connection]:
    """Yields a transaction of a service or a worker for the first tenant."""
    with psycopg.connect(target.url(login)) as connection:
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, TRUE)", [name, value])
        tenant = str(tenant_of(target))
        connection.execute("SELECT set_config('app.current_tenant_id', %s, TRUE)", [tenant])
        yield connection


@pytest.mark.parametrize("group", GROUPS, ids=name_of)
def test_the_strong_lock_is_taken_by_the_short_transaction_alone(
    group: Group, at_0007: Database, owner: psycopg.Connection
) -> None:
    table = group[0].table.split(".")[1]
    *before, adds = constraints.adding(group)
    run(owner, before)
    owner.execute(adds.encode())
    held = {name: modes - HARMLESS for name, modes in locks(at_0007, owner).items()}
    if name_of(group) in PARENTS:
        strong = {"ShareRowExclusiveLock"}
        assert held == {table: strong, PARENTS[name_of(group)]: strong}
    else:
        assert {name: modes for name, modes in held.items() if modes} == {
            table: {"AccessExclusiveLock"}
        }
    with at_0007.connect() as watcher:
        scanned = watcher.execute(
            "SELECT count(*) FROM pg_constraint WHERE NOT convalidated"
        ).fetchone()
        assert scanned == (0,)  # not yet committed
    owner.commit()

    owner.execute(constraints.validating(group).encode())
    held = locks(at_0007, owner)
    assert "ShareUpdateExclusiveLock" in held[table]
    assert set().union(*held.values()) <= HARMLESS
    owner.commit()


@pytest.mark.parametrize("group", GROUPS, ids=name_of)
def test_rows_are_written_and_read_while_they_are_validated(
    group: Group, at_0007: Database, owner: psycopg.Connection
) -> None:
    run(owner, constraints.adding(group))
    owner.execute(constraints.validating(group).encode())

    for login in ("ts_test_app", "ts_test_worker"):
        with acting(at_0007, login, lock_timeout="200ms") as writer:
            tenant = tenant_of(at_0007)
            (user,) = writer.execute("SELECT id FROM ticketing.users").fetchone() or ()
            writer.execute("UPDATE ticketing.tickets SET payment_id = 'p'")
            writer.execute(
                "INSERT INTO ticketing.ticket_validations (tenant_id, ticket_id, validator_id)"
                " SELECT tenant_id, id, %s FROM ticketing.tickets",
                [user],
            )
            writer.execute(
                "INSERT INTO ticketing.refunds (tenant_id, order_id, amount_cents, reason)"
                " SELECT tenant_id, id, 1, 'asked for' FROM ticketing.orders WHERE tenant_id = %s",
                [tenant],
            )
            writer.execute("UPDATE ticketing.ticket_holds SET held_by = %s", [user])
            if login == "ts_test_worker":
                for table in ("users", "orders"):
                    writer.execute(f"UPDATE ticketing.{table} SET version = version + 1".encode())
                writer.execute("UPDATE ticketing.users SET email = 'new' || email")
    owner.commit()


@pytest.mark.parametrize("group", groups("0008"), ids=name_of)
def test_only_deleting_a_parent_waits_for_the_validation(
    group: Group, at_0007: Database, owner: psycopg.Connection
) -> None:
    run(owner, constraints.adding(group))
    owner.execute(constraints.validating(group).encode())
    parent = PARENTS[name_of(group)]
    row = f"(SELECT id FROM ticketing.{parent} ORDER BY id LIMIT 1)"
    with psycopg.connect(at_0007.superuser_url, options="-c lock_timeout=100ms") as writer:
        for free in ("FOR NO KEY UPDATE", "FOR SHARE"):
            writer.execute(f"SELECT 1 FROM ticketing.{parent} {free}".encode())
            writer.rollback()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            writer.execute(f"SELECT 1 FROM ticketing.{parent} WHERE id = {row} FOR UPDATE".encode())


def test_nothing_of_the_withdrawn_right_is_seen_by_others(
    at_0007: Database, owner: psycopg.Connection, schemas: dict[str, str]
) -> None:
    right = "SELECT has_table_privilege('ticketing_owner', 'ticketing.refunds', 'SELECT')"
    (group,) = (group for group in groups("0008") if name_of(group) == "fk_refunds_order_id")
    run(owner, constraints.adding(group))
    before = catalog_of(at_0007)
    taken, _, given = constraints.validating(group).partition("GRANT SELECT")

    owner.execute(taken.encode())
    with at_0007.connect() as watcher:
        assert watcher.execute(right).fetchone() == (True,)
        assert watcher.execute("SELECT count(*) > 0 FROM ticketing.refunds").fetchone() == (True,)
    assert owner.execute(right).fetchone() == (False,)
    owner.execute(f"GRANT SELECT{given}".encode())
    owner.commit()

    after = catalog_of(at_0007)
    assert after["table"] == before["table"]
    assert after["policy"] == before["policy"]
    assert owner.execute(right).fetchone() == (True,)


def test_a_writer_is_never_the_victim_of_a_deadlock(
    at_0007: Database, owner: psycopg.Connection
) -> None:
    (group,) = (g for g in groups("0008") if name_of(g) == "fk_tickets_original_purchaser_id")
    with at_0007.connect() as connection:
        connection.execute(f"ALTER DATABASE {at_0007.name} SET deadlock_timeout = '400ms'".encode())
        connection.execute("SELECT pg_terminate_backend(%s)", [owner.info.backend_pid])
    with (
        psycopg.connect(at_0007.migrator_url) as runner,
        acting(at_0007, "ts_test_worker") as writer,
        ThreadPoolExecutor(1) as pool,
    ):
        runner.execute("SET ROLE ticketing_owner")
        runner.execute("SET lock_timeout = '10s'")  # so that the test ends, whatever happens
        writer.execute("UPDATE ticketing.users SET version = version + 1")
        adds = constraints.adding(group)[-1]
        started = time.monotonic()
        adding: Future[Any] = pool.submit(runner.execute, adds.encode())
        wait_until(lambda: "tickets" in locks(at_0007, runner))
        # Whoever waits looks for a circle once, after deadlock_timeout: the one who closes it later
        # would be the one to lose.
        time.sleep(0.5)
        writer.execute("UPDATE ticketing.tickets SET payment_id = 'p'")
        writer.commit()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            adding.result()
        assert time.monotonic() - started < 3
        runner.rollback()


def wait_until(condition: Any, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def test_both_tables_are_waited_for_with_patience(at_0007: Database) -> None:
    """A wait shorter than deadlock_timeout would never make an autovacuum give way."""
    for table in ("orders", "refunds"):
        holder = psycopg.connect(at_0007.superuser_url)
        holder.execute(f"LOCK TABLE ticketing.{table} IN SHARE UPDATE EXCLUSIVE MODE".encode())
        timer = threading.Timer(1.0, holder.close)
        timer.start()
        upgrade(at_0007.migrator_url, "0008", lock_timeout="10s", lock_tries=1)
        timer.join()
        command.downgrade(
            ticket_schema.alembic_config(at_0007.migrator_url, progress=lambda _: None), "0007"
        )


def test_a_validation_may_take_longer_than_a_statement(at_0007: Database) -> None:
    """The rows that it refers to are not to be had for a while, which is a way to be slow."""
    with at_0007.connect() as connection:
        connection.execute(f"ALTER DATABASE {at_0007.name} SET deadlock_timeout = '20s'".encode())
    blocker = psycopg.connect(at_0007.superuser_url)
    blocker.execute("SELECT 1 FROM ticketing.orders FOR UPDATE")
    timer = threading.Timer(1.0, blocker.close)
    timer.start()
    upgrade(
        at_0007.migrator_url,
        "0008",
        statement_timeout="500ms",
        lock_timeout="10s",
        lock_tries=1,
    )
    timer.join()
    assert revision_of(at_0007) == "0008"


def identities(target: Database) -> dict[str, int]:
    query = "SELECT conname, oid FROM pg_constraint WHERE conname = ANY(%s)"
    with target.connect() as connection:
        return dict(connection.execute(query, [list(PARENTS)]).fetchall())


def test_a_retry_goes_on_with_the_constraint_that_had_to_wait(at_0007: Database) -> None:
    holder = psycopg.connect(at_0007.superuser_url)
    holder.execute("LOCK TABLE ticketing.ticket_holds IN ROW EXCLUSIVE MODE")
    made: dict[str, int] = {}

    def let_go(progress: Progress) -> None:
        if progress.kind == "retrying":
            made.update(identities(at_0007))
            holder.close()

    ticket_schema.upgrade(at_0007.migrator_url, "0008", progress=let_go, lock_timeout="100ms")

    assert made.keys() == PARENTS.keys() - {
        "fk_ticket_holds_held_by",
        "fk_tickets_original_purchaser_id",
    }
    assert made.items() <= identities(at_0007).items()


def test_tries_are_counted_anew_for_each_constraint(at_0007: Database) -> None:
    tables = ["refunds", "order_discounts", "ticket_validations", "ticket_holds", "tickets"]
    holders = {}
    for table in tables:
        holders[table] = psycopg.connect(at_0007.superuser_url)
        lock = f"LOCK TABLE ticketing.{table} IN ROW EXCLUSIVE MODE"
        holders[table].execute(lock.encode())

    def let_go(progress: Progress) -> None:
        if progress.kind == "retrying":
            holders[tables.pop(0)].close()

    ticket_schema.upgrade(
        at_0007.migrator_url, "0008", progress=let_go, lock_timeout="100ms", lock_tries=2
    )

    assert tables == []
    assert revision_of(at_0007) == "0008"


def test_locks_that_are_not_to_be_had_leave_nothing_behind(at_0007: Database) -> None:
    before = schema_of(at_0007)
    with psycopg.connect(at_0007.superuser_url) as holder:
        holder.execute("LOCK TABLE ticketing.ticket_validations IN ROW EXCLUSIVE MODE")
        with pytest.raises(TicketSchemaError, match="2 tries of 100ms") as refused:
            upgrade(at_0007.migrator_url, "0008", lock_timeout="100ms", lock_tries=2)
        holder.rollback()

    assert refused.value.exit_code == Exit.TIMED_OUT
    assert "Nothing of it stays." in refused.value.hint
    assert schema_of(at_0007) == before
    assert revision_of(at_0007) == "0007"


def test_what_cannot_be_taken_back_is_said_and_done_anew(
    at_0007: Database, schemas: dict[str, str]
) -> None:
    with psycopg.connect(at_0007.superuser_url) as holder:
        holder.execute("LOCK TABLE ticketing.ticket_validations IN ROW EXCLUSIVE MODE")
        holder.execute("SELECT 1 FROM ticketing.refunds")  # a reader, who stops a DROP only
        with pytest.raises(TicketSchemaError, match="2 tries of 100ms") as refused:
            upgrade(at_0007.migrator_url, "0008", lock_timeout="100ms", lock_tries=2)
        holder.rollback()

    assert "stays, until the next run does it anew" in refused.value.hint
    assert revision_of(at_0007) == "0007"
    assert "fk_refunds_order_id" in identities(at_0007)

    upgrade(at_0007.migrator_url, "0010")
    assert schema_of(at_0007) == schemas["0010"]


def test_a_way_down_that_had_to_wait_goes_on(at_0007: Database) -> None:
    before = schema_of(at_0007)
    upgrade(at_0007.migrator_url, "0010")
    holder = psycopg.connect(at_0007.superuser_url)
    holder.execute("LOCK TABLE ticketing.order_discounts IN ACCESS SHARE MODE")

    def let_go(progress: Progress) -> None:
        if progress.kind == "retrying":
            assert identities(at_0007).keys() == {
                "fk_refunds_order_id",
                "fk_order_discounts_order_id",
            }
            holder.close()

    config = ticket_schema.alembic_config(
        at_0007.migrator_url, progress=let_go, lock_timeout="100ms"
    )
    command.downgrade(config, "0007")

    assert holder.closed
    assert schema_of(at_0007) == before
