"""The cells of the matrix: what is tried of a relation, and what must come of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from . import declared
from .actors import ALL, Context, Identity
from .axes import Relation, Seen, fitted
from .world import APP, READONLY, WORKER, World, insert

REFUSED = "42501"
TAKEN = "23505"
NOT_FOR_FILTERED = "0A000"  # COPY FROM does not look at each row, so it is refused
GROUP = {APP: "ticketing_app", WORKER: "ticketing_worker", READONLY: "ticketing_readonly"}


@dataclass(frozen=True)
class Cell:
    """One statement, and what must come of it.

    Args:
        relation: whose.
        command: what it does, for sentences.
        query: the statement.
        expected: an SQLSTATE, how many rows it touches, or the rows it returns.
        kind: how it is run; what matrix.RUN knows, or a COPY.
        leaks: tenants that f_leak may be told of; None where it is not called.
        lax: whether a trigger or a constraint may refuse what is allowed.
    """

    relation: Relation
    command: str
    query: str
    expected: str | int | list[str]
    kind: str = "count"
    leaks: frozenset[str | None] | None = None
    lax: bool = False


@dataclass(frozen=True)
class Bench:
    """What every part of a run needs.

    Args:
        relations: those that are tried.
        rows: by relation, what the superuser sees.
        users: who the conditions on customers are asked for.
        literal: writes values into statements.
    """

    world: World
    relations: list[Relation]
    rows: dict[str, list[Seen]]
    users: Sequence[str]
    literal: psycopg.ClientCursor

    def tenant(self, letter: str | None) -> str | None:
        return {"a": str(self.world.a), "b": str(self.world.b), None: None}[letter]

    def sql(self, query: str, values: Sequence[Any]) -> str:
        """Returns a statement with its values written out."""
        return self.literal.mogrify(query.encode(), values)


# What is reached ---------------------------------------------------------------------------------


def reached(
    bench: Bench, identity: Identity, tenant: str | None, relation: Relation, command: str
) -> list[Seen] | None:
    """Returns the rows that a command reaches, None where it is not granted."""
    rows = bench.rows[relation.name]
    if identity.owns:
        if relation.name in declared.MIGRATED:
            return rows
        reach = declared.OWNER.get(relation.name) if identity.role else None
        condition = reach.rows(command) if reach else None
        return [row for row in rows if condition in row.holds]
    if not granted(identity, relation, command):
        return None
    if relation.name in declared.PLATFORM:
        return rows
    limits = [declared.DELETABLE.get(relation.name)] if command == "D" else []
    if identity.is_customer:
        limits.append(declared.CUSTOMER.get(relation.name))
    needed = [fitted(limit.rows(command), identity.user) for limit in limits if limit is not None]
    crossing = None
    if identity.login == WORKER and relation.name in declared.WORKER:
        crossing = declared.WORKER[relation.name].rows(command)
    return [
        row
        for row in rows
        if (row.tenant == tenant is not None and all(text in row.holds for text in needed))
        or (crossing is not None and crossing in row.holds)
    ]


def granted(identity: Identity, relation: Relation, *commands: str) -> bool:
    """Returns whether one of some commands is declared for an identity that is not the owner."""
    entry = declared.GRANTED.get(relation.name, "- - -").split()
    position = [APP, WORKER, READONLY]
    return identity.login in position and any(
        command in entry[position.index(identity.login)] for command in commands
    )


def inserts(identity: Identity, tenant: str | None, relation: Relation, into: str | None) -> bool:
    """Returns whether a row of a tenant may be added."""
    name = relation.name
    if identity.owns or not granted(identity, relation, "I", "i"):
        return False
    if name in declared.PLATFORM:
        return True
    if identity.login == WORKER and name in declared.WORKER and declared.WORKER[name].insert:
        return True
    if identity.is_customer and name in declared.CUSTOMER and not declared.CUSTOMER[name].insert:
        return False
    return tenant is not None and tenant == into


# Cells -------------------------------------------------------------------------------------------


def cells(
    bench: Bench, identity: Identity, context: Context, only: Relation | None = None
) -> Iterator[Cell]:
    """Yields what an identity tries in a context, of all relations or of one."""
    for relation in bench.relations if only is None else [only]:
        if relation.kind == "S":
            if context.name == "A":
                yield from sequence_cells(identity, relation)
            continue
        if identity.owns and not relation.is_table:
            continue  # a view shows what the tables behind it do, and those are tried
        yield from reading_cells(bench, identity, context, relation)
        if relation.is_table:
            yield from changing_cells(bench, identity, context, relation)
            yield from adding_cells(bench, identity, context, relation)
        if context.name == "A" and not identity.owns:
            yield grant_cell(identity, relation)
            if relation.is_table:
                yield from defining_cells(bench, identity, relation)


def sequence_cells(identity: Identity, relation: Relation) -> Iterator[Cell]:
    if identity.owns:
        return
    name = f"'{relation.sql}'"
    yield Cell(relation, "nextval", f"SELECT nextval({name})", REFUSED)
    yield Cell(relation, "setval", f"SELECT setval({name}, 1)", REFUSED)
    yield Cell(relation, "SELECT", f"SELECT last_value FROM {relation.sql}", REFUSED)


def reading_cells(
    bench: Bench, identity: Identity, context: Context, relation: Relation
) -> Iterator[Cell]:
    tenant = bench.tenant(context.tenant)
    rows = reached(bench, identity, tenant, relation, "S")
    digests: str | list[str] = REFUSED if rows is None else [row.digest for row in rows]
    leaks = frozenset(row.tenant for row in rows or [])
    source = f"FROM {relation.sql} AS t"
    digest = "SELECT md5(t::text)"

    def read(command: str, query: str, kind: str = "rows", *, leaking: bool = False) -> Cell:
        return Cell(relation, command, query, digests, kind, leaks if leaking else None)

    yield read("SELECT", f"{digest} {source}")
    if context.name == "A":
        yield from prepared_cells(bench, identity, relation, f"{digest} {source}")
    if identity.contexts is ALL and context.name in ("A", "never set"):
        yield read("a parallel SELECT", f"{digest} {source}", "parallel")
    if relation.tenant is not None:
        leak = f'WHERE pg_temp.f_leak(t."{relation.tenant}"::text)'
        yield read("SELECT with a leaking function", f"{digest} {source} {leak}", leaking=True)
        yield read(
            "a subquery with a leaking function",
            f"{digest} FROM (SELECT t.* {source} OFFSET 0) AS t {leak}",
            leaking=True,
        )
        yield read(
            "a join with a leaking function",
            f"WITH s AS MATERIALIZED (SELECT 1 AS one) {digest} {source}"
            f" INNER JOIN s ON s.one = 1 AND {leak.removeprefix('WHERE ')}",
            leaking=True,
        )
    if relation.is_table:
        # A plan asks for the tenant once, when it first needs it. A view may come to its second
        # table, and a worker to the first row that it sees for its tenant's sake alone, after the
        # change. And where nothing was set, the change would outlast the cell as ''.
        crossing = identity.login == WORKER and relation.name in declared.WORKER
        if context.setting is not None and not crossing:
            yield read("a cursor across a change of the tenant", f"{digest} {source}", "cursor")
        yield read("TABLESAMPLE", f"{digest} {source} TABLESAMPLE SYSTEM (100)")
        places = ", ".join(f"'{row.place}'" for row in bench.rows[relation.name])
        if places:
            yield read(
                "SELECT by ctid", f"{digest} {source} WHERE t.ctid = ANY (ARRAY[{places}]::tid[])"
            )


def prepared_cells(
    bench: Bench, identity: Identity, relation: Relation, query: str
) -> Iterator[Cell]:
    """Yields a prepared statement that is executed for A, for B, for nobody and for A again."""
    expected: str | list[str] = []
    for step, letter in enumerate([*"aaaaaaa", "b", None, "a"], start=1):
        rows = reached(bench, identity, bench.tenant(letter), relation, "S")
        if rows is None:
            expected = REFUSED
        elif isinstance(expected, list):
            expected += [f"{row.digest}@{step}" for row in rows]
    for kind in ("prepared", "generic"):
        yield Cell(relation, f"a {kind} SELECT of several tenants", query, expected, kind)


def changing_cells(
    bench: Bench, identity: Identity, context: Context, relation: Relation
) -> Iterator[Cell]:
    tenant = bench.tenant(context.tenant)
    seen = reached(bench, identity, tenant, relation, "S")
    changed = reached(bench, identity, tenant, relation, "U")
    deleted = reached(bench, identity, tenant, relation, "D")
    name, key = relation.sql, relation.tenant
    a, b = str(bench.world.a), str(bench.world.b)
    column = updatable(identity, relation)
    same = f'UPDATE {name} AS t SET "{column}" = t."{column}"'

    def both(rows: list[Seen] | None) -> list[Seen] | None:
        if seen is None or rows is None:
            return None
        return [row for row in rows if row in seen]

    def of(rows: list[Seen] | None, letter: str) -> list[Seen] | None:
        wanted = bench.tenant(letter)
        return None if rows is None else [row for row in rows if row.tenant == wanted]

    def kept(rows: list[Seen] | None) -> str | int:
        """Returns what comes of setting a column to what it is."""
        if rows is None:
            return REFUSED
        reach = declared.WORKER.get(relation.name) if identity.login == WORKER else None
        if reach is not None and not reach.keeps and any(row.tenant != tenant for row in rows):
            return REFUSED
        return len(rows)

    def gone(rows: list[Seen] | None) -> str | int:
        return REFUSED if rows is None else len(rows)

    yield Cell(relation, "UPDATE", same, kept(both(changed)))
    yield Cell(relation, "DELETE", f"DELETE FROM {name}", gone(deleted), lax=identity.owns)
    if key is not None:
        for command, query, rows, result in (
            ("UPDATE RETURNING", same, both(changed), kept(both(changed))),
            ("DELETE RETURNING", f"DELETE FROM {name} AS t", both(deleted), gone(both(deleted))),
        ):
            yield Cell(
                relation,
                command,
                f'{query} RETURNING t."{key}"::text',
                REFUSED if rows is None or result == REFUSED else [str(r.tenant) for r in rows],
                "rows",
                lax=identity.owns,
            )
        for letter, value in (("a", a), ("b", b)):
            where = f"WHERE t.\"{key}\" = '{value}'"
            yield Cell(
                relation,
                f"UPDATE of the rows of {letter.upper()}",
                f"{same} {where}",
                kept(of(both(changed), letter)),
            )
            yield Cell(
                relation,
                f"DELETE of the rows of {letter.upper()}",
                f"DELETE FROM {name} AS t {where}",
                gone(of(both(deleted), letter)),
                lax=identity.owns,
            )
    blind = bench.world.ours.get(relation.name, {}).get(column)
    yield Cell(
        relation,
        "UPDATE that reads nothing",
        bench.sql(f'UPDATE {name} SET "{column}" = %s', [adapted(blind)]),
        kept(changed),
        lax=bool(changed),
    )
    if identity.owns:
        return
    digest = "SELECT md5(t::text)"
    locked = both(changed)
    found = REFUSED if locked is None else [row.digest for row in locked]
    for lock in ("FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE", "FOR KEY SHARE SKIP LOCKED"):
        yield Cell(relation, f"SELECT {lock}", f"{digest} FROM {name} AS t {lock}", found, "rows")
    if key is not None:
        for source, target in ((a, b), (b, a)):
            yield Cell(
                relation,
                "UPDATE of the tenant",
                f"UPDATE {name} SET \"{key}\" = '{target}' WHERE \"{key}\" = '{source}'",
                REFUSED,
            )
        merge = (
            f"MERGE INTO {name} AS t USING (VALUES ('{a}'::uuid), ('{b}')) AS s (tenant)"
            f' ON t."{key}" = s.tenant WHEN MATCHED THEN'
        )
        aimed = None if seen is None else [row for row in seen if row.tenant in (a, b)]
        for command, action, rows, outcome in (
            ("UPDATE", f'UPDATE SET "{column}" = t."{column}"', changed, kept),
            ("DELETE", "DELETE", deleted, gone),
        ):
            expected: str | int
            if rows is None or aimed is None or any(row not in rows for row in aimed):
                expected = REFUSED
            else:
                expected = outcome(aimed)
            yield Cell(relation, f"MERGE with {command}", f"{merge} {action}", expected)


def adding_cells(
    bench: Bench, identity: Identity, context: Context, relation: Relation
) -> Iterator[Cell]:
    world, name = bench.world, relation.name
    tenant = bench.tenant(context.tenant)
    column = updatable(identity, relation)
    for letter, owner, rows in (("A", world.a, world.ours), ("B", world.b, world.theirs)):
        draft = world.drafts.get((owner, name))
        if draft is None:
            continue
        reach = declared.OWNER.get(name) if identity.role else None
        if reach is not None and reach.insert:
            continue  # what it adds is tried with the functions that do
        query, values = insert(name, draft)
        plain = bench.sql(query, values)
        accepted = inserts(identity, tenant, relation, str(owner))
        # Of a table whose key is the tenant itself there is no other row of the tenant.
        taken = list(relation.key) == [relation.tenant]
        added = (TAKEN if taken else 1) if accepted else REFUSED
        yield Cell(relation, f"INSERT of a row of {letter}", plain, added)
        if identity.owns:
            continue
        yield Cell(
            relation,
            f"INSERT of a row of {letter} ON CONFLICT DO NOTHING",
            f"{plain} ON CONFLICT DO NOTHING",
            (0 if taken else 1) if accepted else REFUSED,
        )
        seen = granted(identity, relation, "S") and (
            str(owner) == tenant
            or name in declared.PLATFORM
            or (
                identity.login == WORKER
                and name in declared.WORKER
                and declared.WORKER[name].select == "TRUE"
            )
        )
        yield Cell(
            relation,
            f"INSERT of a row of {letter} RETURNING",
            f"{plain} RETURNING *",
            added if accepted and seen else REFUSED,
        )
        columns_and_values = plain.partition(f"INSERT INTO ticketing.{name} ")[2]
        yield Cell(
            relation,
            f"MERGE with INSERT of a row of {letter}",
            f"MERGE INTO {relation.sql} AS t USING (SELECT 1) AS s ON FALSE"
            f" WHEN NOT MATCHED THEN INSERT {columns_and_values}",
            added,
        )
        existing = rows.get(name)
        if existing is None or not relation.key:
            continue
        query, values = insert(name, {**draft, **{part: existing[part] for part in relation.key}})
        again = bench.sql(query.replace(" (", " AS t (", 1), values)
        yield Cell(
            relation,
            f"INSERT of a row that {letter} has ON CONFLICT DO NOTHING",
            f"{again} ON CONFLICT DO NOTHING",
            0 if accepted else REFUSED,
        )
        target = ", ".join(f'"{part}"' for part in relation.key)
        conflict = f'{again} ON CONFLICT ({target}) DO UPDATE SET "{column}" = t."{column}"'
        found = reached(bench, identity, tenant, relation, "S")
        changed = reached(bench, identity, tenant, relation, "U")
        overwrites = accepted and found is not None and changed is not None
        outcome = 1 if overwrites else REFUSED
        yield Cell(
            relation, f"INSERT of a row that {letter} has ON CONFLICT DO UPDATE", conflict, outcome
        )
        if relation.tenant is not None:
            yield Cell(
                relation,
                f"INSERT of a row that {letter} has ON CONFLICT DO UPDATE with a leaking function",
                f'{conflict} WHERE pg_temp.f_leak(t."{relation.tenant}"::text)',
                outcome,
                leaks=frozenset(row.tenant for row in found or []),
            )


def grant_cell(identity: Identity, relation: Relation) -> Cell:
    """Returns what an identity was granted, of which some cannot be tried.

    To refer to a table takes another that nobody may make, and who may not use the schema never
    comes to what everybody was granted in it.
    """
    command = {"SELECT": "S", "INSERT": "Ii", "UPDATE": "U", "REFERENCES": "", "DELETE": "D"}
    query = f"""
        SELECT p.name FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p (name)
        WHERE has_any_column_privilege({relation.oid}::oid, p.name)
        UNION ALL
        SELECT p.name FROM unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) AS p (name)
        WHERE has_table_privilege({relation.oid}::oid, p.name)
    """
    expected = [name for name, letters in command.items() if granted(identity, relation, *letters)]
    return Cell(relation, "GRANT", query, expected, "rows")


def defining_cells(bench: Bench, identity: Identity, relation: Relation) -> Iterator[Cell]:
    """Yields what depends on grants alone, so that one context is enough."""
    name = relation.sql
    for command, query in (
        ("TRUNCATE", f"TRUNCATE {name}"),
        ("ALTER TABLE", f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY"),
        ("CREATE POLICY", f"CREATE POLICY matrix ON {name}"),
        ("CREATE RULE", f"CREATE RULE matrix AS ON INSERT TO {name} DO NOTHING"),
        (
            "CREATE TRIGGER",
            f"CREATE TRIGGER matrix BEFORE INSERT ON {name}"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        ),
    ):
        yield Cell(relation, command, query, REFUSED)
    added = granted(identity, relation, "I")
    removed = granted(identity, relation, "D")
    newer = bench.world.superuser.info.server_version >= 160000
    for mode in (
        "ACCESS SHARE",
        "ROW SHARE",
        "ROW EXCLUSIVE",
        "SHARE UPDATE EXCLUSIVE",
        "SHARE",
        "SHARE ROW EXCLUSIVE",
        "EXCLUSIVE",
        "ACCESS EXCLUSIVE",
    ):
        # Who may delete may lock: the server asks for no more, and nothing of ours stops that.
        allowed = (
            removed
            or (mode == "ACCESS SHARE" and granted(identity, relation, "S"))
            or (mode == "ROW EXCLUSIVE" and added)
            or (mode == "ROW SHARE" and added and newer)
        )
        yield Cell(
            relation,
            f"LOCK IN {mode} MODE",
            f"LOCK TABLE {name} IN {mode} MODE",
            0 if allowed else REFUSED,
        )


def copy_cells(bench: Bench, identity: Identity, letter: str | None) -> Iterator[Cell]:
    """Yields what an identity copies out for a tenant or none, and what it copies in."""
    for relation in bench.relations:
        if relation.kind != "r":
            continue
        rows = reached(bench, identity, bench.tenant(letter), relation, "S")
        lines = REFUSED if rows is None else [row.line or "" for row in rows]
        yield Cell(relation, "COPY TO", f"COPY {relation.copied} TO STDOUT", lines, "copy out")
        if letter is not None and not identity.owns:
            refused = NOT_FOR_FILTERED if granted(identity, relation, "I") else REFUSED
            yield Cell(
                relation, "COPY FROM", f"COPY {relation.copied} FROM STDIN", refused, "copy in"
            )


def updatable(identity: Identity, relation: Relation) -> str:
    """Returns a column that an identity may update, or where there is none, any."""
    if identity.owns:
        return next(iter(relation.plain or relation.columns))
    group = GROUP.get(identity.login)
    given = relation.updatable[group] if group else ()
    return next(iter(given or relation.key or relation.columns))


def adapted(value: Any) -> Any:
    return insert("t", {"value": value})[1][0]
