"""Every relation, command, identity and context, compared with what a superuser sees.

`deviations` says in sentences where a database does otherwise than `declared` says. It needs no
fixture, changes nothing, and takes an error that nobody foresaw for a deviation, so that it can be
run on a copy of the database with any defect in it.

What row level security does not close is not judged: EXPLAIN ANALYZE counts the rows that a filter
removed, statistics estimate them, a sequence that may be read would tell how much others write,
and who may delete from a table may lock it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import psycopg
from psycopg import sql

from . import declared
from .actors import CONTEXTS, Context, Identity, identities
from .axes import Relation, conditions, every_relation, oracle, refusal
from .cells import GROUP, REFUSED, Bench, Cell, cells, copy_cells
from .keys import key_deviations
from .world import APP, World

APPEND_ONLY = "TK003"
OTHER_TENANT = "TK703"
MOST_COLUMNS = 1600
# A defect may make statements wait or run on; none of them needs more.
PATIENCE = "-c lock_timeout=5s -c statement_timeout=60s"

# A function that a caller would write to look at rows behind a filter: it costs nothing, so it is
# asked first, and it tells what it was asked about.
LEAK = """
    CREATE FUNCTION pg_temp.f_leak(p_seen text) RETURNS boolean
    LANGUAGE plpgsql STABLE COST 0.0000001
    AS $function$
    BEGIN
        RAISE NOTICE 'leak % %', current_setting('matrix.cell'), p_seen;
        RETURN TRUE;
    END;
    $function$
"""
# With these, a plan has workers wherever it may have.
PARALLEL = {
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "min_parallel_table_scan_size": "0",
    "enable_indexscan": "off",
    "enable_indexonlyscan": "off",
    "enable_bitmapscan": "off",
}
# Runs statements one by one and takes each back, in one call instead of three a statement.
RUN = """
    CREATE FUNCTION pg_temp.run(p_kinds text[], p_queries text[])
    RETURNS TABLE (state text, message text, touched bigint, rows text[])
    LANGUAGE plpgsql
    AS $function$
    DECLARE
        v_row text;
        v_rows text[];
        v_cursor refcursor;
        v_step integer;
        v_tenant text := current_setting('app.current_tenant_id', TRUE);
        v_other text := current_setting('matrix.other');
    BEGIN
        FOR i IN 1 .. cardinality(p_kinds) LOOP
            state := 'done';
            message := NULL;
            touched := 0;
            rows := '{}';
            PERFORM set_config('matrix.cell', i::text, FALSE);
            BEGIN
                CASE p_kinds[i]
                    WHEN 'count' THEN
                        EXECUTE p_queries[i];
                        GET DIAGNOSTICS touched = ROW_COUNT;
                    WHEN 'rows' THEN
                        FOR v_row IN EXECUTE p_queries[i] LOOP
                            rows := rows || v_row;
                        END LOOP;
                    WHEN 'cursor' THEN
                        -- An index is asked for one tenant when the scan begins.
                        PERFORM set_config('enable_indexscan', 'off', TRUE);
                        PERFORM set_config('enable_bitmapscan', 'off', TRUE);
                        OPEN v_cursor FOR EXECUTE p_queries[i];
                        FETCH v_cursor INTO v_row;
                        IF FOUND THEN
                            rows := rows || v_row;
                        END IF;
                        PERFORM set_config('app.current_tenant_id', v_other, TRUE);
                        LOOP
                            FETCH v_cursor INTO v_row;
                            EXIT WHEN NOT FOUND;
                            rows := rows || v_row;
                        END LOOP;
                        CLOSE v_cursor;
                    WHEN 'parallel' THEN
                        {parallel}
                        EXECUTE format('SELECT array_agg(q.row) FROM (%s) AS q (row)', p_queries[i])
                        INTO rows;
                    WHEN 'prepared', 'generic' THEN
                        IF p_kinds[i] = 'generic' THEN
                            PERFORM set_config('plan_cache_mode', 'force_generic_plan', TRUE);
                        END IF;
                        EXECUTE 'DEALLOCATE ALL';
                        EXECUTE format(
                            'PREPARE matrix AS SELECT array_agg(q.row) FROM (%s) AS q (row)',
                            p_queries[i]
                        );
                        v_step := 0;
                        FOREACH v_row IN ARRAY
                            array_fill(v_tenant, ARRAY[7]) || ARRAY[v_other, '', v_tenant]
                        LOOP
                            v_step := v_step + 1;
                            PERFORM set_config('app.current_tenant_id', v_row, TRUE);
                            EXECUTE 'EXECUTE matrix' INTO v_rows;
                            rows := rows || array(
                                SELECT r || '@' || v_step FROM unnest(v_rows) AS r
                            );
                        END LOOP;
                END CASE;
                RAISE EXCEPTION USING ERRCODE = 'MX000';
            EXCEPTION
                WHEN SQLSTATE 'MX000' THEN
                    NULL;
                WHEN OTHERS THEN
                    state := SQLSTATE;
                    message := SQLERRM;
            END;
            RETURN NEXT;
        END LOOP;
    END;
    $function$
""".replace(
    "{parallel}",
    " ".join(f"PERFORM set_config('{name}', '{value}', TRUE);" for name, value in PARALLEL.items()),
)


class Outcome(NamedTuple):
    """What came of a cell: "done" or an SQLSTATE, its message, rows touched and rows returned."""

    state: str
    message: str | None = None
    touched: int = 0
    rows: list[str] | None = None


@dataclass
class Report:
    """What a run found.

    Args:
        deviations: sentences.
        tried: how often each command was tried, by relation.
        excused: errors that were declared, by relation.
    """

    deviations: list[str] = field(default_factory=list)
    excused: set[tuple[str, str]] = field(default_factory=set)
    tried: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def cells(self) -> int:
        return self.tried.total()

    def says(self, sentence: str) -> None:
        self.deviations.append(sentence)


def deviations(world: World, relations: Collection[str] | None = None) -> list[str]:
    """Returns what the database of a world does otherwise than declared.

    Args:
        world: two tenants in the database under test.
        relations: names of the relations to try; all of them unless given.

    Returns:
        A sentence for each deviation, such as "app as a service in A, SELECT ticketing.tickets: saw
        1 row of B"; none where all is sound.
    """
    report = Report()
    examine(world, report, relations)
    keys_and_aftermath(world, report, relations)
    return report.deviations


def examine(
    world: World,
    report: Report,
    relations: Collection[str] | None = None,
    actors: Collection[str] | None = None,
) -> None:
    """Tries the cells, all of them or those of some relations and identities."""
    with unforeseen(report):
        found = every_relation(world)
        report.deviations += undeclared(world, found)
        who = identities(world)
        bench = seen_by_superuser(world, found, who, report, relations)
        report.deviations += vacuous(bench)
        for identity in who:
            if actors is None or identity.name in actors:
                with unforeseen(report, identity.name):
                    tried(bench, identity, report)


def keys_and_aftermath(
    world: World, report: Report, relations: Collection[str] | None = None
) -> None:
    """Tries the keys of some relations or all, and looks at B once A has written what it may."""
    with unforeseen(report):
        who = identities(world)
        bench = seen_by_superuser(world, every_relation(world), who, report, relations)
        before = world.fingerprint(world.b)
        tables = [one.name for one in bench.relations if (world.a, one.name) in world.drafts]
        for table, key, said in key_deviations(world, tables):
            report.tried[table, key] += 1
            report.deviations += said
        report.deviations += aftermath(bench, who[0], before)
        if world.fingerprint(world.b) != before:
            report.says("rows of B were changed for good")


@contextmanager
def unforeseen(
    report: Report, where: str = "the matrix could not be run to its end"
) -> Iterator[None]:
    """Takes any error of a block for a deviation: a defect may break whatever it likes."""
    try:
        yield
    except Exception as error:
        report.says(f"{where}: {told(error)}")


def told(error: Exception) -> str:
    return refusal(error) if isinstance(error, psycopg.Error) else repr(error)


def seen_by_superuser(
    world: World,
    found: list[Relation],
    who: list[Identity],
    report: Report,
    only: Collection[str] | None,
) -> Bench:
    """Returns what the superuser sees of the relations that can be read at all."""
    users = [identity.user for identity in who if identity.is_customer and identity.user]
    rows, readable = {}, []
    for relation in found:
        if only is not None and relation.name not in only:
            continue
        try:
            if relation.kind != "S":
                rows[relation.name] = oracle(world.superuser, relation, users)
            readable.append(relation)
        except psycopg.Error as error:
            report.says(f"{relation.label}: {told(error)}")
    return Bench(world, readable, rows, users, psycopg.ClientCursor(world.superuser))


def undeclared(world: World, found: list[Relation]) -> list[str]:
    """Returns which relations have no declaration or no row factory, and which are gone."""
    said = []
    names = {relation.name for relation in found if not relation.stray}
    drafted = {table for _, table in world.drafts}
    for relation in found:
        if relation.stray:
            said.append(f"{relation.label}: stands outside the schema")
        elif relation.kind == "S":
            continue
        elif relation.name not in declared.GRANTED:
            said.append(f"{relation.label}: nothing is declared of it")
        elif relation.tenant is None and relation.name not in declared.PLATFORM:
            said.append(f"{relation.label}: has no tenant and is not declared the platform's")
        if relation.kind not in "rvS":
            said.append(f"{relation.label}: is of kind {relation.kind}, not a table or a view")
        if (
            relation.is_table
            and relation.name not in drafted
            and relation.name not in declared.MIGRATED
        ):
            said.append(f"{relation.label}: has no row factory")
    for what, entries in declared.EVERY.items():
        said += [f"{name}: is in {what} and not in the schema" for name in set(entries) - names]
    return sorted(said)


def vacuous(bench: Bench) -> list[str]:
    """Returns where there is nothing to see, so that seeing nothing proves nothing."""
    said = []
    for relation in bench.relations:
        rows = bench.rows.get(relation.name)
        if rows is None:
            continue
        said += [
            f"{relation.label}: has no row where {condition}"
            for condition in conditions(relation.name, (), (declared.WORKER, declared.DELETABLE))
            if not any(condition in row.holds for row in rows)
        ]
        if relation.name in declared.PLATFORM:
            if not rows:
                said.append(f"{relation.label}: has no rows")
        elif relation.tenant is not None:
            said += [
                f"{relation.label}: has no rows of {letter.upper()}"
                for letter in ("a", "b")
                if not any(row.tenant == bench.tenant(letter) for row in rows)
            ]
    return said


# Running -----------------------------------------------------------------------------------------


@contextmanager
def acting(bench: Bench, identity: Identity) -> Iterator[psycopg.Connection]:
    """Yields a connection of an identity in which no tenant was ever set."""
    with psycopg.connect(
        bench.world.database.url(identity.login),
        autocommit=True,
        prepare_threshold=None,
        options=PATIENCE,
    ) as connection:
        if identity.role is not None:
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(identity.role)))
        connection.execute(LEAK.encode() + b";" + RUN.encode())
        yield connection


def tried(bench: Bench, identity: Identity, report: Report) -> None:
    """Tries all the cells of an identity."""
    notices: list[str] = []
    with acting(bench, identity) as connection:
        connection.add_notice_handler(lambda said: notices.append(said.message_primary or ""))
        for context in CONTEXTS:
            if context.name not in identity.contexts:
                continue
            batch = list(cells(bench, identity, context))
            notices.clear()
            if context.setting == "":
                report.deviations += used(bench, connection, identity)
            with connection.transaction(force_rollback=True):
                enter(bench, connection, identity, context)
                outcomes = run(connection, batch)
                if context.setting is None:
                    assert setting(connection) is None, "a cell has set the tenant"
                if context.name == "A" and identity.login in GROUP:
                    report.deviations += moved(bench, connection, identity)
            leaked = leaks(notices)
            for number, (cell, outcome) in enumerate(zip(batch, outcomes, strict=True), start=1):
                judge(bench, identity, context.name, cell, outcome, report, leaked.get(number))
        for name, tenant in (("'' for the session", None), ("A for the session", "a")):
            settings = {"app.current_tenant_id": bench.tenant(tenant) or "", **said_of(identity)}
            for variable, value in settings.items():
                connection.execute("SELECT set_config(%s, %s, FALSE)", [variable, value])
            for cell in copy_cells(bench, identity, tenant):
                judge(bench, identity, name, cell, copy(connection, cell), report)


def run(connection: psycopg.Connection, batch: list[Cell]) -> list[Outcome]:
    """Returns what came of statements, each of which was taken back."""
    rows = connection.execute(
        "SELECT * FROM pg_temp.run(%s, %s)",
        [[cell.kind for cell in batch], [cell.query for cell in batch]],
    ).fetchall()
    return [Outcome(*row) for row in rows]


def copy(connection: psycopg.Connection, cell: Cell) -> Outcome:
    """Returns what came of a COPY; what is copied in fits no table, so that no row stays."""
    lines = None
    try:
        with connection.cursor() as cursor, cursor.copy(cell.query.encode()) as copying:
            if cell.kind == "copy out":
                lines = [bytes(line).decode() for line in copying]
            else:
                copying.write("\t" * MOST_COLUMNS + "\n")
    except psycopg.Error as error:
        return Outcome(error.sqlstate or "lost", error.diag.message_primary)
    return Outcome("done", rows=lines)


def enter(
    bench: Bench, connection: psycopg.Connection, identity: Identity, context: Context
) -> None:
    """Sets a context for the transaction."""
    world = bench.world
    if context.setting:
        text = context.setting.format(
            a=world.a, b=world.b, A=str(world.a).upper(), shifted=str(world.a).replace("-", "", 1)
        )
        set_local(connection, "app.current_tenant_id", text)
    else:
        assert setting(connection) == context.setting, context.name
    set_local(connection, "matrix.other", str(world.a if context.tenant == "b" else world.b))
    for name, value in said_of(identity).items():
        set_local(connection, name, value)


def said_of(identity: Identity) -> dict[str, str]:
    """Returns the settings that say who an identity is."""
    said = {"app.current_user_id": identity.user, "app.current_user_role": identity.user_role}
    return {**{name: value for name, value in said.items() if value is not None}, **identity.others}


def setting(connection: psycopg.Connection) -> str | None:
    """Returns what app.current_tenant_id says, None where it was never set."""
    row = connection.execute("SELECT current_setting('app.current_tenant_id', TRUE)").fetchone()
    assert row is not None
    found: str | None = row[0]
    return found


def set_local(connection: psycopg.Connection, name: str, value: str) -> None:
    connection.execute("SELECT set_config(%s, %s, TRUE)", [name, value])


def used(bench: Bench, connection: psycopg.Connection, identity: Identity) -> Iterator[str]:
    """Uses a session for A, and yields whether that outlives the transaction."""
    with connection.transaction():
        set_local(connection, "app.current_tenant_id", str(bench.world.a))
    if identity.login in GROUP:
        with connection.transaction():
            connection.execute("SELECT ticketing.set_tenant_context(%s)", [bench.world.a])
    if left := setting(connection):
        yield f"{identity.name} after set_tenant_context of A: {left} is still set"
        connection.execute("SELECT set_config('app.current_tenant_id', '', FALSE)")


def moved(bench: Bench, connection: psycopg.Connection, identity: Identity) -> Iterator[str]:
    """Yields whether a transaction of A may become one of B."""
    try:
        with connection.transaction():
            connection.execute("SELECT ticketing.set_tenant_context(%s)", [bench.world.b])
    except psycopg.Error as error:
        if error.sqlstate != OTHER_TENANT:
            yield f"{identity.name} in A, then set_tenant_context of B: {told(error)}"
    else:
        yield f"{identity.name} in A, then set_tenant_context of B: was not refused"


def leaks(notices: list[str]) -> dict[int, set[str]]:
    """Returns what f_leak was told, by the number of the cell."""
    found: dict[int, set[str]] = {}
    for notice in notices:
        word, _, rest = notice.partition(" ")
        if word == "leak":
            number, _, value = rest.partition(" ")
            found.setdefault(int(number), set()).add(value)
    return found


# Judging -----------------------------------------------------------------------------------------


def judge(
    bench: Bench,
    identity: Identity,
    context: str,
    cell: Cell,
    outcome: Outcome,
    report: Report,
    leaked: set[str] | None = None,
) -> None:
    """Adds a cell and what is wrong with its outcome to a report."""
    report.tried[cell.relation.name, cell.command] += 1
    where = f"{identity.name} in {context}, {cell.command} {cell.relation.label}"
    if cell.leaks is not None and leaked and (strange := leaked - {str(one) for one in cell.leaks}):
        shown = ", ".join(sorted(whose(bench, tenant) for tenant in strange))
        report.says(f"{where}: a function of the caller was shown rows of {shown}")
    if outcome.state not in ("done", cell.expected):
        report.excused.add((cell.relation.name, outcome.state))
    for fault in faults(bench, identity, cell, outcome):
        report.says(f"{where}: {fault}")


def faults(bench: Bench, identity: Identity, cell: Cell, outcome: Outcome) -> Iterator[str]:
    """Yields what is wrong with the outcome of a cell."""
    if outcome.state != "done":
        if not excused(identity, cell, outcome.state):
            yield f"{outcome.state} {outcome.message}"
    elif isinstance(cell.expected, str):
        yield f"was not refused, {outcome.touched or len(outcome.rows or [])} rows"
    elif isinstance(cell.expected, int):
        if outcome.touched != cell.expected:
            yield f"touched {outcome.touched} rows instead of {cell.expected}"
    else:
        yield from differing(bench, cell.relation, cell.expected, outcome.rows or [])


def excused(identity: Identity, cell: Cell, state: str) -> bool:
    """Returns whether a statement may end with an error."""
    personal, _ = declared.PERSONAL.get(cell.relation.name, ((), ""))
    return (
        state == cell.expected
        or (cell.lax and state != REFUSED)
        or (identity.user is not None and state in personal)
        or (identity.owns and state == APPEND_ONLY)
    )


def differing(
    bench: Bench, relation: Relation, expected: list[str], found: list[str]
) -> Iterator[str]:
    """Yields whose rows are too many and whose are missing."""
    if found == expected:
        return
    owners = {
        text: row.tenant
        for row in bench.rows.get(relation.name, [])
        for text in (row.digest, row.line)
        if text is not None
    }
    for verb, rows in (
        ("saw", Counter(found) - Counter(expected)),
        ("missed", Counter(expected) - Counter(found)),
    ):
        counts = Counter(
            whose(bench, owners.get(row, owners.get(row.partition("@")[0], row)))
            for row in rows.elements()
        )
        for owner, count in sorted(counts.items()):
            yield f"{verb} {count} {'row' if count == 1 else 'rows'} of {owner}"


def whose(bench: Bench, tenant: str | None) -> str:
    names = {bench.tenant("a"): "A", bench.tenant("b"): "B", None: "no tenant"}
    return names.get(tenant, str(tenant))


# Afterwards --------------------------------------------------------------------------------------


def aftermath(bench: Bench, service: Identity, before: dict[str, str]) -> Iterator[str]:
    """Yields whose rows are changed once a service of A has written all that it may.

    The one transaction is the superuser's, who looks afterwards, and is rolled back.
    """
    world = bench.world
    context = next(context for context in CONTEXTS if context.name == "A")
    batch = [
        cell
        for relation in bench.relations
        if relation.is_table
        for cell in cells(bench, service, context, only=relation)
        if cell.kind == "count" and isinstance(cell.expected, int)
    ]
    with world.undone(None) as session:
        connection = session.connection
        connection.execute(LEAK.encode())
        connection.execute("SET LOCAL matrix.cell = '0'")
        connection.execute("GRANT EXECUTE ON FUNCTION pg_temp.f_leak(text) TO PUBLIC")
        with session.logged_in(APP):
            enter(bench, connection, service, context)
            for cell in batch:
                try:
                    with connection.transaction():
                        connection.execute(cell.query.encode())
                except psycopg.Error:
                    continue  # judged where it was tried
        after = world.fingerprint(world.b, connection)
        for table, hashed in before.items():
            if after[table] != hashed:
                yield f"{service.name} in A, all that it may write: rows of B in {table} changed"
        for relation in bench.relations:
            if relation.is_table and relation.name in declared.PLATFORM:
                rows = oracle(connection, relation, bench.users)
                if rows != bench.rows[relation.name]:
                    yield f"{service.name} in A, all that it may write: {relation.label} changed"
