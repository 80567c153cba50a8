"""The matrix finds nothing in the sound schema, leaves nothing out, and finds what is planted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import psycopg
import pytest

from defects.defect import Part, Rewrite, put_back
from support import databases
from support.databases import Database
from support.servers import Server
from support.session import Session

from . import declared
from .actors import NAMES, identities
from .axes import every_relation
from .matrix import PARALLEL, Report, deviations, examine, keys_and_aftermath
from .world import APP, NOBODY, World, enter, populated

OWN = "tenant_id = (SELECT ticketing.current_tenant_id())"
# What is tried of every table that the application may write; and of every relation.
ALWAYS = {"SELECT", "a prepared SELECT of several tenants", "a parallel SELECT"}
TABLES = ALWAYS | {
    "COPY FROM",
    "COPY TO",
    "CREATE RULE",
    "CREATE TRIGGER",
    "DELETE",
    "LOCK IN ACCESS EXCLUSIVE MODE",
    "GRANT",
    "SELECT FOR UPDATE",
    "SELECT FOR KEY SHARE SKIP LOCKED",
    "SELECT by ctid",
    "TABLESAMPLE",
    "TRUNCATE",
    "UPDATE",
    "UPDATE that reads nothing",
}
TENANTS = TABLES | {
    "DELETE RETURNING",
    "INSERT of a row of A",
    "INSERT of a row of B",
    "INSERT of a row of B ON CONFLICT DO NOTHING",
    "INSERT of a row of B RETURNING",
    "INSERT of a row that B has ON CONFLICT DO NOTHING",
    "INSERT of a row that B has ON CONFLICT DO UPDATE",
    "INSERT of a row that B has ON CONFLICT DO UPDATE with a leaking function",
    "MERGE with DELETE",
    "MERGE with INSERT of a row of B",
    "MERGE with UPDATE",
    "SELECT with a leaking function",
    "UPDATE RETURNING",
    "UPDATE of the rows of B",
    "UPDATE of the tenant",
    "a cursor across a change of the tenant",
    "a generic SELECT of several tenants",
    "a join with a leaking function",
    "a subquery with a leaking function",
}


@pytest.fixture(scope="module")
def reported(world: World) -> Callable[[str], Report]:
    """Tries all the cells of an identity, once."""

    @cache
    def report_of(name: str) -> Report:
        report = Report()
        examine(world, report, actors=[name])
        return report

    return report_of


@pytest.mark.parametrize("name", NAMES)
def test_an_identity_reaches_what_is_declared_and_nothing_else(
    world: World, reported: Callable[[str], Report], name: str
) -> None:
    report = reported(name)

    assert report.deviations == []
    (identity,) = (one for one in identities(world) if one.name == name)
    assert report.cells > len(identity.contexts) * len(declared.GRANTED) * 5


def test_keys_tell_nothing_and_what_one_writes_changes_nothing_of_another(world: World) -> None:
    report = Report()
    keys_and_aftermath(world, report)
    references = world.oracle("""
        SELECT c.conrelid::regclass::text AS "table", c.conname AS name FROM pg_constraint AS c
        WHERE
            c.contype = 'f' AND c.connamespace = 'ticketing'::regnamespace
            AND c.confrelid <> 'ticketing.tenants'::regclass
    """)

    assert report.deviations == []
    tried = {(f"ticketing.{table}", name) for table, name in report.tried if name != "UNIQUE"}
    assert tried == {(row["table"], row["name"]) for row in references}
    assert len(tried) > 50
    assert sum(name == "UNIQUE" for _, name in report.tried) > 30


def test_every_error_that_is_excused_occurs(reported: Callable[[str], Report]) -> None:
    occurred = reported("app as a customer").excused | reported("app as an admin").excused
    excused = {(table, code) for table, (codes, _) in declared.PERSONAL.items() for code in codes}

    assert excused - occurred == set()


def test_a_customer_of_the_matrix_holds_some_tickets_and_not_all(world: World) -> None:
    (customer,) = (one for one in identities(world) if one.name == "app as a customer")
    query = "SELECT count(*) AS n FROM ticketing.tickets WHERE tenant_id = %s"
    held = world.oracle(f"{query} AND user_id = %s", world.a, customer.user)[0]["n"]

    assert 0 < held < world.oracle(query, world.a)[0]["n"]


def test_every_identity_is_a_case_above(world: World) -> None:
    assert tuple(identity.name for identity in identities(world)) == NAMES


def test_every_relation_is_tried_with_every_command(
    world: World, reported: Callable[[str], Report]
) -> None:
    tried: dict[str, set[str]] = {}
    for relation, command in reported("app as a service").tried:
        tried.setdefault(relation, set()).add(command)
    there = world.oracle("""
        SELECT c.relname AS name, c.relkind::text AS kind FROM pg_class AS c
        WHERE
            c.relnamespace = 'ticketing'::regnamespace
            AND c.relkind NOT IN ('i', 'I', 't', 'c')
    """)

    assert tried.keys() == {row["name"] for row in there}
    for row in there:
        name = row["name"]
        if row["kind"] == "S":
            assert tried[name] == {"nextval", "setval", "SELECT"}
        elif row["kind"] == "v":
            assert tried[name] >= ALWAYS
        else:
            wanted = TABLES if name in declared.PLATFORM else TENANTS
            assert wanted <= tried[name], (name, wanted - tried[name])


def test_a_parallel_select_is_run_in_parallel(world: World) -> None:
    relations = {relation.name: relation for relation in every_relation(world)}
    with world.undone(APP, world.a) as session:
        for name, value in PARALLEL.items():
            session.run(f"SET LOCAL {name} = {value}")
        plan = session.all(
            "EXPLAIN SELECT array_agg(q.row) FROM (SELECT md5(t::text) "
            f"FROM {relations['discounts'].sql} AS t) AS q (row)"
        )

    assert any("Parallel Seq Scan" in line["QUERY PLAN"] for line in plan)


# What a login that was granted nothing may call --------------------------------------------------


def test_a_login_without_grants_can_call_nothing(world: World) -> None:
    functions = world.oracle(
        """
        SELECT
            p.oid::regprocedure::text AS name,
            has_function_privilege(%s, p.oid, 'EXECUTE') AS granted,
            format(
                'SELECT ticketing.%%I(%%s)',
                p.proname,
                (
                    SELECT string_agg('NULL::' || format_type(a.type, NULL), ', ' ORDER BY a.number)
                    FROM unnest(p.proargtypes) WITH ORDINALITY AS a (type, number)
                )
            ) AS call
        FROM pg_proc AS p
        WHERE p.pronamespace = 'ticketing'::regnamespace
        ORDER BY 1
        """,
        NOBODY,
    )
    answers = {}
    with world.database.connect(NOBODY) as connection:
        for row in functions:
            try:
                with connection.transaction(force_rollback=True):
                    enter(Session(connection), world.a).all(row["call"])
                    answers[row["name"]] = "done"
            except psycopg.Error as error:
                answers[row["name"]] = error.sqlstate or "lost"

    assert [row["name"] for row in functions if row["granted"]] == []
    assert answers == dict.fromkeys(answers, "42501")
    assert len(answers) > 150


# Planted -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Planted:
    """A defect, where the matrix looks for it, and part of what it must say."""

    name: str
    relation: str
    said: str
    defect: tuple[Part, ...]


PLANTED = [
    Planted(
        "no floor, and a loose policy",
        "discounts",
        "SELECT ticketing.discounts: saw 3 rows of B",
        (
            "DROP POLICY discounts_tenant_isolation ON ticketing.discounts",
            "ALTER POLICY discounts_tenant_select ON ticketing.discounts USING (TRUE)",
        ),
    ),
    Planted(
        "a policy hides every row",
        "discounts",
        "app as a service in A, SELECT ticketing.discounts: missed 3 rows of A",
        ("ALTER POLICY discounts_tenant_select ON ticketing.discounts USING (FALSE)",),
    ),
    Planted(
        "row level security is off",
        "refunds",
        "COPY TO ticketing.refunds: saw 1 row of B",
        ("ALTER TABLE ticketing.refunds DISABLE ROW LEVEL SECURITY",),
    ),
    Planted(
        "row level security is not forced",
        "refunds",
        "the migrator in never set, SELECT ticketing.refunds: saw 1 row of B",
        ("ALTER TABLE ticketing.refunds NO FORCE ROW LEVEL SECURITY",),
    ),
    Planted(
        "an update policy is loose for what reads nothing",
        "zones",
        "app as a service in never set, UPDATE that reads nothing ticketing.zones: touched",
        (
            "DROP POLICY zones_tenant_isolation ON ticketing.zones",
            "ALTER POLICY zones_tenant_update ON ticketing.zones USING (TRUE) WITH CHECK (TRUE)",
        ),
    ),
    Planted(
        "rows are not checked",
        "zones",
        "app as a service in A, INSERT of a row of B ticketing.zones: was not refused",
        (
            "ALTER POLICY zones_tenant_isolation ON ticketing.zones WITH CHECK (TRUE)",
            "ALTER POLICY zones_tenant_insert ON ticketing.zones WITH CHECK (TRUE)",
        ),
    ),
    Planted(
        "a view runs as a superuser",
        "zone_inventory_drift",
        "SELECT ticketing.zone_inventory_drift: saw 1 row of B",
        (
            "ALTER VIEW ticketing.zone_inventory_drift SET (security_invoker = FALSE)",
            "ALTER VIEW ticketing.zone_inventory_drift OWNER TO CURRENT_USER",
        ),
    ),
    Planted(
        "truncate is granted",
        "zones",
        "app as a service in A, TRUNCATE ticketing.zones: 0A000",
        ("GRANT TRUNCATE ON ticketing.zones TO ticketing_app",),
    ),
    Planted(
        "references are granted",
        "zones",
        "app as a service in A, GRANT ticketing.zones: saw 1 row of REFERENCES",
        ("GRANT REFERENCES ON ticketing.zones TO ticketing_app",),
    ),
    Planted(
        "everybody may read a table",
        "zones",
        "nobody in A, GRANT ticketing.zones: saw 1 row of SELECT",
        ("GRANT SELECT ON ticketing.zones TO PUBLIC",),
    ),
    Planted(
        "a policy of the owner holds for the members of the owner too",
        "tickets",
        "the migrator in A, UPDATE that reads nothing ticketing.tickets:",
        ("ALTER POLICY tickets_owner_update ON ticketing.tickets USING (TRUE) WITH CHECK (TRUE)",),
    ),
    Planted(
        "a sequence is granted",
        "outbox_seq_seq",
        "nextval ticketing.outbox_seq_seq: was not refused",
        ("GRANT USAGE ON SEQUENCE ticketing.outbox_seq_seq TO ticketing_app",),
    ),
    Planted(
        "a new table",
        "notes",
        "ticketing.notes: has no row factory",
        ("CREATE TABLE ticketing.notes (tenant_id uuid NOT NULL, body text)",),
    ),
    Planted(
        "a partitioned table",
        "visits",
        "ticketing.visits: is of kind p",
        ("CREATE TABLE ticketing.visits (tenant_id uuid NOT NULL) PARTITION BY LIST (tenant_id)",),
    ),
    Planted(
        "a materialised view is granted",
        "order_list",
        "readonly in never set, SELECT ticketing.order_list: was not refused",
        (
            "CREATE MATERIALIZED VIEW ticketing.order_list AS SELECT * FROM ticketing.orders",
            "GRANT SELECT ON ticketing.order_list TO ticketing_readonly",
        ),
    ),
    Planted(
        "a unique key has no tenant",
        "tickets",
        "A cannot have them: 23505",
        ("CREATE UNIQUE INDEX loose ON ticketing.tickets (ticket_number)",),
    ),
    Planted(
        "a foreign key has no tenant",
        "zones",
        "a reference by fk_zones_event_id of zones: a row of B was accepted",
        (
            "CREATE UNIQUE INDEX loose ON ticketing.events (id)",
            "ALTER TABLE ticketing.zones DROP CONSTRAINT fk_zones_event_id, ADD CONSTRAINT "
            "fk_zones_event_id FOREIGN KEY (event_id) REFERENCES ticketing.events (id)",
        ),
    ),
    Planted(
        "the helper is IMMUTABLE",
        "discounts",
        "a prepared SELECT of several tenants ticketing.discounts: missed 3 rows of B",
        ("ALTER FUNCTION ticketing.current_tenant_id() IMMUTABLE",),
    ),
    Planted(
        "no tenant means every tenant",
        "discounts",
        "app as a service in garbage, SELECT ticketing.discounts: saw 3 rows of B",
        tuple(
            f"ALTER POLICY discounts_tenant_{name} ON ticketing.discounts "
            f"USING ({OWN} OR (SELECT ticketing.current_tenant_id()) IS NULL)"
            for name in ("isolation", "select")
        ),
    ),
    Planted(
        "the helper raises on garbage",
        "discounts",
        "readonly in garbage, SELECT ticketing.discounts: 22P02",
        (Rewrite("current_tenant_id", "RETURN NULL;", "RETURN v_tenant::uuid;"),),
    ),
    Planted(
        "the helper is asked for each row",
        "discounts",
        "a cursor across a change of the tenant ticketing.discounts: saw",
        tuple(
            f"ALTER POLICY discounts_tenant_{name} ON ticketing.discounts "
            "USING (tenant_id = ticketing.current_tenant_id())"
            for name in ("isolation", "select")
        ),
    ),
    Planted(
        "a context outlives its transaction",
        "discounts",
        "worker after set_tenant_context of A:",
        (
            Rewrite(
                "set_tenant_context",
                "set_config('app.current_tenant_id', p_tenant_id::text, TRUE)",
                "set_config('app.current_tenant_id', p_tenant_id::text, FALSE)",
            ),
        ),
    ),
    Planted(
        "a transaction may change its tenant",
        "discounts",
        "app as a service in A, then set_tenant_context of B: was not refused",
        (Rewrite("set_tenant_context", "v_tenant_before NOT IN ('', p_tenant_id::text)", "FALSE"),),
    ),
    Planted(
        "a trigger reaches other tenants",
        "zones",
        "rows of B in discounts changed",
        (
            "CREATE FUNCTION ticketing.reprice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
            "AS 'BEGIN UPDATE ticketing.discounts SET discount_value = 11; RETURN NULL; END'",
            "CREATE TRIGGER reprice AFTER UPDATE ON ticketing.zones "
            "EXECUTE FUNCTION ticketing.reprice()",
        ),
    ),
]


@pytest.fixture(scope="module")
def closed(server: Server, template: Database) -> Iterator[World]:
    """A world that nobody is connected to, so that it can be copied."""
    with populated(server, template) as world:
        world.superuser.close()
        yield world


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_what_is_planted_is_found(server: Server, closed: World, planted: Planted) -> None:
    with databases.database(server, closed.database.name) as copy:
        with psycopg.connect(copy.superuser_url) as connection:
            put_back(Session(connection), *planted.defect)
        with closed.on(copy) as world:
            said = deviations(world, [planted.relation])

    assert any(planted.said in sentence for sentence in said), said[:20]
