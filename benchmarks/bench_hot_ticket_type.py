"""A flash sale on one ticket type: reservations a second, and what an old snapshot costs.

All variants run in turn on one embedded server with asynchronous commit, so that the CPU and the
locks decide and not the disk. The bound is the same INSERT without the triggers that guard, log
and count. `forgotten snapshot` keeps one repeatable-read transaction open during the run;
`without epochs` is the same schema with a counter row that never starts a new chain of versions.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psycopg

import harness
from ticket_schema import embedded

CLIENTS = 16
SECONDS = 6
ROUNDS = 3
TENANT = "00000000-0000-0000-0000-00000000000a"
EVENT = "00000000-0000-0000-0000-00000000000e"
KIND = "00000000-0000-0000-0000-00000000000d"

ROWS = f"""
INSERT INTO ticketing.tenants (id, slug, name) VALUES ('{TENANT}', 'sale', 'Sale');
INSERT INTO ticketing.events (tenant_id, id, name, starts_at, ends_at)
VALUES ('{TENANT}', '{EVENT}', 'Concert', now() + interval '1 day', now() + interval '2 days');
INSERT INTO ticketing.ticket_types (
    tenant_id, id, event_id, name, price_cents, sale_start, sale_end
)
VALUES ('{TENANT}', '{KIND}', '{EVENT}', 'Floor', 5000, now() - interval '1 day',
    now() + interval '1 day');
UPDATE ticketing.ticket_inventory SET quantity = 1000000000;
"""
SALE = f"""
\\startpipeline
BEGIN;
SELECT set_config('app.current_tenant_id', '{TENANT}', TRUE);
INSERT INTO ticketing.reservations (tenant_id, event_id, ticket_type_id, guest_session, quantity)
VALUES ('{TENANT}', '{EVENT}', '{KIND}', 'guest', 1);
COMMIT;
\\endpipeline
"""


def main() -> None:
    """Runs the rounds and prints each variant's median as a ratio to the bound."""
    harness.run(measure)


def measure(server: embedded.Embedded, folder: Path) -> dict[str, object]:
    """Returns the figures of all rounds.

    Args:
        server: where the databases are made.
        folder: for the script of the load.
    """
    script = folder / "sale.sql"
    script.write_text(SALE, encoding="utf-8")
    for name in ("bound", "epochs", "no_epochs"):
        prepare(server, name)
    harness.execute(server, "postgres", harness.LOGIN)
    variants = {
        "bound": ("bound", False),
        "as shipped": ("epochs", False),
        "as shipped, forgotten snapshot": ("epochs", True),
        "without epochs": ("no_epochs", False),
        "without epochs, forgotten snapshot": ("no_epochs", True),
    }
    rates: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, (database, old) in variants.items():
            empty(server, database)
            with forgotten_snapshot(server, database) if old else nullcontext():
                rates[name].append(
                    harness.pgbench(
                        server,
                        database,
                        script,
                        clients=CLIENTS,
                        seconds=SECONDS,
                        protocol="extended",
                    )
                )
            check(server, database)
    bound = statistics.median(rates["bound"])
    return {
        "benchmark": f"reservations on one ticket type, {CLIENTS} clients, {SECONDS} s a run",
        "rounds": ROUNDS,
        "reservations_a_second": {name: harness.spread(r) for name, r in rates.items()},
        "ratio_to_bound": {
            name: round(statistics.median(r) / bound, 2) for name, r in rates.items()
        },
    }


def prepare(server: embedded.Embedded, name: str) -> None:
    """Makes one database of a variant."""
    harness.create(server, name)
    harness.execute(server, name, ROWS)
    if name == "bound":
        harness.execute(server, name, "ALTER TABLE ticketing.reservations DISABLE TRIGGER USER")
    if name == "no_epochs":
        with psycopg.connect(server.url(name)) as connection:
            row = connection.execute(
                "SELECT pg_get_functiondef('ticketing.move_ticket_inventory'::regproc)"
            ).fetchone()
        body = str(row[0]) if row else ""
        changed = body.replace("integer := 500", "integer := 2147483646")
        if changed == body:
            msg = "the constant of the epochs was not found"
            raise RuntimeError(msg)
        harness.execute(server, name, changed)


def empty(server: embedded.Embedded, name: str) -> None:
    """Starts a run from the same state as every other."""
    harness.execute(
        server,
        name,
        "SET session_replication_role = replica",
        "TRUNCATE ticketing.reservations, ticketing.reservation_history CASCADE",
        "UPDATE ticketing.ticket_inventory SET reserved_quantity = 0, epoch = 1, updates = 0",
        "VACUUM FULL ticketing.ticket_inventory",
        "ANALYZE",
        "CHECKPOINT",
    )


@contextmanager
def forgotten_snapshot(server: embedded.Embedded, name: str) -> Iterator[None]:
    """Keeps a transaction open that saw the database as it was."""
    with psycopg.connect(server.url(name)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SELECT 1")
        yield
        connection.rollback()


def check(server: embedded.Embedded, name: str) -> None:
    """Makes sure that the counters agree with the rows."""
    if name == "bound":
        return
    with psycopg.connect(server.url(name)) as connection:
        drift = connection.execute("SELECT count(*) FROM ticketing.ticket_inventory_drift")
        if drift.fetchone() != (0,):
            msg = f"the counters of {name} have drifted"
            raise RuntimeError(msg)


if __name__ == "__main__":
    main()
