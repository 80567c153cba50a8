"""What set_tenant_context costs: a transaction that calls it and reads one row by its key.

The bound is the same transaction with set_config, which believes whatever it is told. All variants
run in turn on one embedded server with one client. `pipelined` sends a transaction in one go, so
that the work of the server is all that counts; `round trips` waits for each answer, as most
clients do, here over a Unix socket, the shortest way there is.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

import harness
from ticket_schema import embedded

SECONDS = 3
ROUNDS = 5
BOUND = "set_config"
TENANT = "00000000-0000-0000-0000-00000000000a"
USER = "00000000-0000-0000-0000-00000000000b"
EVENT = "00000000-0000-0000-0000-00000000000e"

ROWS = f"""
INSERT INTO ticketing.tenants (id, slug, name) VALUES ('{TENANT}', 'sale', 'Sale');
INSERT INTO ticketing.tenants (slug, name)
SELECT 'tenant-' || n, 'Tenant' FROM generate_series(1, 1000) AS n;
INSERT INTO ticketing.users (tenant_id, id) VALUES ('{TENANT}', '{USER}');
INSERT INTO ticketing.users (tenant_id)
SELECT '{TENANT}' FROM generate_series(1, 10000);
INSERT INTO ticketing.events (tenant_id, id, name, starts_at, ends_at)
VALUES ('{TENANT}', '{EVENT}', 'Concert', now() + interval '1 day', now() + interval '2 days');
ANALYZE;
CREATE ROLE bench_app LOGIN IN ROLE ticketing_app;
"""
SETTERS = {
    BOUND: f"SELECT set_config('app.current_tenant_id', '{TENANT}', TRUE)",
    "set_tenant_context": f"SELECT ticketing.set_tenant_context('{TENANT}')",
    "set_config of tenant, user and role": (
        f"SELECT set_config('app.current_tenant_id', '{TENANT}', TRUE),"
        f" set_config('app.current_user_id', '{USER}', TRUE),"
        " set_config('app.current_user_role', 'user', TRUE)"
    ),
    "set_tenant_context with user and role": (
        f"SELECT ticketing.set_tenant_context('{TENANT}', '{USER}', 'user')"
    ),
}
READ = f"SELECT name FROM ticketing.events WHERE tenant_id = '{TENANT}' AND id = '{EVENT}'"
WAYS = {
    "pipelined": "\\startpipeline\nBEGIN;\n{set};\n{read};\nCOMMIT;\n\\endpipeline\n",
    "round trips": "BEGIN;\n{set};\n{read};\nCOMMIT;\n",
}


def main() -> None:
    """Runs the rounds and prints each variant's median as a ratio to the bound."""
    harness.run(measure)


def measure(server: embedded.Embedded, folder: Path) -> dict[str, object]:
    """Returns the figures of all rounds.

    Args:
        server: where the database is made.
        folder: for the scripts of the load.
    """
    prepare(server)
    scripts: dict[tuple[str, str], Path] = {}
    for way, text in WAYS.items():
        for setter, statement in SETTERS.items():
            script = folder / f"{len(scripts)}.sql"
            script.write_text(text.format(set=statement, read=READ), encoding="utf-8")
            scripts[way, setter] = script
    times: dict[tuple[str, str], list[float]] = {variant: [] for variant in scripts}
    for _ in range(ROUNDS):
        for variant, script in scripts.items():
            rate = harness.pgbench(server, "bench", script, clients=1, seconds=SECONDS)
            times[variant].append(1e6 / rate)
    return {
        "benchmark": f"context and one read by key, one client, {SECONDS} s a run",
        "rounds": ROUNDS,
        **{
            way: {
                setter: {
                    "microseconds": harness.spread(times[way, setter]),
                    "ratio_to_set_config": harness.ratio(times[way, setter], times[way, BOUND]),
                }
                for setter in SETTERS
            }
            for way in WAYS
        },
    }


def prepare(server: embedded.Embedded) -> None:
    """Makes the database and the login."""
    harness.create(server, "bench")
    harness.execute(server, "bench", ROWS)
    # Makes sure that every variant reads the row: a lost context would be quick.
    with psycopg.connect(server.url("bench").replace("postgres@", "bench_app@")) as connection:
        for statement in SETTERS.values():
            connection.execute(statement.encode())
            if connection.execute(READ.encode()).fetchone() != ("Concert",):
                msg = f"no row after {statement}"
                raise RuntimeError(msg)
            connection.rollback()


if __name__ == "__main__":
    main()
