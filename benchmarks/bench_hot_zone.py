"""A flash sale in one zone: holds a second, an old snapshot, many zones, and a sold-out one.

All variants run in turn on one embedded server with asynchronous commit, so that the CPU and the
locks decide and not the disk. The bound is the INSERT of a hold with its keys and indexes but
without the triggers that guard and count. `forgotten snapshot` keeps one repeatable-read
transaction open during the run. `locked sum` is what seed 001 describes: lock the zone, add up its
holds, insert; it starts with no holds and slows down as they grow. A refusal is caught in a
function of the benchmark, since pgbench ends a client at an error; its bound is a look at the zone.
"""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import psycopg

import ticket_schema
from ticket_schema import embedded

CLIENTS = 16
SECONDS = 4
ROUNDS = 3
TENANT = "00000000-0000-0000-0000-00000000000a"
EVENT = "00000000-0000-0000-0000-00000000000e"
HOT, BUCKETED, FULL = (f"00000000-0000-0000-0000-0000000000f{n}" for n in range(3))
MANY = "00000000-0000-0000-0000-0000000000"

ROWS = f"""
INSERT INTO ticketing.tenants (id, slug, name) VALUES ('{TENANT}', 'sale', 'Sale');
INSERT INTO ticketing.events (tenant_id, id, name, starts_at, ends_at)
VALUES ('{TENANT}', '{EVENT}', 'Concert', now() + interval '1 day', now() + interval '2 days');
INSERT INTO ticketing.zones (tenant_id, id, event_id, name, capacity, bucket_count)
VALUES
    ('{TENANT}', '{HOT}', '{EVENT}', 'Hot', 1000000000, 1),
    ('{TENANT}', '{BUCKETED}', '{EVENT}', 'Bucketed', 1000000000, 16),
    ('{TENANT}', '{FULL}', '{EVENT}', 'Full', 1, 1);
INSERT INTO ticketing.zones (tenant_id, id, event_id, name, capacity)
SELECT '{TENANT}', ('{MANY}' || n)::uuid, '{EVENT}', 'Zone ' || n, 1000000000
FROM generate_series(10, 25) AS n;
"""
HELPERS = f"""
CREATE SCHEMA bench;
CREATE FUNCTION bench.refused() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ticketing.create_hold('{EVENT}', '{FULL}', 1, gen_random_uuid()::text);
    RETURN FALSE;
EXCEPTION WHEN SQLSTATE 'TK121' THEN
    RETURN TRUE;
END;
$$;
CREATE FUNCTION bench.locked_sum() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_capacity integer;
BEGIN
    SELECT z.capacity INTO v_capacity FROM ticketing.zones AS z
    WHERE z.tenant_id = '{TENANT}' AND z.id = '{HOT}' FOR UPDATE;
    IF v_capacity < 1 + (
        SELECT coalesce(sum(h.quantity), 0) FROM ticketing.holds AS h
        WHERE h.tenant_id = '{TENANT}' AND h.event_id = '{EVENT}' AND h.zone_id = '{HOT}'
            AND (h.status = 'confirmed' OR (h.status = 'active' AND h.expires_at > now()))
    ) THEN
        RAISE EXCEPTION 'insufficient capacity';
    END IF;
    INSERT INTO ticketing.holds (
        tenant_id, event_id, zone_id, bucket_no, quantity, idempotency_key
    ) VALUES ('{TENANT}', '{EVENT}', '{HOT}', 0, 1, gen_random_uuid()::text);
END;
$$;
GRANT USAGE ON SCHEMA bench TO PUBLIC;
"""
LOGIN = """
CREATE ROLE bench_app LOGIN IN ROLE ticketing_app;
ALTER ROLE bench_app SET synchronous_commit = off;
"""
INSERT = f"""
INSERT INTO ticketing.holds (tenant_id, event_id, zone_id, bucket_no, quantity, idempotency_key)
VALUES ('{TENANT}', '{EVENT}', '{HOT}', 0, 1, gen_random_uuid()::text);"""
HOLD = "SELECT ticketing.create_hold('{event}', {zone}, 1, gen_random_uuid()::text);"


@dataclass(frozen=True)
class Variant:
    """One kind of load.

    Args:
        call: the statement between BEGIN and COMMIT.
        database: where it runs.
        old: whether a forgotten snapshot stays open meanwhile.
        bound: the variant that it is compared with.
    """

    call: str
    database: str = "shipped"
    old: bool = False
    bound: str = "bare insert"


VARIANTS = {
    "bare insert": Variant(INSERT, "bare"),
    "create_hold": Variant(HOLD.format(event=EVENT, zone=f"'{HOT}'")),
    "create_hold, forgotten snapshot": Variant(
        HOLD.format(event=EVENT, zone=f"'{HOT}'"), old=True, bound="create_hold"
    ),
    "create_hold, 16 buckets": Variant(HOLD.format(event=EVENT, zone=f"'{BUCKETED}'")),
    "create_hold, 16 zones": Variant(
        "\\set n random(10, 25)\n" + HOLD.format(event=EVENT, zone=f"('{MANY}' || :n)::uuid")
    ),
    "locked sum": Variant("SELECT bench.locked_sum();", "bare"),
    "look at the zone": Variant(
        "SELECT capacity FROM ticketing.zones "
        f"WHERE tenant_id = '{TENANT}' AND event_id = '{EVENT}' AND id = '{FULL}';"
    ),
    "refusal": Variant("SELECT bench.refused();", bound="look at the zone"),
}


def main() -> None:
    """Runs the rounds and prints each variant's median as a ratio to its bound."""
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start(Path(folder) / "pg")
        try:
            report = measure(server, Path(folder))
        finally:
            embedded.stop(server.folder)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


def measure(server: embedded.Embedded, folder: Path) -> dict[str, object]:
    """Returns the figures of all rounds.

    Args:
        server: where the databases are made.
        folder: for the scripts of the load.
    """
    for name in ("bare", "shipped"):
        prepare(server, name)
    with psycopg.connect(server.url("bare"), autocommit=True) as connection:
        connection.execute(LOGIN.encode())
    rates: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in range(ROUNDS):
        for name, variant in VARIANTS.items():
            empty(server, variant.database)
            with forgotten_snapshot(server, variant.database) if variant.old else nullcontext():
                rates[name].append(load(server, variant, folder))
            check(server, variant, name)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    return {
        "benchmark": f"holds in one zone, {CLIENTS} clients, {SECONDS} s a run",
        "rounds": ROUNDS,
        "calls_a_second": {
            name: {"median": round(medians[name]), "min": round(min(r)), "max": round(max(r))}
            for name, r in rates.items()
        },
        "ratio": {
            f"{name} / {variant.bound}": round(medians[name] / medians[variant.bound], 2)
            for name, variant in VARIANTS.items()
            if name not in ("bare insert", "look at the zone")
        },
    }


def prepare(server: embedded.Embedded, name: str) -> None:
    """Makes one database."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    ticket_schema.upgrade(server.url(name), progress=lambda _: None)
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        connection.execute(ROWS.encode())
        connection.execute(HELPERS.encode())
        if name == "bare":
            connection.execute("ALTER TABLE ticketing.holds DISABLE TRIGGER USER")
            # The role that locks the zone for the sum.
            connection.execute("ALTER FUNCTION bench.locked_sum() SECURITY DEFINER")


def empty(server: embedded.Embedded, name: str) -> None:
    """Starts a run from the same state as every other; the full zone stays full."""
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("TRUNCATE ticketing.holds")
        connection.execute(
            "UPDATE ticketing.zone_inventory SET held_quantity = 0, epoch = 1, updates = 0"
        )
        connection.execute("SET session_replication_role = origin")
        connection.execute(
            f"""
            INSERT INTO ticketing.holds (
                tenant_id, event_id, zone_id, bucket_no, quantity, idempotency_key
            ) VALUES ('{TENANT}', '{EVENT}', '{FULL}', 0, 1, 'full')
            """.encode()
        )
        connection.execute("VACUUM FULL ticketing.zone_inventory")
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")


@contextmanager
def forgotten_snapshot(server: embedded.Embedded, name: str) -> Iterator[None]:
    """Keeps a transaction open that saw the database as it was."""
    with psycopg.connect(server.url(name)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SELECT 1")
        yield
        connection.rollback()


def load(server: embedded.Embedded, variant: Variant, folder: Path) -> float:
    """Returns transactions a second of one run."""
    variables = [line for line in variant.call.splitlines() if line.startswith("\\set")]
    call = "\n".join(line for line in variant.call.splitlines() if not line.startswith("\\set"))
    script = folder / "load.sql"
    script.write_text(
        "\n".join(
            [
                *variables,
                "\\startpipeline",
                "BEGIN;",
                f"SELECT set_config('app.current_tenant_id', '{TENANT}', TRUE);",
                call.strip(),
                "COMMIT;",
                "\\endpipeline",
            ]
        )
        + "\n",
        encoding="utf-8",
    )
    arguments = [
        str(server.psql.parent / "pgbench"), "--no-vacuum", "--protocol=extended",
        f"--client={CLIENTS}", "--jobs=2", f"--time={SECONDS}", f"--file={script}",
        f"--host={server.socket_folder}", "--username=bench_app", variant.database,
    ]  # fmt: skip
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None or "failed transactions: 0 " not in done.stdout:
        raise RuntimeError(done.stdout + done.stderr)
    return float(found[1])


def check(server: embedded.Embedded, variant: Variant, name: str) -> None:
    """Makes sure that the counters agree with the rows, and that a refusal wrote none."""
    if variant.database == "bare":
        return
    with psycopg.connect(server.url(variant.database)) as connection:
        drift = connection.execute("SELECT count(*) FROM ticketing.zone_inventory_drift")
        if drift.fetchone() != (0,):
            msg = f"the counters have drifted: {name}"
            raise RuntimeError(msg)
        if name == "refusal":
            held = connection.execute("SELECT count(*) FROM ticketing.holds").fetchone()
            if held != (1,):
                msg = f"a refusal left rows: {held}"
                raise RuntimeError(msg)


if __name__ == "__main__":
    main()
