"""Attacks on a database that believes signed contexts alone.

The attacker runs any SQL as the login of a service, inside a transaction that the application
opened for one customer of tenant A. Tenant B, and what others of A may see, must stay out of reach.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg
import pytest

from support import signed
from support.databases import Database, database
from support.factories import TABLES, Make
from support.servers import Server
from support.session import CONTEXT, Session
from support.signed import enter

APP = "ts_test_app"
LOGINS = (APP, "ts_test_worker", "ts_test_readonly")
VARIABLES = (*CONTEXT, "app.signed_context", "app.tenant_id")
EVENTS = "SELECT tenant_id FROM ticketing.events"
TICKETS = "SELECT id FROM ticketing.tickets"
STORED = "SELECT current_setting('app.signed_context', TRUE)"
PUT = "SELECT set_config('app.signed_context', %s, TRUE)"
HELPERS = """
    SELECT
        ticketing.current_tenant_id() AS tenant,
        ticketing.current_user_id() AS user,
        ticketing.acts_for_tenant() AS for_tenant,
        ticketing.current_actor_type() AS actor
"""


@dataclass(frozen=True)
class World:
    """A hardened database with rows of two tenants, all committed."""

    target: Database
    a: UUID
    b: UUID
    # Customers of A, each with one ticket, and somebody of B.
    customer: UUID
    colleague: UUID
    stranger: UUID
    tickets: dict[UUID, UUID]

    @contextmanager
    def session(self, login: str = APP) -> Iterator[Session]:
        """Yields a session of a login without a context, whose work is rolled back."""
        with psycopg.connect(self.target.url(login)) as connection:
            yield Session(connection)
            connection.rollback()

    @contextmanager
    def inside(self, *given: UUID | str, login: str = APP) -> Iterator[Session]:
        """Yields a session whose transaction has a signed context, of A unless it is given."""
        with self.session(login) as session:
            enter(session, *(given or (self.a,)))
            yield session


def populate(target: Database) -> World:
    with psycopg.connect(target.superuser_url) as connection:
        make = Make(Session(connection))
        a, b = make.tenant(), make.tenant()
        for owner in (a, b):
            for table in TABLES:
                make.row(table, owner)
        customer, colleague = make.id("users", a), make.id("users", a)
        stranger = make.id("users", b)
        holders = {customer: a, colleague: a, stranger: b}
        tickets = {user: make.held_ticket(owner, user) for user, owner in holders.items()}
    return World(target, a, b, customer, colleague, stranger, tickets)


@pytest.fixture(scope="module")
def world(server: Server, template: Database) -> Iterator[World]:
    with database(server, template.name) as made:
        signed.harden(made)
        yield populate(made)


@pytest.fixture
def plain(clone: Database) -> World:
    """The same without the hardening, for what the default does not claim."""
    with clone.connect() as superuser:
        signed.add_key(Session(superuser))
    return populate(clone)


def owners(session: Session) -> set[UUID]:
    return {row["tenant_id"] for row in session.all(EVENTS)}


def own_tickets(session: Session) -> set[UUID]:
    return {row["id"] for row in session.all(TICKETS)}


# What it is for ----------------------------------------------------------------------------------


@pytest.mark.parametrize("login", LOGINS)
def test_a_signed_context_shows_exactly_the_tenants_own_rows(world: World, login: str) -> None:
    looked = 0
    with (
        world.inside(login=login) as session,
        psycopg.connect(world.target.superuser_url) as connection,
    ):
        oracle = Session(connection)
        for table in TABLES:
            column = "id" if table == "tenants" else "tenant_id"
            key = f"SELECT {column} AS tenant, t::text AS row FROM ticketing.{table} AS t"
            readable = "SELECT has_table_privilege(current_user, %s, 'SELECT')"
            if not session.value(readable, f"ticketing.{table}"):
                continue
            everything = {(row["tenant"], row["row"]) for row in oracle.all(key)}
            own = {(tenant, row) for tenant, row in everything if tenant == world.a}
            assert own, table
            assert len(own) < len(everything), table
            seen = {(row["tenant"], row["row"]) for row in session.all(key)}
            crossing = oracle.value(
                "SELECT EXISTS (SELECT FROM pg_policies WHERE tablename = %s AND policyname = %s)",
                table,
                f"{table}_worker_select",
            )
            if login == "ts_test_worker" and crossing:
                assert own <= seen, table
            else:
                assert seen == own, table
            looked += 1
    assert looked > 25


def test_the_helpers_say_what_was_signed(world: World) -> None:
    customer = {"tenant": world.a, "user": world.customer, "for_tenant": False, "actor": "user"}
    for given, expected in {
        (world.a,): {**customer, "user": None, "for_tenant": True, "actor": "service"},
        (world.a, world.customer): customer,
        (world.a, world.customer, "user"): customer,
        (world.a, world.customer, "venue_owner"): customer,
        (world.a, world.customer, "staff"): {**customer, "for_tenant": True},
        (world.a, world.customer, "scanner"): {**customer, "for_tenant": True},
        (world.a, world.customer, "admin"): {**customer, "for_tenant": True, "actor": "admin"},
        (world.a, world.customer, "superadmin"): {
            **customer, "for_tenant": True, "actor": "admin",
        },
    }.items():  # fmt: skip
        with world.inside(*given) as session:
            assert session.one(HELPERS) == expected, given
            assert session.value("SELECT ticketing.require_tenant_context()") == world.a


@pytest.mark.parametrize("login", [APP, "ts_test_readonly"])
def test_without_a_context_there_is_nothing(world: World, login: str) -> None:
    with world.session(login) as session:
        assert owners(session) == set()
        assert session.one(HELPERS) == {
            "tenant": None, "user": None, "for_tenant": False, "actor": "service",
        }  # fmt: skip
        for code, call in {
            "TK701": "SELECT ticketing.require_tenant_context()",
            "TK738": "SELECT ticketing.require_session_user(gen_random_uuid())",
        }.items():
            if login == APP or code != "TK738":
                with session.refused(code):
                    session.all(call)
        assert session.value("SELECT ticketing.verify_tenant_context()") is False


def test_what_is_not_signed_is_refused_loudly(world: World) -> None:
    call = "SELECT ticketing.set_tenant_context(%s, %s, %s)"
    with world.session() as session, session.refused("TK719") as by:
        session.all(call, world.a, None, None)
    assert "set_signed_tenant_context" in str(by.error.diag.message_hint)
    with world.inside(world.a, world.customer, "user") as session:
        for other in (
            (world.b, None, None),
            (world.a, world.colleague, None),
            (world.a, world.colleague, "user"),
            (world.a, world.customer, "admin"),
            (world.b, world.stranger, "admin"),
        ):
            with session.refused("TK719"):
                session.all(call, *other)
        with session.refused("TK001"):
            session.all(call, None, None, None)
        session.all("SELECT ticketing.set_tenant_context(%s, p_reason => 'asked for')", world.a)
        assert session.value("SELECT ticketing.status_change_reason()") == "asked for"
        assert own_tickets(session) == {world.tickets[world.customer]}


# Forging it --------------------------------------------------------------------------------------


def forgeries(world: World) -> list[dict[str, str]]:
    """Returns what an attacker may write into the variables."""
    code = "0" * 64
    seals = [
        f"{signed.KEY}.{world.b}...{code}",
        f"{signed.KEY}.{world.b}.{world.stranger}.admin.{code}",
        f".{world.b}...{code}",
        f"{world.b}",
        signed.sign(world.b, secret=bytes(32)),
        "",
    ]
    return [
        {name: str(world.b) for name in VARIABLES},
        {
            "app.current_tenant_id": str(world.b),
            "app.current_user_id": "",
            "app.current_user_role": "superadmin",
            "app.actor_type": "system",
        },
        *[{"app.signed_context": seal, "app.current_tenant_id": str(world.b)} for seal in seals],
    ]


@pytest.mark.parametrize("scope", ["LOCAL", "SESSION"])
def test_setting_variables_by_hand_reaches_nothing(world: World, scope: str) -> None:
    for forged in forgeries(world):
        for begin in (world.session, world.inside):
            with begin() as session:
                for name, value in forged.items():
                    session.run(f"SET {scope} {name} = '{value}'")
                assert owners(session) <= {world.a}, forged
                assert ("app.signed_context" in forged or begin == world.session) is (
                    owners(session) == set()
                ), forged
                with session.refused("TK719"):
                    session.all("SELECT ticketing.set_tenant_context(%s)", world.b)


def test_a_customer_gets_no_further_inside_the_tenant(world: World) -> None:
    mine = {world.tickets[world.customer]}
    for forged in (
        {"app.current_user_id": ""},
        {"app.current_user_id": str(world.colleague)},
        {"app.current_user_role": "admin"},
        {"app.current_user_id": "", "app.current_user_role": "superadmin"},
        {"app.actor_type": "admin"},
    ):
        with world.inside(world.a, world.customer, "user") as session:
            assert own_tickets(session) == mine
            for name, value in forged.items():
                session.run(f"SET LOCAL {name} = '{value}'")
            assert own_tickets(session) == mine, forged
            assert session.one(HELPERS)["user"] == world.customer
            assert session.one(HELPERS)["for_tenant"] is False
            with session.refused("TK738"):
                session.all("SELECT ticketing.require_session_user(%s)", world.colleague)
            with session.refused("TK401"):
                session.all("SELECT ticketing.require_principal(%s)", world.colleague)


def test_throwing_the_context_away_gives_no_power(world: World) -> None:
    for throw in (
        "SELECT ticketing.clear_tenant_context()",
        "SELECT set_config('app.signed_context', '', TRUE)",
        "SET LOCAL app.signed_context = 'x'",
        "RESET app.signed_context",
        "RESET ALL",
    ):
        with world.inside(world.a, world.customer, "user") as session:
            session.run(throw)
            assert session.one(HELPERS)["for_tenant"] is False, throw
            assert own_tickets(session) == set(), throw
            assert owners(session) == set(), throw
            with session.refused("TK738"):
                session.all("SELECT ticketing.require_session_user(%s)", world.colleague)


IN_A_QUERY = """
    WITH forged AS MATERIALIZED (
        SELECT set_config(v.name, v.value, TRUE)
        FROM (VALUES {values}) AS v (name, value)
    ),
    counted AS MATERIALIZED (SELECT count(*) AS n FROM forged)
    SELECT e.tenant_id FROM counted CROSS JOIN ticketing.events AS e
"""
IN_A_CONDITION = "SELECT e.tenant_id FROM ticketing.events AS e WHERE {calls}"


def in_a_query(forged: dict[str, str]) -> str:
    values = ", ".join(f"('{name}', '{value}')" for name, value in forged.items())
    return IN_A_QUERY.format(values=values)


def in_a_condition(forged: dict[str, str]) -> str:
    calls = " AND ".join(
        f"set_config('{name}', '{value}', TRUE) IS NOT NULL" for name, value in forged.items()
    )
    return IN_A_CONDITION.format(calls=calls)


def test_an_expression_in_a_query_reaches_nothing(world: World) -> None:
    for forged in forgeries(world):
        for attack in (in_a_query, in_a_condition):
            with world.inside() as session:
                found = {row["tenant_id"] for row in session.all(attack(forged))}
                assert found <= {world.a}, forged
                assert owners(session) <= {world.a}, forged


def test_by_default_an_expression_in_a_query_reaches_another_tenant(plain: World) -> None:
    """The plain context guards against mistakes; this is what it does not claim."""
    forged = {"app.current_tenant_id": str(plain.b)}
    for entered in ("plain", "signed"):
        for attack in (in_a_query, in_a_condition):
            with plain.session() as session:
                if entered == "signed":
                    enter(session, plain.a)
                else:
                    session.all("SELECT ticketing.set_tenant_context(%s)", plain.a)
                assert owners(session) == {plain.a}
                session.all(attack(forged))
                assert owners(session) == {plain.b}


def test_no_row_of_another_tenant_can_be_written(world: World) -> None:
    with world.inside() as session:
        session.run(f"SET LOCAL app.current_tenant_id = '{world.b}'")
        insert = "INSERT INTO ticketing.ticket_bundles (tenant_id, name, price_cents)"
        with session.refused("42501"):
            session.run(f"{insert} VALUES (%s, 'x', 1)", world.b)
        assert session.run(f"{insert} VALUES (%s, 'x', 1)", world.a) == 1
        for change in (
            "UPDATE ticketing.ticket_bundles SET name = 'x' WHERE tenant_id = %s",
            "DELETE FROM ticketing.ticket_bundles WHERE tenant_id = %s",
        ):
            assert session.run(change, world.b) == 0
        with session.refused("TK702"):
            session.all("SELECT ticketing.require_tenant(%s)", world.b)


# Replaying it ------------------------------------------------------------------------------------


def test_a_seal_is_worth_nothing_in_the_next_transaction(world: World) -> None:
    for ending in ("COMMIT", "ROLLBACK", "COMMIT AND CHAIN", "ROLLBACK AND CHAIN"):
        with world.target.connect(APP) as connection:
            session = Session(connection)
            session.run("BEGIN")
            enter(session, world.a)
            seal = session.value(STORED)
            assert owners(session) == {world.a}
            session.run(ending)
            if "CHAIN" not in ending:
                session.run("BEGIN")
            assert owners(session) == set()
            session.all(PUT, seal)
            assert session.value(STORED) == seal
            assert owners(session) == set(), ending


def test_a_seal_is_worth_nothing_in_another_process(world: World) -> None:
    with world.inside(world.b) as victim, world.inside(world.a) as attacker:
        assert owners(victim) == {world.b}
        attacker.all(PUT, victim.value(STORED))
        assert owners(attacker) == set()
        assert attacker.one(HELPERS)["tenant"] is None


def test_a_seal_of_an_autocommitted_statement_is_gone_with_it(world: World) -> None:
    with world.target.connect(APP) as connection:
        session = Session(connection)
        enter(session, world.a)
        assert owners(session) == set()


def test_transactions_of_one_message_share_their_time(world: World) -> None:
    """What one message of the simple protocol runs is one sender's, and counts as one moment."""
    with world.target.connect(APP) as connection:
        replayed = connection.execute(
            f"""
            BEGIN;
            SELECT ticketing.set_signed_tenant_context('{signed.sign(world.a)}');
            SELECT set_config('copied.seal', current_setting('app.signed_context'), FALSE);
            COMMIT;
            BEGIN;
            SELECT set_config('app.signed_context', current_setting('copied.seal'), TRUE);
            SELECT DISTINCT tenant_id FROM ticketing.events;
            COMMIT;
            """.encode()
        )
        while replayed.nextset():
            if replayed.description and replayed.description[0].name == "tenant_id":
                assert replayed.fetchall() == [(world.a,)]
                break
        else:
            pytest.fail("the statement had no answer")
        session = Session(connection)
        session.run("BEGIN")
        session.all("SELECT set_config('app.signed_context', current_setting('copied.seal'), TRUE)")
        assert owners(session) == set()


def test_transactions_of_one_block_do_not(world: World) -> None:
    with world.target.connect(APP) as connection:
        session = Session(connection)
        session.run(
            f"""
            DO $$
            DECLARE
                v_seal text;
            BEGIN
                PERFORM ticketing.set_signed_tenant_context('{signed.sign(world.a)}');
                v_seal := current_setting('app.signed_context');
                PERFORM set_config('seen.before', count(*)::text, FALSE) FROM ticketing.events;
                COMMIT;
                PERFORM set_config('app.signed_context', v_seal, TRUE);
                PERFORM set_config('seen.after', count(*)::text, FALSE) FROM ticketing.events;
            END
            $$
            """
        )
        assert int(session.value("SELECT current_setting('seen.before')")) > 0
        assert session.value("SELECT current_setting('seen.after')") == "0"


def test_what_a_transaction_has_opened_stays_open_to_it(world: World) -> None:
    """A savepoint, or clearing, hides a context of the same transaction and cannot void it."""
    with world.session() as session:
        assert owners(session) == set()
        with session.connection.transaction(force_rollback=True):
            enter(session, world.a)
            seal = session.value(STORED)
        assert owners(session) == set()
        enter(session, world.b)
        assert owners(session) == {world.b}
        session.all(PUT, seal)
        assert owners(session) == {world.a}


def test_a_token_serves_any_number_of_transactions_while_it_lives(world: World) -> None:
    token = signed.sign(world.a)
    for _ in range(2):
        with world.session() as session:
            session.all(signed.SET, token)
            assert owners(session) == {world.a}


def test_a_retired_key_ends_what_runs(clone: Database) -> None:
    signed.harden(clone)
    world = populate(clone)
    with world.inside() as session, clone.connect() as superuser:
        assert owners(session) == {world.a}
        superuser.execute("SELECT ticketing.retire_context_key('k-1')")
        assert owners(session) == set()
        with session.refused("TK713"):
            enter(session, world.a)


def test_a_snapshot_from_before_keeps_a_retired_key(clone: Database) -> None:
    signed.harden(clone)
    world = populate(clone)
    with world.session() as session, clone.connect() as superuser:
        session.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert owners(session) == set()
        superuser.execute("SELECT ticketing.retire_context_key('k-1')")
        enter(session, world.a)
        assert owners(session) == {world.a}
        session.connection.rollback()
        with session.refused("TK713"):
            enter(session, world.a)


# Shadowing it ------------------------------------------------------------------------------------

SHADOWS = f"""
    CREATE SCHEMA evil;
    GRANT ALL ON SCHEMA evil TO PUBLIC;
    CREATE FUNCTION evil.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT ''x''::bytea';
    CREATE FUNCTION evil.current_setting(text, boolean) RETURNS text LANGUAGE sql
        AS 'SELECT ''forged''';
    CREATE FUNCTION evil.pg_backend_pid() RETURNS integer LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION evil.split_part(text, text, integer) RETURNS text LANGUAGE sql
        AS 'SELECT ''{signed.KEY}''';
    CREATE FUNCTION evil.equal(bytea, bytea) RETURNS boolean LANGUAGE sql AS 'SELECT TRUE';
    CREATE FUNCTION evil.unequal(bytea, bytea) RETURNS boolean LANGUAGE sql AS 'SELECT FALSE';
    CREATE OPERATOR evil.= (LEFTARG = bytea, RIGHTARG = bytea, FUNCTION = evil.equal);
    CREATE OPERATOR evil.<> (LEFTARG = bytea, RIGHTARG = bytea, FUNCTION = evil.unequal);
"""
SHADOWING = f"""
    CREATE TEMP TABLE context_keys (
        key_id text, inner_pad bytea, outer_pad bytea, seal_inner_pad bytea, seal_outer_pad bytea,
        retired_at timestamptz, valid_from timestamptz, valid_until timestamptz
    );
    INSERT INTO pg_temp.context_keys
    VALUES ('{signed.KEY}', '', '', '', '', NULL, '-infinity', NULL);
    CREATE TEMP TABLE tenants (id uuid, status text);
    CREATE TEMP TABLE pg_roles (rolname name, rolbypassrls boolean);
    CREATE DOMAIN pg_temp.uuid AS text;
    SET LOCAL search_path = evil, pg_temp, pg_catalog, ticketing
"""


def test_what_stands_in_front_of_the_catalog_is_not_used(world: World) -> None:
    """As it would, had somebody let the login create objects in some schema."""
    with world.target.connect() as superuser:
        superuser.execute(SHADOWS.encode())
    with world.session() as session:
        session.run(SHADOWING)
        assert session.value("SELECT sha256('y'::bytea)") == b"x"
        assert session.value("SELECT 'x'::bytea = 'y'::bytea") is True
        assert session.value("SELECT count(*) FROM context_keys") == 1
        for forged in forgeries(world):
            for name, value in forged.items():
                session.run(f"SET LOCAL {name} = '{value}'")
            assert owners(session) == set()
            assert session.value("SELECT ticketing.signed_context()") is None
        with session.refused("TK713"):
            session.all(signed.SET, signed.sign(world.b, secret=bytes(32)))
        session.all("SELECT ticketing.clear_tenant_context()")
        enter(session, world.a)
        assert owners(session) == {world.a}
        assert session.value("SELECT ticketing.signed_context()") == [str(world.a), "", ""]


def test_a_function_of_the_attacker_runs_as_the_attacker(world: World) -> None:
    """A policy calls only functions of the schema; what a query calls has the rights of a login."""
    with world.inside() as session:
        session.run(
            """
            CREATE FUNCTION pg_temp.keys(uuid) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
            BEGIN
                PERFORM set_config('app.current_tenant_id', $1::text, TRUE);
                RETURN (SELECT count(*) > 0 FROM ticketing.context_keys);
            END $$;
            CREATE TEMP VIEW spy AS SELECT tenant_id FROM ticketing.events
            """
        )
        with session.refused("42501"):
            session.all("SELECT FROM ticketing.events WHERE pg_temp.keys(tenant_id)")
        session.run(f"SET LOCAL app.current_tenant_id = '{world.b}'")
        assert {row["tenant_id"] for row in session.all("SELECT * FROM spy")} == {world.a}


# Reading the key ---------------------------------------------------------------------------------


def test_no_way_to_the_keys(world: World) -> None:
    ways = (
        "SELECT inner_pad FROM ticketing.context_keys",
        "TABLE ticketing.context_keys",
        "SELECT (k).* FROM ticketing.context_keys AS k",
        "COPY ticketing.context_keys TO STDOUT",
        "CREATE TEMP TABLE mine AS SELECT * FROM ticketing.context_keys",
        "CREATE TEMP VIEW mine AS SELECT * FROM ticketing.context_keys; SELECT * FROM mine",
        "LOCK TABLE ticketing.context_keys",
        "SELECT * FROM pg_statistic",
        "SELECT ticketing.hmac_pad('', 54)",
        "SELECT ticketing.add_context_key('mine', decode(repeat('00', 32), 'hex'))",
        "SELECT ticketing.retire_context_key('k-1')",
        "ALTER TABLE ticketing.context_keys NO FORCE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON ticketing.context_keys USING (TRUE)",
        "GRANT SELECT ON ticketing.context_keys TO PUBLIC",
        "SET ROLE ticketing_owner",
        "SET SESSION AUTHORIZATION ticketing_owner",
        "ALTER FUNCTION ticketing.signed_context() SECURITY INVOKER",
        "CREATE FUNCTION ticketing.mine() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "CREATE TEMP TABLE c (k text REFERENCES ticketing.context_keys)",
    )
    for login in LOGINS:
        with world.inside(login=login) as session:
            for way in ways:
                with session.refused("42P16" if "REFERENCES" in way else "42501"):
                    session.run(way)
            statistics = "SELECT count(*) FROM pg_stats WHERE tablename = 'context_keys'"
            assert session.value(statistics) == 0


def test_no_error_and_no_debug_output_tells_a_key(world: World) -> None:
    with world.session() as session:
        told: list[str] = []
        session.connection.add_notice_handler(
            lambda d: told.append(f"{d.message_primary} {d.message_detail} {d.context}")
        )
        for setting in (
            "client_min_messages = debug5",
            "debug_print_parse = on",
            "debug_print_rewritten = on",
            "debug_print_plan = on",
            "debug_pretty_print = off",
            "plan_cache_mode = force_custom_plan",
        ):
            session.run(f"SET LOCAL {setting}")
        enter(session, world.a)
        assert owners(session) == {world.a}
        for code, token in {"TK713": signed.sign(world.a, key="other"), "TK712": "x"}.items():
            with session.refused(code) as by:
                session.all(signed.SET, token)
            told.append(f"{by.error} {by.error.diag.message_detail} {by.error.diag.context}")
        session.run("SET LOCAL statement_timeout = 1")
        with session.refused("57014") as late:
            session.all("SELECT ticketing.signed_context() FROM generate_series(1, 1000000)")
        told.append(f"{late.error} {late.error.diag.context}")
    # Long lines of a plan are broken between two bytes.
    said = " ".join(" ".join(told).split())
    assert as_printed(str(world.a).encode()) in said
    with world.target.connect() as superuser:
        (pads,) = superuser.execute(
            "SELECT inner_pad, outer_pad, seal_inner_pad, seal_outer_pad"
            " FROM ticketing.context_keys"
        ).fetchall()
    for secret in (*pads, signed.SECRET):
        assert secret.hex() not in said
        assert as_printed(secret[:16]) not in said


def as_printed(value: bytes) -> str:
    """Returns bytes as debug_print_plan shows the constants of a plan: numbers with a sign."""
    return " ".join(str(byte) for byte in memoryview(value).cast("b"))


def test_the_text_of_a_statement_shows_and_a_bound_token_does_not(world: World) -> None:
    """pg_stat_activity shows the statements of a login to all its sessions: bind the token."""
    seen = "SELECT query FROM pg_stat_activity WHERE pid = %s"
    token = signed.sign(world.b)
    with world.session() as victim, world.session() as attacker:
        pid = victim.connection.info.backend_pid
        victim.all(signed.SET, token)
        assert token not in attacker.value(seen, pid)
        attacker.connection.rollback()
        victim.run(f"SELECT ticketing.set_signed_tenant_context('{token}')")
        assert token in attacker.value(seen, pid)


# Plans and pools ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["auto", "force_generic_plan", "force_custom_plan"])
def test_a_prepared_statement_asks_anew(world: World, mode: str) -> None:
    with world.target.connect(APP) as connection:
        session = Session(connection)
        session.run(f"SET plan_cache_mode = {mode}")
        session.run("PREPARE listed AS SELECT tenant_id FROM ticketing.events")
        for owner in (world.a, world.b) * 8:
            with connection.transaction():
                enter(session, owner)
                found = {row["tenant_id"] for row in session.all("EXECUTE listed")}
                assert found == {owner}
            assert session.all("EXECUTE listed") == []


def test_a_cursor_keeps_what_it_was_opened_with(world: World) -> None:
    with world.inside() as session:
        session.run("DECLARE c CURSOR FOR SELECT tenant_id FROM ticketing.events")
        session.run(f"SET LOCAL app.current_tenant_id = '{world.b}'")
        session.all(PUT, f"{signed.KEY}.{world.b}...{'0' * 64}")
        assert {row["tenant_id"] for row in session.all("FETCH ALL FROM c")} <= {world.a}


def test_parallel_plans_are_filtered_alike(world: World) -> None:
    with world.session() as session:
        forced = (
            "debug_parallel_query"
            if session.connection.info.server_version >= 160000
            else "force_parallel_mode"
        )
        for setting in (
            f"{forced} = on",
            "parallel_setup_cost = 0",
            "parallel_tuple_cost = 0",
            "min_parallel_table_scan_size = 0",
            "max_parallel_workers_per_gather = 2",
            "enable_indexscan = off",
            "enable_bitmapscan = off",
        ):
            session.run(f"SET LOCAL {setting}")
        assert owners(session) == set()
        enter(session, world.a, world.customer, "user")
        for query, expected in {
            EVENTS: {world.a},
            "SELECT tenant_id FROM ticketing.tickets": {world.a},
            f"{EVENTS} WHERE tenant_id = ticketing.current_tenant_id()": {world.a},
            f"{EVENTS} WHERE ticketing.verify_tenant_context()": {world.a},
            f"{EVENTS} WHERE ticketing.require_principal() IS NOT NULL": {world.a},
            "SELECT ticketing.current_tenant_id() AS tenant_id": {world.a},
            "SELECT ticketing.require_tenant_context() AS tenant_id": {world.a},
        }.items():
            plan = "\n".join(
                str(row["QUERY PLAN"]) for row in session.all(f"EXPLAIN (VERBOSE) {query}")
            )
            assert {row["tenant_id"] for row in session.all(query)} == expected, plan
            if query == EVENTS:
                assert re.search(r"Parallel Seq Scan|Gather", plan), plan
        session.run(f"SET LOCAL app.current_tenant_id = '{world.b}'")
        assert owners(session) == {world.a}


def test_a_pooled_session_can_be_prepared_for_the_next_client(world: World) -> None:
    """What a session keeps between transactions is outside the context: DISCARD ALL ends it."""
    trap = "PREPARE listed AS SELECT tenant_id FROM ticketing.tickets"
    for reset in ("", "DISCARD ALL"):
        with world.target.connect(APP) as connection:
            session = Session(connection)
            session.run("PREPARE listed AS SELECT tenant_id FROM ticketing.events WHERE FALSE")
            with connection.transaction():
                enter(session, world.a)
                session.run("DEALLOCATE listed")
                session.run(trap)
            if reset:
                session.run(reset)
            with connection.transaction():
                enter(session, world.b)
                if reset:
                    with session.refused("26000"):
                        session.all("EXECUTE listed")
                else:
                    assert {r["tenant_id"] for r in session.all("EXECUTE listed")} == {world.b}


def test_switching_the_role_changes_nothing(world: World) -> None:
    with world.inside(world.a, world.customer, "user") as session:
        for role in ("ticketing_app", APP, "NONE"):
            session.run(f"SET LOCAL ROLE {role}")
            assert own_tickets(session) == {world.tickets[world.customer]}
        for role in ("ticketing_worker", "ticketing_readonly", "ticketing_owner"):
            with session.refused("42501"):
                session.run(f"SET LOCAL ROLE {role}")


# Work across tenants -----------------------------------------------------------------------------


def test_a_job_without_a_context_acts_as_before(world: World) -> None:
    with world.session("ts_test_worker") as worker:
        assert worker.one(HELPERS) == {
            "tenant": None, "user": None, "for_tenant": True, "actor": "service",
        }  # fmt: skip
        assert {row["id"] for row in worker.all("SELECT id FROM ticketing.tenants")} == {
            world.a, world.b,
        }  # fmt: skip
        assert worker.all("SELECT FROM ticketing.ticket_types") == []
        worker.all("SELECT ticketing.require_session_user(%s)", world.customer)
        enter(worker, world.a, world.customer, "user")
        assert worker.one(HELPERS)["for_tenant"] is False
