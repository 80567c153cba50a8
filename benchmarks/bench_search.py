"""What a search costs in a tenant of 1,000 tickets and in one of 200,000, at equal matches.

All runs are made on one embedded server, as a login of ticketing_app, each many calls inside the
server. The comparison is the plain condition on search_vector, under row level security and with
an index of its own. A third tenant of 200,000 tickets has the same words. `write` is an INSERT of
many rows with the triggers off, so the index weighs more in it than in any real one.
"""

from __future__ import annotations

import time

import psycopg

import harness
from ticket_schema import embedded

ROUNDS = 9
MATCHES = 20
WRITTEN = 20_000
TENANTS = {"small": 1_000, "large": 200_000, "neighbour": 200_000}
IDS = {name: f"00000000-0000-0000-0000-{n:012}" for n, name in enumerate(TENANTS, 1)}
USER = "00000000-0000-0000-0000-0000000000aa"

PARENTS = """
INSERT INTO ticketing.tenants (id, slug, name) VALUES ('{id}', '{name}', 'Tenant');
INSERT INTO ticketing.events (tenant_id, id, name, starts_at, ends_at)
VALUES ('{id}', '{id}', 'Concert', now() + interval '1 day', now() + interval '2 days');
INSERT INTO ticketing.ticket_types (
    tenant_id, id, event_id, name, price_cents, sale_start, sale_end
)
VALUES ('{id}', '{id}', '{id}', 'Floor', 5000, now(), now() + interval '1 day');
INSERT INTO ticketing.users (tenant_id, id) VALUES ('{id}', '{user}');
"""
# The matches are spread over the tickets of the tenant.
TICKETS = """
INSERT INTO ticketing.tickets (
    tenant_id, event_id, ticket_type_id, ticket_number, section, "row", seat, user_id, status
)
SELECT
    '{id}', '{id}', '{id}', '{prefix}-' || lpad(n::text, 7, '0'),
    CASE
        WHEN n % ({count} / nullif({matches}, 0)) = 0 THEN 'golden'
        WHEN n <= 5000 THEN 'bronze'
        ELSE 'silver'
    END,
    'r' || n / 100, '{prefix}' || n, CASE WHEN n % 100 = 0 THEN '{user}'::uuid END,
    CASE WHEN n % 100 = 0 THEN 'active' ELSE 'available' END
FROM generate_series(1, {count}) AS n
"""
FROM_TICKETS = "FROM ticketing.tickets"
INDEX = "ticketing.idx_tickets_search_vector"
SEARCH = "SELECT id FROM ticketing.search_tickets('{words}')"
PLAIN = (
    "SELECT id FROM ticketing.tickets WHERE deleted_at IS NULL AND search_vector @@ "
    "to_tsquery('simple', '{words}') ORDER BY ticket_number LIMIT 50"
)
# name -> tenant, statement, calls in a run
RUNS = {
    "search, small": ("small", SEARCH.format(words="golden"), 200),
    "search, large": ("large", SEARCH.format(words="golden"), 200),
    "search by a beginning, small": ("small", SEARCH.format(words="gol"), 200),
    "search by a beginning, large": ("large", SEARCH.format(words="gol"), 200),
    "search by number, small": ("small", SEARCH.format(words="TKT-0000777"), 200),
    "search by number, large": ("large", SEARCH.format(words="TKT-0000777"), 200),
    "plain condition, small": ("small", PLAIN.format(words="golden"), 50),
    "plain condition, large": ("large", PLAIN.format(words="golden"), 1),
    "search, large, 5,000 matches": ("large", SEARCH.format(words="bronze"), 3),
    "search, large, refused": ("large", SEARCH.format(words="silver"), 3),
}
LOOP = """
DO $do$
BEGIN
    FOR i IN 1 .. {calls} LOOP
        BEGIN
            PERFORM * FROM ({statement}) AS s;
        EXCEPTION
            WHEN SQLSTATE 'TK005' THEN
                NULL;
        END;
    END LOOP;
END;
$do$
"""


def main() -> None:
    """Runs the rounds and prints the medians and their ratios."""
    harness.run(lambda server, _: measure(server))


def measure(server: embedded.Embedded) -> dict[str, object]:
    """Returns the figures of all rounds.

    Args:
        server: where the database is made.
    """
    sizes = prepare(server)
    times: dict[str, list[float]] = {name: [] for name in RUNS}
    with psycopg.connect(server.url("bench"), autocommit=True) as connection:
        connection.execute("SET SESSION AUTHORIZATION bench_app")
        check(connection)
        for _ in range(ROUNDS):
            for name, (tenant, statement, calls) in RUNS.items():
                times[name].append(run(connection, tenant, statement, calls))
    return {
        "benchmark": f"searches with {MATCHES} matches in tenants of 1,000 and 200,000 tickets",
        "rounds": ROUNDS,
        "milliseconds": {name: harness.spread(t, 3) for name, t in times.items()},
        "ratio_large_to_small": {
            kind: harness.ratio(times[f"{kind}, large"], times[f"{kind}, small"])
            for kind in ("search", "search by a beginning", "search by number", "plain condition")
        },
        "ratio_plain_to_search": {
            size: harness.ratio(times[f"plain condition, {size}"], times[f"search, {size}"])
            for size in ("small", "large")
        },
        **sizes,
        "ratio_write_with_index_to_without": write(server),
    }


def prepare(server: embedded.Embedded) -> dict[str, object]:
    """Makes the database and its tickets; returns the size of the index."""
    harness.create(server, "bench")
    with psycopg.connect(server.url("bench"), autocommit=True) as connection:
        connection.execute("CREATE ROLE bench_app LOGIN IN ROLE ticketing_app")
        connection.execute("SET session_replication_role = replica")
        index = one(connection, f"SELECT pg_get_indexdef('{INDEX}'::regclass)")
        connection.execute(f"DROP INDEX {INDEX}".encode())
        for name, count in TENANTS.items():
            connection.execute(PARENTS.format(id=IDS[name], name=name, user=USER).encode())
            connection.execute(tickets(name, count, MATCHES).encode())
        connection.execute(str(index).encode())
        # For the comparison alone: what the plain condition could use.
        connection.execute("CREATE INDEX plain ON ticketing.tickets USING gin (search_vector)")
        connection.execute("VACUUM ANALYZE")
        return {
            "bytes_a_ticket": {
                "index of the search": one(
                    connection, f"SELECT pg_relation_size('{INDEX}') / count(*) {FROM_TICKETS}"
                ),
                "index on search_vector": one(
                    connection,
                    f"SELECT pg_relation_size('ticketing.plain') / count(*) {FROM_TICKETS}",
                ),
                "table": one(
                    connection,
                    f"SELECT pg_relation_size('ticketing.tickets') / count(*) {FROM_TICKETS}",
                ),
            }
        }


def tickets(name: str, count: int, matches: int, prefix: str = "TKT") -> str:
    """Returns the statement that adds so many tickets to a tenant."""
    return TICKETS.format(id=IDS[name], count=count, matches=matches, user=USER, prefix=prefix)


def one(connection: psycopg.Connection, query: str) -> object:
    """Returns the only value of a query."""
    row = connection.execute(query.encode()).fetchone()
    if row is None:
        raise RuntimeError(query)
    return row[0]


def check(connection: psycopg.Connection) -> None:
    """Makes sure that both ways find the same tickets, as many in each tenant."""
    for tenant in ("small", "large"):
        with connection.transaction():
            enter(connection, tenant)
            found = connection.execute(SEARCH.format(words="golden").encode()).fetchall()
            plain = connection.execute(PLAIN.format(words="golden").encode()).fetchall()
            if len(found) != MATCHES or sorted(found) != sorted(plain):
                msg = f"{len(found)} and {len(plain)} tickets found in {tenant}"
                raise RuntimeError(msg)


def enter(connection: psycopg.Connection, tenant: str) -> None:
    """Gives the transaction its tenant."""
    connection.execute("SELECT set_config('app.current_tenant_id', %s, TRUE)", [IDS[tenant]])


def run(connection: psycopg.Connection, tenant: str, statement: str, calls: int) -> float:
    """Returns milliseconds a call."""
    with connection.transaction():
        enter(connection, tenant)
        loop = LOOP.format(calls=calls, statement=statement).encode()
        start = time.perf_counter()
        connection.execute(loop)
        return (time.perf_counter() - start) * 1e3 / calls


def write(server: embedded.Embedded) -> float:
    """Returns what an INSERT takes with the index, as a ratio to one without it."""
    times: dict[bool, list[float]] = {True: [], False: []}
    with psycopg.connect(server.url("bench"), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DROP INDEX ticketing.plain")
        for _ in range(3):
            for indexed, taken in times.items():
                with connection.transaction(force_rollback=True):
                    if not indexed:
                        connection.execute(f"DROP INDEX {INDEX}".encode())
                    start = time.perf_counter()
                    connection.execute(tickets("small", WRITTEN, 0, "NEW").encode())
                    taken.append(time.perf_counter() - start)
    return harness.ratio(times[True], times[False])


if __name__ == "__main__":
    main()
