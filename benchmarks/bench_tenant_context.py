"""What the context costs: a transaction that sets it and reads one row by its key.

The bound is the same transaction with set_config, which believes whatever it is told. All variants
run in turn on one embedded server with one client. `pipelined` sends a transaction in one go, so
that the work of the server is all that counts; `round trips` waits for each answer, as most
clients do, here over a Unix socket, the shortest way there is.

Then what a statement costs once the context is set, with the plain and with the signed context: a
read by key, repeated inside the server, and a count of a large table, serial and parallel.
"""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import psycopg

import harness
from ticket_schema import embedded, hardening, sign_context

SECONDS = 3
ROUNDS = 5
READS = 20_000
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
INSERT INTO ticketing.ticket_audit_log (tenant_id, action)
SELECT '{TENANT}', 'looked' FROM generate_series(1, 300000);
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
KEY = "bench"
SECRET = bytes(range(32))
TOKEN = sign_context(SECRET, KEY, TENANT, lifetime=timedelta(hours=12))
TOKEN_OF_USER = sign_context(
    SECRET, KEY, TENANT, user_id=USER, user_role="user", lifetime=timedelta(hours=12)
)
SIGNED_SETTERS = {
    "set_signed_tenant_context": f"SELECT ticketing.set_signed_tenant_context('{TOKEN}')",
    "set_signed_tenant_context with user and role": (
        f"SELECT ticketing.set_signed_tenant_context('{TOKEN_OF_USER}')"
    ),
}
# Database, and what sets the context there; the first is the bound.
VARIANTS = {
    **{setter: ("plain", statement) for setter, statement in SETTERS.items()},
    **{f"{setter}, hardening off": ("plain", text) for setter, text in SIGNED_SETTERS.items()},
    **{f"{setter}, hardening on": ("signed", text) for setter, text in SIGNED_SETTERS.items()},
}
READ = f"SELECT name FROM ticketing.events WHERE tenant_id = '{TENANT}' AND id = '{EVENT}'"
STATEMENTS = {
    "read by key": f"""
        DO $$ BEGIN
            FOR n IN 1..{READS} LOOP
                PERFORM e.name FROM ticketing.events AS e
                WHERE e.tenant_id = '{TENANT}' AND e.id = '{EVENT}';
            END LOOP;
        END $$
    """,
    "count of a table": "SELECT count(*) FROM ticketing.ticket_audit_log",
    "parallel count of a table": "SELECT count(*) FROM ticketing.ticket_audit_log",
}
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
        server: where the databases are made.
        folder: for the scripts of the load.
    """
    prepare(server)
    scripts: dict[tuple[str, str], Path] = {}
    for way, text in WAYS.items():
        for variant, (_, statement) in VARIANTS.items():
            script = folder / f"{len(scripts)}.sql"
            script.write_text(text.format(set=statement, read=READ), encoding="utf-8")
            scripts[way, variant] = script
    times: dict[tuple[str, str], list[float]] = {key: [] for key in scripts}
    within: dict[tuple[str, str], list[float]] = {
        (statement, level): [] for statement in STATEMENTS for level in ("plain", "signed")
    }
    for _ in range(ROUNDS):
        for (way, variant), script in scripts.items():
            database, _ = VARIANTS[variant]
            rate = harness.pgbench(server, database, script, clients=1, seconds=SECONDS)
            times[way, variant].append(1e6 / rate)
        for (statement, level), seconds in within.items():
            seconds.append(seconds_of(server, level, statement))
    return {
        "benchmark": f"context and one read by key, one client, {SECONDS} s a run",
        "rounds": ROUNDS,
        **{
            way: {
                variant: {
                    "microseconds": harness.spread(times[way, variant]),
                    "ratio_to_set_config": harness.ratio(times[way, variant], times[way, BOUND]),
                }
                for variant in VARIANTS
            }
            for way in WAYS
        },
        "once it is set": {
            statement: {
                "plain microseconds": harness.spread(scaled(within[statement, "plain"]), 1),
                "signed microseconds": harness.spread(scaled(within[statement, "signed"]), 1),
                "ratio": harness.ratio(within[statement, "signed"], within[statement, "plain"]),
            }
            for statement in STATEMENTS
        },
    }


def scaled(seconds: list[float]) -> list[float]:
    """Returns microseconds."""
    return [value * 1e6 for value in seconds]


def seconds_of(server: embedded.Embedded, level: str, statement: str) -> float:
    """Returns how long one execution of a statement takes in a transaction with a context.

    Args:
        server: where the databases are.
        level: which of them.
        statement: which of STATEMENTS.
    """
    setter = (
        SETTERS["set_tenant_context"] if level == "plain" else next(iter(SIGNED_SETTERS.values()))
    )
    with psycopg.connect(as_app(server, level)) as connection:
        workers = 2 if statement.startswith("parallel") else 0
        connection.execute(f"SET max_parallel_workers_per_gather = {workers}".encode())
        connection.execute(setter.encode())
        taken = []
        for _ in range(4):  # the first one warms up
            started = time.perf_counter()
            connection.execute(STATEMENTS[statement].encode())
            taken.append(time.perf_counter() - started)
    best = min(taken[1:])
    return best / READS if statement == "read by key" else best


def prepare(server: embedded.Embedded) -> None:
    """Makes the databases, equal but for the hardening, and the login."""
    harness.create(server, "plain")
    harness.execute(server, "plain", ROWS)
    with psycopg.connect(server.url("plain"), autocommit=True) as connection:
        connection.execute("SELECT ticketing.add_context_key(%s, %s)", [KEY, SECRET])
    harness.execute(server, "postgres", "CREATE DATABASE signed TEMPLATE plain")
    with psycopg.connect(server.url("signed"), autocommit=True) as connection:
        hardening.switch(connection, "signed")
    for name in ("plain", "signed"):
        harness.execute(server, name, "VACUUM ANALYZE")
    # Makes sure that every variant reads the row: a lost context would be quick.
    for database, statement in VARIANTS.values():
        with psycopg.connect(as_app(server, database)) as connection:
            connection.execute(statement.encode())
            if connection.execute(READ.encode()).fetchone() != ("Concert",):
                msg = f"no row after {statement} in {database}"
                raise RuntimeError(msg)
            connection.rollback()


def as_app(server: embedded.Embedded, database: str) -> str:
    """Returns the connection string of a service.

    Args:
        server: where the database is.
        database: its name.
    """
    return server.url(database).replace("postgres@", "bench_app@")


if __name__ == "__main__":
    main()
