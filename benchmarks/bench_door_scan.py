"""The door: scans a second, against the bare INSERT of a scan, and with many scans stored before.

All variants run in turn on one embedded server with asynchronous commit, so that the CPU and the
locks decide and not the disk. The bound is the INSERT of the same row into the same table, foreign
keys, indexes and row level security included, in a transaction of its own. `first entry` scans
every ticket once and checks it in; `undisturbed first entry` is the same without the triggers that
other revisions put on tickets; `repeat` scans tickets that are inside. Each with few and with many
scans stored before.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import psycopg

import harness
from ticket_schema import embedded

CLIENTS = 8
SECONDS = 5
ROUNDS = 3
TICKETS = 150_000
FEW, MANY = 10_000, 3_000_000
TENANT = "00000000-0000-0000-0000-00000000000a"
EVENT = "00000000-0000-0000-0000-00000000000e"
KIND = "00000000-0000-0000-0000-00000000000d"

ROWS = f"""
SET session_replication_role = replica;
INSERT INTO ticketing.tenants (id, slug, name) VALUES ('{TENANT}', 'door', 'Door');
INSERT INTO ticketing.events (tenant_id, id, name, starts_at, ends_at)
VALUES ('{TENANT}', '{EVENT}', 'Concert', now(), now() + interval '1 day');
INSERT INTO ticketing.ticket_types (
    tenant_id, id, event_id, name, price_cents, sale_start, sale_end
)
VALUES ('{TENANT}', '{KIND}', '{EVENT}', 'Floor', 5000, now() - interval '1 day',
    now() + interval '1 day');
INSERT INTO ticketing.users (tenant_id, id, email)
SELECT '{TENANT}', md5('user ' || n)::uuid, n || '@example.org'
FROM generate_series(1, {TICKETS}) AS n;
INSERT INTO ticketing.tickets (
    tenant_id, id, event_id, ticket_type_id, user_id, ticket_number, status, checked_in_at
)
SELECT
    '{TENANT}', md5('ticket ' || n)::uuid, '{EVENT}', '{KIND}', md5('user ' || n)::uuid, n,
    '%(status)s', CASE '%(status)s' WHEN 'checked_in' THEN now() END
FROM generate_series(1, {TICKETS}) AS n;
INSERT INTO ticketing.ticket_scans (
    tenant_id, ticket_id, event_id, result, rejection_reason, scanned_at, device_id, client_nonce
)
SELECT
    '{TENANT}', md5('ticket ' || 1 + n %% {TICKETS})::uuid, '{EVENT}', 'not_open', 'too early',
    now() - interval '1 day' + n * interval '1 ms', 'gate', 'before-' || n
FROM generate_series(1, %(scans)s) AS n;
INSERT INTO ticketing.ticket_scans (
    tenant_id, ticket_id, event_id, result, is_first_entry, scanned_at, device_id, client_nonce
)
SELECT
    '{TENANT}', md5('ticket ' || n)::uuid, '{EVENT}', 'valid', TRUE, now() - interval '1 hour',
    'gate', 'entry-' || n
FROM generate_series(1, {TICKETS}) AS n
WHERE '%(status)s' = 'checked_in';
-- The bound writes by hand, which no role may otherwise.
GRANT INSERT ON ticketing.ticket_scans TO bench_app;
CREATE POLICY ticket_scans_bench_insert ON ticketing.ticket_scans
    FOR INSERT TO bench_app
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE SEQUENCE public.next_ticket;
GRANT USAGE ON SEQUENCE public.next_ticket TO PUBLIC;
"""
TRANSACTION = f"""
\\startpipeline
BEGIN;
SELECT set_config('app.current_tenant_id', '{TENANT}', TRUE);
%s
COMMIT;
\\endpipeline
"""
INSERT = f"""
INSERT INTO ticketing.ticket_scans (
    tenant_id, ticket_id, event_id, result, device_id, client_nonce
)
SELECT '{TENANT}', md5('ticket ' || 1 + (n - 1) %% {TICKETS})::uuid, '{EVENT}', 'valid', 'gate', n
FROM (SELECT nextval('public.next_ticket') AS n) AS s
RETURNING id;
"""
SCAN = f"""
SELECT r.scan_id, r.result
FROM (SELECT nextval('public.next_ticket') AS n OFFSET 0) AS s
CROSS JOIN LATERAL ticketing.record_scan_attempt(
    '{TENANT}', md5('ticket ' || 1 + (s.n - 1) %% {TICKETS})::uuid, '{EVENT}',
    p_device_id => 'gate', p_client_nonce => s.n::text
) AS r;
"""
INSERT_SCRIPT = TRANSACTION % INSERT.replace("%%", "%").strip()
SCAN_SCRIPT = TRANSACTION % SCAN.replace("%%", "%").strip()
# name -> whether tickets are inside before, whether triggers of tickets run, the script
VARIANTS = {
    "bound": ("active", True, INSERT_SCRIPT),
    "first entry": ("active", True, SCAN_SCRIPT),
    "undisturbed first entry": ("active", False, SCAN_SCRIPT),
    "repeat": ("checked_in", True, SCAN_SCRIPT),
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
    harness.create(server, "schema_only")
    harness.execute(server, "postgres", harness.LOGIN)
    for status in ("active", "checked_in"):
        for scans in (FEW, MANY):
            fill(server, status, scans)
    rates: dict[tuple[str, int], list[float]] = {
        (name, scans): [] for name in VARIANTS for scans in (FEW, MANY)
    }
    for _ in range(ROUNDS):
        for (name, scans), measured in rates.items():
            status, triggers, text = VARIANTS[name]
            script = folder / "script.sql"
            script.write_text(text, encoding="utf-8")
            copy(server, f"{status}_{scans}", triggers=triggers)
            measured.append(
                harness.pgbench(server, "door", script, clients=CLIENTS, seconds=SECONDS)
            )
            check(server, name)
    medians = {key: statistics.median(r) for key, r in rates.items()}
    return {
        "benchmark": f"scans at the door, {CLIENTS} clients, {SECONDS} s a run",
        "rounds": ROUNDS,
        "scans_a_second": {
            f"{name}, {scans} stored before": harness.spread(r)
            for (name, scans), r in rates.items()
        },
        "ratio_to_bound": {
            f"{name}, {scans} stored before": round(
                medians[name, scans] / medians["bound", scans], 2
            )
            for name, scans in rates
        },
        f"with_{MANY}_against_{FEW}": {
            name: round(medians[name, MANY] / medians[name, FEW], 2) for name in VARIANTS
        },
    }


def fill(server: embedded.Embedded, status: str, scans: int) -> None:
    """Makes the database that the runs of a status and a number of scans copy."""
    name = f"{status}_{scans}"
    harness.execute(server, "postgres", f"CREATE DATABASE {name} TEMPLATE schema_only")
    rows = ROWS % {"status": status, "scans": scans}
    harness.execute(server, name, rows, "VACUUM (ANALYZE)")


def copy(server: embedded.Embedded, template: str, *, triggers: bool) -> None:
    """Starts a run from the same state as every other."""
    harness.execute(
        server,
        "postgres",
        "DROP DATABASE IF EXISTS door WITH (FORCE)",
        f"CREATE DATABASE door TEMPLATE {template} STRATEGY file_copy",
        "CHECKPOINT",
    )
    if not triggers:
        harness.execute(server, "door", "ALTER TABLE ticketing.tickets DISABLE TRIGGER USER")


def check(server: embedded.Embedded, name: str) -> None:
    """Makes sure that the run did what its name says, and that no ticket entered twice."""
    with psycopg.connect(server.url("door")) as connection:
        found = connection.execute(
            "SELECT s.result, count(*) FROM ticketing.ticket_scans AS s"
            " WHERE s.client_nonce ~ '^[0-9]+$' GROUP BY s.result"
        ).fetchall()
        drift = connection.execute(
            "SELECT count(*) FROM ticketing.tickets AS t WHERE t.scan_count > 1"
        ).fetchone()
    wanted = "already_used" if name == "repeat" else "valid"
    if [result for result, _ in found] != [wanted] or drift != (0,):
        msg = f"{name} ended with {found}, {drift} tickets in twice"
        raise RuntimeError(msg)


if __name__ == "__main__":
    main()
