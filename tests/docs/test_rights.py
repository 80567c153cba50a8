"""The matrix of rights says what a server does, cell by cell; so do the pages made from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from ticket_schema import lint
from ticket_schema.docs import snapshot as reader
from ticket_schema.docs.access import COMMANDS, PUBLIC, Cell, matrix, worth_a_look
from ticket_schema.docs.model import Source
from ticket_schema.docs.pages import rights
from ticket_schema.gate.scratch import Scratch

Make = Callable[[str], Source]

STRANGER = "docs_stranger"


@pytest.fixture(scope="module")
def stranger(pinned: Scratch) -> Iterator[str]:
    """A role that was granted nothing."""
    with pinned.connect("postgres") as connection:
        connection.execute(f"CREATE ROLE {STRANGER}")
        yield STRANGER
        connection.execute(f"DROP ROLE {STRANGER}")


@pytest.fixture
def copy(pinned: Scratch, head_database: str, stranger: str) -> Iterator[psycopg.Connection]:
    """A superuser's connection to a database at head that may be spoiled."""
    pinned.disconnect(head_database)
    with pinned.database(head_database) as name, pinned.connect(name) as connection:
        yield connection


def happens(connection: psycopg.Connection, cell: Cell) -> str:
    """Returns the outcome of a cell as the server gives it, by planning the command as the role."""
    table = sql.Identifier("ticketing", cell.table)
    columns = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = '' AND attidentity <> 'a'",
        [table.as_string()],
    ).fetchall()
    statements = {
        "SELECT": ["SELECT {column} FROM {table}", "SELECT FROM {table}"],
        # SET to DEFAULT, for whatever reads a column needs SELECT as well.
        "UPDATE": ["UPDATE {table} SET {column} = DEFAULT"],
        "INSERT": ["INSERT INTO {table} ({column}) VALUES (DEFAULT)"],
        "DELETE": ["DELETE FROM {table}"],
    }[cell.command]
    role = STRANGER if cell.role == PUBLIC else cell.role
    outcome = "no grant"
    for (name,) in columns:
        for statement in statements:
            query = sql.SQL(statement).format(table=table, column=sql.Identifier(name))
            found = _tried(connection, role, query, cell.command)
            if found != "no grant":
                return found
    return outcome


def _tried(connection: psycopg.Connection, role: str, query: sql.Composed, command: str) -> str:
    try:
        with connection.transaction(force_rollback=True):
            # Only what is granted shall decide, not what a row looks like.
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            if command == "INSERT":
                connection.execute(query)
                return "all rows"
            lines = connection.execute(sql.SQL("EXPLAIN (COSTS OFF) ") + query).fetchall()
    except psycopg.errors.InsufficientPrivilege as error:
        if "row-level security" in str(error):
            return "policies"
        return "no grant"
    except psycopg.errors.IntegrityError:
        return "all rows"  # the policies, if any, are asked first
    plan = "\n".join(line for (line,) in lines)
    if "One-Time Filter: false" in plan:
        return "denied"
    return "policies" if re.search(r"Filter:|Cond:", plan) else "all rows"


def wrong(connection: psycopg.Connection, source: Source, table: str = "") -> list[Cell]:
    """Returns the cells, of one table or of all, of which the server thinks otherwise."""
    # What is TRUE, or decided while planning, leaves no trace in a plan.
    untraced = {"true", "ticketing.runs_as_owner()"}
    open_to_all = {
        one.name
        for relation in source.schema.tables.values()
        for one in relation.policies
        if untraced & {one.using, one.with_check}
    }
    found = []
    for cell in matrix(source):
        if table in ("", cell.table):
            seen = happens(connection, cell)
            expected = {cell.outcome}
            if cell.command == "INSERT" and cell.outcome == "denied":
                expected = {"policies"}  # an error of row security, whether there is one or none
            if open_to_all & {*cell.permissive} or (cell.command == "INSERT" and cell.permissive):
                expected.add("all rows")
            if seen not in expected:
                found.append(replace(cell, why=f"in truth: {seen}"))
    return found


def test_head_is_as_the_matrix_says(copy: psycopg.Connection) -> None:
    source = Source(reader.read(copy))
    assert wrong(copy, source) == []
    cells = matrix(source)
    assert {one.role for one in cells} == {
        "ticketing_owner", "ticketing_app", "ticketing_worker", "ticketing_readonly", PUBLIC,
    }  # fmt: skip
    tables = {one.table for one in cells}
    assert len(cells) == len(tables) * 5 * len(COMMANDS)
    assert {one.outcome for one in cells} == {"no grant", "denied", "policies", "all rows"}


@pytest.mark.parametrize(
    ("statements", "changed"),
    [
        ("REVOKE SELECT ON ticketing.venues FROM ticketing_app",
         {("venues", "ticketing_app", "SELECT", "no grant")}),
        ("GRANT UPDATE (name) ON ticketing.venues TO ticketing_readonly",
         {("venues", "ticketing_readonly", "UPDATE", "denied")}),
        ("GRANT DELETE ON ticketing.venues TO PUBLIC; GRANT USAGE ON SCHEMA ticketing TO PUBLIC",
         {("venues", role, "DELETE", "denied") for role in
          ("ticketing_app", "ticketing_worker", "ticketing_readonly", PUBLIC)}),
        ("GRANT DELETE ON ticketing.venues TO PUBLIC",
         {("venues", role, "DELETE", "denied") for role in
          ("ticketing_app", "ticketing_worker", "ticketing_readonly")}),
        ("GRANT DELETE ON ticketing.venues TO ticketing_app;"
         "CREATE POLICY p ON ticketing.venues FOR ALL USING (name = 'x')",
         {("venues", "ticketing_app", "DELETE", "policies"),
          ("venues", "ticketing_owner", "DELETE", "policies"),
          ("venues", "ticketing_owner", "INSERT", "policies"),
          ("venues", "ticketing_owner", "UPDATE", "policies")}),
        ("ALTER TABLE ticketing.spending_limits DISABLE ROW LEVEL SECURITY",
         {("spending_limits", role, what, "all rows") for role, whats in
          {"ticketing_owner": COMMANDS, "ticketing_app": ("SELECT", "INSERT", "UPDATE"),
           "ticketing_worker": ("SELECT", "INSERT", "UPDATE"), "ticketing_readonly": ("SELECT",)
           }.items() for what in whats}),
        ("ALTER TABLE ticketing.spending_limits NO FORCE ROW LEVEL SECURITY",
         {("spending_limits", "ticketing_owner", what, "all rows") for what in COMMANDS}),
        ("DROP POLICY context_keys_owner_select ON ticketing.context_keys;"
         "CREATE POLICY r ON ticketing.context_keys AS RESTRICTIVE USING (key_id > 'a')",
         {("context_keys", "ticketing_owner", "SELECT", "denied")}),
    ],
    ids=["revoked", "by column", "to PUBLIC", "to PUBLIC outside", "FOR ALL", "switched off",
         "not forced", "restrictive alone"],
)  # fmt: skip
def test_a_change_shows_and_the_server_agrees(
    copy: psycopg.Connection, statements: str, changed: set[tuple[str, str, str, str]]
) -> None:
    before = set(matrix(Source(reader.read(copy))))
    copy.execute(statements.encode())
    source = Source(reader.read(copy))
    after = set(matrix(source)) - before
    assert {(one.table, one.role, one.command, one.outcome) for one in after} >= changed
    assert wrong(copy, source, next(iter(changed))[0]) == []


def test_a_role_past_row_security_is_told(copy: psycopg.Connection) -> None:
    try:
        copy.execute("ALTER ROLE ticketing_readonly BYPASSRLS")
        source = Source(reader.read(copy))
        found = {one.why for one in matrix(source)
                 if one.role == "ticketing_readonly" and one.outcome == "all rows"
                 and one.table not in ("alembic_version", "state_transitions")}  # fmt: skip
        assert found == {"BYPASSRLS"}
        cell = next(c for c in matrix(source) if (c.table, c.role, c.command) == (
            "venues", "ticketing_readonly", "SELECT"))  # fmt: skip
        assert happens(copy, cell) == "all rows"
        assert "**BYPASSRLS**" in rights.pages(source)[rights.PRIVILEGED]
    finally:
        copy.execute("ALTER ROLE ticketing_readonly NOBYPASSRLS")


def test_head_has_nothing_that_is_worth_a_look(source: Source) -> None:
    allowed = lint.allowed()["row_security"]
    assert {table for table, _ in worth_a_look(source, matrix(source))} <= allowed.keys()


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ("ALTER TABLE ticketing.venues DISABLE ROW LEVEL SECURITY", "do nothing, row security is"),
        ("ALTER TABLE ticketing.venues NO FORCE ROW LEVEL SECURITY", "does not bind its owner"),
        ("REVOKE SELECT ON ticketing.venues FROM ticketing_readonly", "which has no grant"),
        ("GRANT DELETE ON ticketing.venues TO ticketing_app", "no policy lets it at a row"),
        ("GRANT DELETE ON ticketing.venues TO PUBLIC", "may not enter the schema"),
    ],
)
def test_what_is_odd_is_told(copy: psycopg.Connection, statements: str, told: str) -> None:
    copy.execute(statements.encode())
    source = Source(reader.read(copy))
    found = [text for table, text in worth_a_look(source, matrix(source)) if table == "venues"]
    assert any(told in text for text in found), found
    if "READONLY" not in statements.upper():
        assert told in rights.pages(source)[rights.MATRIX].partition("## What this")[0]


def section(page: str, heading: str) -> str:
    return page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_who_can_update_the_status_of_tickets(source: Source) -> None:
    text = section(rights.pages(source)[rights.MATRIX], "tickets")
    [app] = [line for line in text.splitlines() if line.startswith("| UPDATE | `ticketing_app`")]
    columns = app.split("|")[3]
    assert "all but" in columns
    assert "`status`" not in columns
    assert "`tickets_update_own`" in app
    assert "`tickets_tenant_isolation`" in app
    assert "readonly" not in text.partition("| UPDATE")[2]
    assert re.search(r"\[`record_scan_attempt`\]\S+ \(UPDATE of [^)]*`status`", text)


def test_every_definer_and_every_crossing_policy_is_on_the_page(source: Source) -> None:
    page = rights.pages(source)[rights.PRIVILEGED]
    lines = page.splitlines()
    for function in source.schema.functions.values():
        if function.security == "DEFINER":
            [line] = [one for one in lines if one.startswith(f"| [`{function.name}`]")]
            assert len(line.split("|")[-2]) > 10, "it has no reason"
    allowed = lint.allowed()
    crossing = {*allowed["tenant_in_policies"], *allowed["unbounded_policies"]}
    told = {one.partition(".")[2] for one in crossing}
    assert {one for one in told if f"| `{one}` |" not in page} == set()
    assert "Across tenants: ticketing_worker" in page
    assert "Nothing: neither the schema" in section(page, "Granted to PUBLIC")


def test_the_page_of_variables_knows_every_one_and_who_reads_it(source: Source) -> None:
    page = rights.pages(source)[rights.VARIABLES]
    named = {*re.findall(r"^## (.*)$", page, re.MULTILINE)} - {"What cannot be seen"}
    text = " ".join(one.body for one in source.schema.functions.values())
    assert named == set(re.findall(r"'(app\.\w+)'", text))
    tenant = section(page, "app.current_tenant_id")
    assert "NULL when the setting is missing, empty or no uuid" in tenant
    assert "**Set by**" in tenant
    assert "[`set_tenant_context`]" in tenant.partition("**Set by**")[2].partition("\n")[0]
    assert "[`reserve_cart`]" in tenant.partition("**Functions, through what they call**")[2]
    policies = tenant.partition("**Policies**")[2].partition("\n")[0]
    bound = {
        table.name
        for table in source.schema.tables.values()
        if any("current_tenant_id" in f"{one.using}{one.with_check}" for one in table.policies)
    }
    assert set(re.findall(r"tables/(\w+)\.md", policies)) == bound


def test_a_schema_without_row_security_has_pages_as_well(foreign: Make) -> None:
    source = foreign(
        "CREATE TABLE things (id int); GRANT SELECT ON things TO PUBLIC;"
        "CREATE VIEW v AS SELECT * FROM things; ALTER SCHEMA shop OWNER TO postgres;"
        "CREATE FUNCTION f() RETURNS void SECURITY DEFINER LANGUAGE plpgsql AS $f$"
        " BEGIN PERFORM current_setting('my.tenant'); END $f$"
    )
    made = rights.pages(source)
    assert "Row level security is off" in section(made[rights.MATRIX], "things")
    privileged = made[rights.PRIVILEGED]
    assert "(no fixed search_path)" in privileged
    assert "its owner, `postgres`" in section(privileged, "Views that run as their owner")
    assert "table [`things`](tables/things.md): SELECT" in privileged
    assert "## my.tenant" in made[rights.VARIABLES]
