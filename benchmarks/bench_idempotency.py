"""Idempotent requests: what acquire and complete cost, and what a replay costs.

The bound of the first is the same row written by a bare INSERT and a bare UPDATE by key, two
statements, on a table without triggers; of the second a SELECT by the unique key. `record` writes
the row once, with its answer. All variants run in turn on one embedded server with asynchronous
commit, so that the CPU and the locks decide and not the disk, as a service's login under row level
security, each statement a transaction of its own.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import psycopg

import harness
from ticket_schema import embedded

CLIENTS = 16
SECONDS = 3
ROUNDS = 3
STORED = 10_000
TENANT = "00000000-0000-0000-0000-00000000000a"
HASH = "ab" * 32
KEY = "lpad((:n)::text, 24, 'k')"
BODY = """{"order": "O-1001", "tickets": 2, "total_cents": 5000}"""

ROWS = f"""
INSERT INTO ticketing.tenants (id, slug, name) VALUES ('{TENANT}', 'shop', 'Shop');
"""
CONTEXT = f"ALTER ROLE bench_app SET app.current_tenant_id = '{TENANT}'"
FILL = f"""
INSERT INTO ticketing.idempotency_keys (
    tenant_id, idempotency_key, operation, request_hash, status,
    response_status, response_body, completed_at
)
SELECT '{TENANT}', {KEY}, 'POST /orders', '{HASH}', 'completed', 201, '{BODY}', now()
FROM generate_series(1, {STORED}) AS n (n);
""".replace(":n", "n")
ANY_NEW = "\\set n random(1, 9000000000000000)\n"
ANY_STORED = f"\\set n random(1, {STORED})\n"

INSERT_UPDATE = f"""{ANY_NEW}
INSERT INTO ticketing.idempotency_keys (
    tenant_id, idempotency_key, operation, request_hash,
    locked_at, locked_by, lock_expires_at, expires_at
)
VALUES (
    '{TENANT}', {KEY}, 'POST /orders', '{HASH}', clock_timestamp(), 'node-1',
    clock_timestamp() + interval '5 minutes', clock_timestamp() + interval '24 hours'
)
RETURNING id AS key_id \\gset
UPDATE ticketing.idempotency_keys
SET status = 'completed', response_status = 201, response_body = '{BODY}',
    completed_at = clock_timestamp(), locked_at = NULL, locked_by = NULL, lock_expires_at = NULL
WHERE tenant_id = '{TENANT}' AND id = :key_id::uuid;
"""
ACQUIRE = f"""
SELECT * FROM ticketing.acquire_idempotency_key(
    '{TENANT}', {KEY}, 'POST /orders', '{HASH}', 'node-1'
)"""
ACQUIRE_COMPLETE = f"""{ANY_NEW}{ACQUIRE} \\gset
SELECT ticketing.complete_idempotency_key(
    :key_id::uuid, 'completed', 201, '{BODY}', p_lock_token => :lock_token
);
"""
RECORD = f"""{ANY_NEW}
SELECT * FROM ticketing.record_idempotent_result(
    '{TENANT}', {KEY}, 'POST /orders', '{HASH}', 201, '{BODY}'
);
"""
SELECT = f"""{ANY_STORED}
SELECT * FROM ticketing.idempotency_keys
WHERE tenant_id = '{TENANT}' AND idempotency_key = {KEY} AND operation = 'POST /orders';
"""
REPLAY = f"{ANY_STORED}{ACQUIRE};"
FIND = f"""{ANY_STORED}
SELECT * FROM ticketing.find_idempotent_result('{TENANT}', {KEY}, 'POST /orders', '{HASH}');
"""

# What is compared: the bound first; database and script of each.
WRITES = {
    "INSERT and UPDATE by key": ("bound", INSERT_UPDATE),
    "acquire and complete": ("shipped", ACQUIRE_COMPLETE),
    "record": ("shipped", RECORD),
}
READS = {
    "SELECT by key": ("bound", SELECT),
    "acquire, replayed": ("shipped", REPLAY),
    "find": ("shipped", FIND),
}


def main() -> None:
    """Runs the rounds and prints each variant's median as a ratio to its bound."""
    harness.run(measure)


def measure(server: embedded.Embedded, folder: Path) -> dict[str, object]:
    """Returns the figures of all rounds.

    Args:
        server: where the databases are made.
        folder: for the scripts of the load.
    """
    for name in ("bound", "shipped"):
        prepare(server, name)
    harness.execute(server, "postgres", harness.LOGIN, CONTEXT)
    return {
        "benchmark": f"idempotent requests, {CLIENTS} clients, {SECONDS} s a run",
        "rounds": ROUNDS,
        "new_keys": compare(server, folder, WRITES),
        "stored_keys": compare(server, folder, READS),
    }


def compare(
    server: embedded.Embedded, folder: Path, variants: dict[str, tuple[str, str]]
) -> dict[str, object]:
    """Returns transactions a second of each variant, and the ratio to the first."""
    rates: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for number, (name, (database, text)) in enumerate(variants.items()):
            script = folder / f"{number}.sql"
            script.write_text(text, encoding="utf-8")
            fill(server, database)
            rates[name].append(
                harness.pgbench(server, database, script, clients=CLIENTS, seconds=SECONDS)
            )
            check(server, database, rates[name][-1])
    bound = statistics.median(next(iter(rates.values())))
    return {
        name: {
            "a_second": harness.spread(r),
            "ratio_to_bound": round(statistics.median(r) / bound, 2),
        }
        for name, r in rates.items()
    }


def prepare(server: embedded.Embedded, name: str) -> None:
    """Makes one database of a variant."""
    harness.create(server, name)
    harness.execute(server, name, ROWS)
    if name == "bound":
        harness.execute(server, name, "ALTER TABLE ticketing.idempotency_keys DISABLE TRIGGER USER")


def fill(server: embedded.Embedded, name: str) -> None:
    """Starts a run from the same state as every other."""
    harness.execute(
        server,
        name,
        "TRUNCATE ticketing.idempotency_keys",
        FILL,
        "VACUUM (ANALYZE) ticketing.idempotency_keys",
        "CHECKPOINT",
    )


def check(server: embedded.Embedded, name: str, rate: float) -> None:
    """Makes sure that every request was answered, and that keys were added only where they must."""
    with psycopg.connect(server.url(name)) as connection:
        row = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE status = 'completed')"
            " FROM ticketing.idempotency_keys"
        ).fetchone()
    if row is None or row[0] - row[1] > CLIENTS:
        msg = f"{name} at {rate:.0f} a second left keys that were never completed: {row}"
        raise RuntimeError(msg)


if __name__ == "__main__":
    main()
