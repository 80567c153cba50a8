"""The surface of functions: sound as it stands, and each planted defect is seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from support.databases import Database
from support.servers import Server

from .calls import CALLERS
from .stage import BY_NAME, GOOD
from .surface import ACROSS, ALWAYS_ACROSS, ANY_TENANT, LOOKS_NOTHING_UP, Surface, deviations
from .world import World, populated

SQL = Path(__file__).parents[2] / "sql"
NAMES = sorted(
    {
        path.name.split(".")[0]
        for kind in ("functions", "views")
        for path in (SQL / kind).glob("*.sql")
    }
)
SHARES = [NAMES[start : start + 24] for start in range(0, len(NAMES), 24)]

READS = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
OF_TENANT = "tenant_id = ticketing.current_tenant_id() AND id = p_ticket_id"


def function(name: str, body: str, parameters: str = "p_ticket_id uuid", how: str = READS) -> str:
    """Returns the statements that make a function which services may call."""
    types = ", ".join(parameter.split()[1] for parameter in parameters.split(", ") if parameter)
    return f"""
        CREATE FUNCTION ticketing.{name}({parameters}) RETURNS text LANGUAGE plpgsql {how}
        AS $function$ DECLARE v_found text; BEGIN {body} RETURN v_found; END $function$;
        REVOKE ALL ON FUNCTION ticketing.{name}({types}) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION ticketing.{name}({types}) TO ticketing_app;
    """


def without(name: str, text: str, instead: str = "") -> str:
    """Returns the statements that take a text out of a function that there is."""
    return f"""
        DO $do$
        DECLARE v_old text := pg_get_functiondef('ticketing.{name}'::regproc);
        BEGIN
            ASSERT strpos(v_old, $text${text}$text$) > 0;
            EXECUTE replace(v_old, $text${text}$text$, $text${instead}$text$);
        END $do$;
    """


# name: function, statements, words of the deviation
DEFECTS = {
    "reader-without-tenant": (
        "peek",
        function(
            "peek", "SELECT status FROM ticketing.tickets WHERE id = p_ticket_id INTO v_found;"
        ),
        "p_ticket_id of B: 'peek=",
    ),
    "definer-without-pg_temp": (
        "glance",
        function(
            "glance",
            f"SELECT status FROM tickets WHERE {OF_TENANT} INTO v_found;",
            how="SECURITY DEFINER SET search_path = ticketing",
        ),
        "shadow ran as",
    ),
    "pg_temp-before-the-catalog": (
        "record_payment",
        "ALTER FUNCTION ticketing.record_payment SET search_path = pg_catalog;",
        "shadow ran as ticketing_owner",
    ),
    "search-path-not-pinned": (
        "stare",
        function("stare", f"SELECT status FROM tickets WHERE {OF_TENANT} INTO v_found;", how=""),
        "shadow ran as ts_test_app",
    ),
    "says-whose-it-is": (
        "say",
        function(
            "say",
            f"""
            IF NOT EXISTS (SELECT FROM ticketing.tickets WHERE {OF_TENANT}) THEN
                RAISE EXCEPTION '%', CASE
                    WHEN EXISTS (SELECT FROM ticketing.tickets WHERE id = p_ticket_id)
                    THEN 'belongs to another tenant' ELSE 'not found' END
                    USING ERRCODE = 'TK242', HINT = 'Check the id.';
            END IF;
            """,
        ),
        "belongs to another tenant",
    ),
    "lookup-by-number": (
        "find_number",
        function(
            "find_number",
            "SELECT t.id::text FROM ticketing.tickets AS t "
            "WHERE t.ticket_number = p_ticket_number INTO v_found;",
            "p_ticket_number text",
        ),
        "p_ticket_number of B",
    ),
    "open-to-the-public": (
        "require_batch",
        "GRANT EXECUTE ON FUNCTION ticketing.require_batch(integer) TO PUBLIC;",
        "may be executed by PUBLIC",
    ),
    "internal-is-granted": (
        "move_ticket_inventory",
        "GRANT EXECUTE ON FUNCTION ticketing.move_ticket_inventory(uuid, uuid, bigint, bigint, "
        "bigint) TO ticketing_app;",
        "is internal and may be executed",
    ),
    "second-variable": (
        "current_tenant_id",
        without(
            "current_tenant_id",
            "current_setting('app.current_tenant_id', TRUE)",
            "coalesce(nullif(current_setting('app.tenant_id', TRUE), ''), "
            "current_setting('app.current_tenant_id', TRUE))",
        ),
        "other variables name B",
    ),
    "error-quotes-a-value": (
        "quote",
        function(
            "quote",
            f"""
            SELECT ticket_number FROM ticketing.tickets WHERE id = p_ticket_id INTO v_found;
            IF NOT EXISTS (SELECT FROM ticketing.tickets WHERE {OF_TENANT}) THEN
                RAISE EXCEPTION 'ticket % is not yours', coalesce(v_found, 'that you name')
                    USING ERRCODE = 'TK242', HINT = 'Check the id.';
            END IF;
            """,
        ),
        "tells 'bbbb' of tenant B",
    ),
    "notice-tells": (
        "note",
        function(
            "note",
            """
            IF EXISTS (SELECT FROM ticketing.tickets WHERE id = p_ticket_id) THEN
                RAISE NOTICE 'there is such a ticket';
            END IF;
            """,
        ),
        "there is such a ticket",
    ),
    "count-of-all": (
        "count_tickets",
        function("count_tickets", "SELECT count(*)::text FROM ticketing.tickets INTO v_found;", ""),
        "while B has",
    ),
    "writes-elsewhere": (
        "touch",
        function(
            "touch",
            "UPDATE ticketing.venues SET name = 'mine' WHERE id = p_venue_id;",
            "p_venue_id uuid",
        ),
        "changes rows of tenant B in venues",
    ),
    "open-without-tenant": (
        "fail_open",
        function(
            "fail_open",
            "SELECT status FROM ticketing.tickets WHERE id = p_ticket_id AND (tenant_id = "
            "ticketing.current_tenant_id() OR ticketing.current_tenant_id() IS NULL) "
            "INTO v_found;",
        ),
        "no tenant: 'fail_open=",
    ),
    "sweeper-of-all": (
        "expire_unpaid_orders",
        without("expire_unpaid_orders", "AND (v_tenant_id IS NULL OR o.tenant_id = v_tenant_id)"),
        "of tenant B",
    ),
    "number-unique-of-all": (
        "import_external_ticket",
        "CREATE UNIQUE INDEX ON ticketing.tickets (ticket_number) "
        "WHERE ticket_number NOT LIKE '%-%-%';",
        "p_ticket_number of B",
    ),
    "never-gets-there": (
        "seek_widget",
        function(
            "seek_widget",
            "RAISE EXCEPTION 'no such widget' USING ERRCODE = 'TK242', HINT = 'Look again.';",
            "p_widget_id uuid",
        ),
        "no good call",
    ),
    "null-breaks-it": (
        "need",
        function(
            "need",
            f"SELECT status INTO STRICT v_found FROM ticketing.tickets WHERE {OF_TENANT};",
        ),
        "p_ticket_id NULL: fails with P0002",
    ),
    "no-hint": (
        "mute",
        function(
            "mute",
            "IF p_ticket_id IS NULL THEN RAISE EXCEPTION 'no' USING ERRCODE = 'TK001'; END IF;",
        ),
        "gives no hint with TK001",
    ),
    "injection": (
        "inject",
        function(
            "inject",
            "EXECUTE 'SELECT ' || quote_literal(p_limit_text) || ' WHERE ''' || p_reason || "
            "''' = '''''  INTO v_found;",
            "p_reason text, p_limit_text text",
        ),
        'DROP TABLE ticketing.tickets; --": fails with',
    ),
}


@pytest.fixture(scope="module")
def flawed(server: Server, template: Database) -> Iterator[World]:
    """A world of its own with every defect, each in a function of its own."""
    with populated(server, template) as made:
        for _, statements, _ in DEFECTS.values():
            made.superuser.execute(statements.encode())
        yield made


@pytest.mark.parametrize("names", SHARES, ids=lambda names: f"{names[0]}-to-{names[-1]}")
def test_a_function_tells_nothing_of_another_tenant(world: World, names: list[str]) -> None:
    before = world.fingerprint(world.a), world.fingerprint(world.b)
    assert deviations(world, names) == []
    assert (world.fingerprint(world.a), world.fingerprint(world.b)) == before


def test_no_function_is_left_out(world: World) -> None:
    with psycopg.connect(world.database.superuser_url) as connection:
        surface = Surface(connection, world, None)
        connection.rollback()
    assert {function.name for function in surface.functions} == set(NAMES)
    # Enough to be sure that the catalog was read, and that good calls name rows.
    assert len(surface.open) > 450
    arguments = [
        (caller, function.name, name)
        for caller, function in surface.open
        for name in surface.attackable(surface.words(function.good()))
    ]
    assert len(arguments) > 600
    assert {caller for caller, _, _ in arguments} == set(CALLERS)


def test_what_is_declared_is_there(world: World) -> None:
    with psycopg.connect(world.database.superuser_url) as connection:
        surface = Surface(connection, world, None)
        connection.rollback()
    parameters = {
        (function.name, name) for function in surface.functions for name in function.names
    }
    assert {(name, given) for name, good in GOOD.items() for given in good} <= parameters
    assert set(BY_NAME) <= {name for _, name in parameters}
    assert set(ALWAYS_ACROSS) <= set(ACROSS) <= set(NAMES)
    assert set(ANY_TENANT) | set(LOOKS_NOTHING_UP) <= set(NAMES)


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_seen(flawed: World, defect: str) -> None:
    name, _, words = DEFECTS[defect]
    found = deviations(flawed, [name])
    assert [deviation for deviation in found if words in deviation], found
