"""Rows for any schema, made from its catalog, because empty tables prove little.

Columns that may be empty are empty in some rows, columns that need not be unique hold duplicates,
references point at rows that exist. Rules of a CHECK are met by trying: the values that its text
names, changed column by column until the server says that the row is good. Triggers and state
machines are past over (`session_replication_role`), so only a superuser of a scratch server can
seed. A table for which no row was found is named with the reason.
"""

from __future__ import annotations

import json
import random
import re
import string
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

ROWS = 40

_ROUNDS = 60
_RESTARTS = 40
_PARENT_ROWS = 200
_LONGEST_TEXT = 5000
_NULLS = 0.25
_STRING = re.compile(r"'((?:[^']|'')*)'")
_NUMBER = re.compile(r"(?<![\w.'])-?\d+(?:\.\d+)?(?![\w.'])")
_PATTERN = re.compile(r"(?<!!)~\*? '((?:[^']|'')*)'")
_LIKE = re.compile(r"(?<!!)~~\*? '((?:[^']|'')*)'")
_LENGTH = re.compile(r"length|size|cardinality", re.IGNORECASE)

Row = dict[str, str | None]


@dataclass(frozen=True)
class Seeded:
    """What seeding came to.

    Args:
        rows: how many each table got.
        missing: tables that stayed empty, with the reason.
    """

    rows: Mapping[str, int]
    missing: Mapping[str, str]


@dataclass(frozen=True)
class _Column:
    name: str
    type: str
    base: str
    category: str
    not_null: bool
    default: str | None
    generated: bool
    identity: bool
    labels: tuple[str, ...]
    domain_checks: str


@dataclass(frozen=True)
class _Key:
    columns: tuple[str, ...]
    parent: int
    referenced: tuple[str, ...]


@dataclass(frozen=True)
class _Check:
    columns: tuple[str, ...]
    expression: str


@dataclass(frozen=True)
class _Table:
    oid: int
    schema: str
    name: str
    partitioned: bool
    columns: tuple[_Column, ...]
    keys: tuple[_Key, ...]
    checks: tuple[_Check, ...]
    unique: tuple[tuple[str, ...], ...]
    distinct: tuple[tuple[str, ...], ...] = ()
    bounds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    @cached_property
    def _by_name(self) -> dict[str, _Column]:
        return {one.name: one for one in self.columns}

    def column(self, name: str) -> _Column:
        return self._by_name[name]


@dataclass(frozen=True)
class Rules:
    """The rules of a schema, to be held to by rows of an earlier one.

    Args:
        tables: by their names.
    """

    tables: Mapping[str, _Table]


def rules_of(connection: psycopg.Connection) -> Rules:
    """Returns the rules that a schema has for its rows.

    Args:
        connection: any login that may read the system catalogs.
    """
    return Rules({table.full_name: table for table in _read(connection).values()})


def seed(connection: psycopg.Connection, *, rows: int = ROWS, rules: Rules | None = None) -> Seeded:
    """Puts rows into every empty table.

    Args:
        connection: a superuser's, in autocommit mode.
        rows: how many a table gets, at most.
        rules: rules to come that the rows shall meet as well.

    Raises:
        psycopg.Error: the login is no superuser, or the server is gone.
    """
    tables = _with_rules(_read(connection), rules)
    made: dict[str, int] = {}
    missing: dict[str, str] = {}
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("SET LOCAL row_security = off")
        connection.execute(_TRYING)
        for table in _ordered(tables):
            if _is_version_table(table) or _filled(connection, table):
                continue
            count, reason = _Filler(connection, table, tables, rows).fill()
            if count:
                made[table.full_name] = count
            else:
                missing[table.full_name] = reason
        connection.execute("DROP FUNCTION pg_temp.gate_valid(text[], jsonb)")
    return Seeded(made, missing)


def mend(connection: psycopg.Connection, rules: Rules) -> None:
    """Deletes the rows that break rules to come.

    Args:
        connection: a superuser's, in autocommit mode.
        rules: the rules to come.
    """
    tables = _with_rules(_read(connection), rules)
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in tables.values():
            for statement in (*_deleting_rule_breakers(table), *_deleting_duplicates(table)):
                # What cannot even be asked is found out when the revision runs.
                with suppress(psycopg.Error), connection.transaction():
                    connection.execute(statement)
        orphans = True
        while orphans:
            orphans = any(
                connection.execute(_deleting_orphans(table, key, tables[key.parent])).rowcount > 0
                for table in tables.values()
                for key in table.keys
                if key.parent in tables
            )


def clear(connection: psycopg.Connection, names: Collection[str]) -> None:
    """Deletes all rows of tables.

    Args:
        connection: a superuser's, in autocommit mode.
        names: of the tables, with their schema; what is not there is passed over.
    """
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in _read(connection).values():
            if table.full_name in names:
                connection.execute(sql.SQL("DELETE FROM {}").format(table.identifier))


def _with_rules(tables: dict[int, _Table], rules: Rules | None) -> dict[int, _Table]:
    """Returns the tables with the rules to come, as far as these are about what is there now."""
    if rules is None:
        return tables
    now = {table.full_name: oid for oid, table in tables.items()}
    later_names = {table.oid: name for name, table in rules.tables.items()}
    combined = {}
    for oid, table in tables.items():
        later = rules.tables.get(table.full_name)
        if later is None:
            combined[oid] = table
            continue
        columns = {one.name for one in table.columns}
        required = {one.name for one in later.columns if one.not_null}
        combined[oid] = replace(
            table,
            columns=tuple(
                replace(one, not_null=one.not_null or one.name in required) for one in table.columns
            ),
            checks=table.checks
            + tuple(
                one
                for one in later.checks
                if one not in table.checks and columns.issuperset(one.columns)
            ),
            keys=table.keys
            + tuple(
                _Key(one.columns, now[later_names[one.parent]], one.referenced)
                for one in later.keys
                if columns.issuperset(one.columns)
                and later_names.get(one.parent) in now
                and one.columns not in {key.columns for key in table.keys}
            ),
            unique=table.unique
            + tuple(
                one for one in later.unique if one not in table.unique and columns.issuperset(one)
            ),
            distinct=tuple(
                one for one in later.unique if one not in table.unique and columns.issuperset(one)
            ),
        )
    return combined


def _deleting_rule_breakers(table: _Table) -> Iterator[sql.Composed]:
    deleting = sql.SQL("DELETE FROM {} WHERE ").format(table.identifier)
    for check in table.checks:
        yield deleting + sql.SQL("NOT ({})").format(sql.SQL(check.expression))
    for column in table.columns:
        if column.not_null:
            yield deleting + sql.SQL("{} IS NULL").format(sql.Identifier(column.name))


def _deleting_duplicates(table: _Table) -> Iterator[sql.Composed]:
    for columns in table.distinct:
        yield sql.SQL("DELETE FROM {0} AS a USING {0} AS b WHERE a.ctid > b.ctid AND {1}").format(
            table.identifier,
            sql.SQL(" AND ").join(
                sql.SQL("a.{0} = b.{0}").format(sql.Identifier(one)) for one in columns
            ),
        )


def _deleting_orphans(table: _Table, key: _Key, parent: _Table) -> sql.Composed:
    return sql.SQL(
        "DELETE FROM {} AS c WHERE NOT EXISTS (SELECT FROM {} AS p WHERE {}) AND {}"
    ).format(
        table.identifier,
        parent.identifier,
        sql.SQL(" AND ").join(
            sql.SQL("p.{} = c.{}").format(sql.Identifier(theirs), sql.Identifier(ours))
            for ours, theirs in zip(key.columns, key.referenced, strict=True)
        ),
        sql.SQL(" AND ").join(
            sql.SQL("c.{} IS NOT NULL").format(sql.Identifier(one)) for one in key.columns
        ),
    )


def _is_version_table(table: _Table) -> bool:
    return [one.name for one in table.columns] == ["version_num"]


def _filled(connection: psycopg.Connection, table: _Table) -> bool:
    query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(table.identifier)
    row = connection.execute(query).fetchone()
    return bool(row and row[0])


def _ordered(tables: Mapping[int, _Table]) -> list[_Table]:
    """Returns the tables, parents first; of a cycle, the one with the fewest bonds first."""
    waiting = dict(tables)
    ordered = []
    while waiting:
        bonds = {
            oid: [
                any(table.column(name).not_null for name in key.columns)
                for key in table.keys
                if key.parent in waiting and key.parent != oid
            ]
            for oid, table in waiting.items()
        }
        # Nothing, else only bonds that may stay empty, else whatever comes first.
        chosen = min(waiting, key=lambda oid: (sum(bonds[oid]), len(bonds[oid]), oid))
        ordered.append(waiting.pop(chosen))
    return ordered


class _Filler:
    """Finds rows for one table."""

    def __init__(
        self,
        connection: psycopg.Connection,
        table: _Table,
        tables: Mapping[int, _Table],
        rows: int,
    ) -> None:
        self.connection = connection
        self.table = table
        self.tables = tables
        self.wanted = rows
        # The same rows for the same table, each time.
        self.random = random.Random(table.full_name)  # noqa: S311 - no secret
        bound = {name for key in table.keys for name in key.columns}
        self.columns = [
            one
            for one in table.columns
            if not one.generated and (not one.identity or one.name in bound)
        ]
        self.keyed = {name for columns in table.unique for name in columns}
        self.palette: dict[str, list[str]] = {}
        self.parents: list[tuple[_Key, list[tuple[str, ...]]]] = []

    def fill(self) -> tuple[int, str]:
        """Returns how many rows it made and, for none, why."""
        for key in self.table.keys:
            found = self._parents(key)
            if not found and self._must(key) and key.parent != self.table.oid:
                parent = self.tables.get(key.parent)
                return 0, f"{parent.full_name if parent else 'a parent'} has no rows"
            self.parents.append((key, found))
        # The widest first: what it decides, such as the tenant, the others share.
        self.parents.sort(key=lambda pair: -len(pair[0].columns))
        self._choose_palettes()
        for column in self.columns:
            if column.not_null and not self.palette[column.name] and not self._referring(column):
                return 0, f"no value of type {column.type} is known for {column.name}"
        found_rows, broken = self._search()
        found_rows = self._distinct(found_rows)
        if not found_rows:
            return 0, f"no row was found that meets {broken}"
        return self._insert(found_rows)

    def _must(self, key: _Key) -> bool:
        return all(self.table.column(name).not_null for name in key.columns)

    def _referring(self, column: _Column) -> bool:
        return any(column.name in key.columns for key, _ in self.parents)

    def _parents(self, key: _Key) -> list[tuple[str, ...]]:
        parent = self.tables.get(key.parent)
        if parent is None:
            return []
        query = sql.SQL("SELECT {} FROM {} WHERE ({}) IS NOT NULL ORDER BY 1 LIMIT {}").format(
            sql.SQL(", ").join(
                sql.SQL("{}::text").format(sql.Identifier(one)) for one in key.referenced
            ),
            parent.identifier,
            sql.SQL(", ").join(map(sql.Identifier, key.referenced)),
            sql.Literal(_PARENT_ROWS),
        )
        return list(self.connection.execute(query))

    def _choose_palettes(self) -> None:
        tried: dict[str, list[str]] = {}
        defaults = self._defaults()
        for column in self.columns:
            values = [*defaults.get(column.name, ()), *self._named_by_checks(column)]
            if column.name in self.table.bounds:
                values = list(self.table.bounds[column.name])
            elif not (column.labels or (values and _lists(column, self.table))):
                values += self._similar(column) or self._of_type(column)
            values += column.labels
            tried[column.name] = [*dict.fromkeys(values)]
        self.palette = self._valid(tried)

    def _defaults(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for column in self.columns:
            if column.default is None:
                continue
            distinct = column.name in self.keyed
            query = f"SELECT ({column.default})::text FROM generate_series(1, %s)"
            try:
                with self.connection.transaction():
                    rows = self.connection.execute(
                        query.replace("%", "%%").replace("%%s", "%s").encode(),
                        [2 * self.wanted if distinct else 1],
                    ).fetchall()
            except psycopg.Error:
                continue
            found[column.name] = [value for (value,) in rows if value is not None]
        return found

    def _named_by_checks(self, column: _Column) -> list[str]:
        texts = [one.expression for one in self.table.checks if column.name in one.columns]
        values: list[str] = []
        for text in (*texts, column.domain_checks):
            literals = [one.replace("''", "'") for one in _STRING.findall(text)]
            numbers = [*_NUMBER.findall(_STRING.sub("", text)), *filter(_is_number, literals)]
            for pattern in _PATTERN.findall(text):
                values += [
                    matching(pattern.replace("''", "'"), self.random)
                    for _ in range(2 * self.wanted if column.name in self.keyed else 4)
                ]
            values += [
                one.replace("''", "'").replace("%", "x").replace("_", "x")
                for one in _LIKE.findall(text)
            ]
            if column.category == "N":
                for number in numbers:
                    shifted = [number]
                    if "." not in number:
                        shifted += [str(int(number) + 1), str(int(number) - 1)]
                    values += shifted
            elif _LENGTH.search(text):
                for number in numbers:
                    if "." not in number and 0 <= int(number) <= _LONGEST_TEXT:
                        values += _of_length(column, int(number), self.random)
            values += [one for one in literals if not set(one) & set("^$\\*[")]
        return values

    def _similar(self, column: _Column) -> list[str]:
        """Returns keys of the table that a column seems to refer to, though nothing says so."""
        stem = column.name.removesuffix("_id")
        if stem == column.name or column.name in self.keyed or self._referring(column):
            return []
        names = {stem, f"{stem}s", f"{stem}es", f"{stem.removesuffix('y')}ies"}
        for parent in self.tables.values():
            if parent.schema != self.table.schema or parent.name not in names:
                continue
            for columns in parent.unique:
                key = parent.column(columns[-1])
                if key.type == column.type and key.name in ("id", column.name):
                    query = sql.SQL("SELECT {}::text FROM {} LIMIT 10").format(
                        sql.Identifier(key.name), parent.identifier
                    )
                    return [value for (value,) in self.connection.execute(query)]
        return []

    def _of_type(self, column: _Column) -> list[str]:
        count = 2 * self.wanted if column.name in self.keyed else 4
        return [*_of_type(column, count, self.random)]

    def _valid(self, tried: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Returns the values that are good for their column's type and domain."""
        types = [self.table.column(name).type for name in tried]
        values = [
            [_as_json(self.table.column(name), one) for one in found]
            for name, found in tried.items()
        ]
        cursor = self.connection.execute(
            "SELECT c, v FROM pg_temp.gate_valid(%s, %s)", [types, json.dumps(values)]
        )
        palette: dict[str, list[str]] = {name: [] for name in tried}
        names = list(tried)
        for column, value in cursor:
            palette[names[column - 1]].append(tried[names[column - 1]][value - 1])
        return palette

    def _candidate(self) -> Row | None:
        for _ in range(_RESTARTS):
            row: Row = {}
            if all(self._refer(row, key, found) for key, found in self.parents):
                for column in self.columns:
                    if column.name not in row:
                        row[column.name] = self._value(column)
                return self._refer_to_itself(row)
        return None

    def _refer(self, row: Row, key: _Key, found: Sequence[tuple[str, ...]]) -> bool:
        decided = {name: row[name] for name in key.columns if name in row}
        free = [
            name for name in key.columns if name not in row and not self.table.column(name).not_null
        ]
        fitting = [
            one
            for one in found
            if all(
                decided.get(name, value) == value
                for name, value in zip(key.columns, one, strict=True)
            )
        ]
        if free and (not fitting or self.random.random() < _NULLS / 2):
            row.update(dict.fromkeys(free))
            return True
        if any(value is None for value in decided.values()):
            return True
        if not fitting:
            return key.parent == self.table.oid
        # The first ones are referred to more often, so that rows of one tenant meet.
        chosen = fitting[int(len(fitting) * self.random.random() ** 2)]
        row.update(zip(key.columns, chosen, strict=True))
        return True

    def _refer_to_itself(self, row: Row) -> Row:
        for key, found in self.parents:
            if key.parent == self.table.oid and not found and self._must(key):
                for name, referenced in zip(key.columns, key.referenced, strict=True):
                    row[name] = row.get(referenced)
        return row

    def _value(self, column: _Column) -> str | None:
        values = self.palette[column.name]
        if not values or (not column.not_null and self.random.random() < _NULLS):
            return None
        return self.random.choice(values)

    def _search(self) -> tuple[list[Row], str]:
        """Returns rows that meet every CHECK, and the one that was broken most."""
        fixed = {name for key in self.table.keys for name in key.columns}
        waiting = [row for _ in range(2 * self.wanted) if (row := self._candidate()) is not None]
        if not waiting:
            return [], "its foreign keys"
        good: list[Row] = []
        broken: dict[str, int] = {}
        for _ in range(_ROUNDS):
            left = []
            for row, failing in zip(waiting, self._failing(waiting), strict=True):
                if not failing:
                    good.append(row)
                    continue
                left.append(row)
                check = self.random.choice(failing)
                broken[check.expression] = broken.get(check.expression, 0) + 1
                movable = [name for name in check.columns if name not in fixed] or [
                    name
                    for name in check.columns
                    if name in fixed and not self.table.column(name).not_null
                ]
                changed = [name for name in movable if self.random.random() < 0.6]  # noqa: PLR2004
                for name in changed or movable:
                    if name in fixed:
                        row[name] = None
                    elif name in self.palette:
                        row[name] = self._value(self.table.column(name))
            if len(good) >= self.wanted or not left:
                break
            waiting = left
        worst = max(broken, key=lambda one: broken[one], default="its rules")
        return good, worst

    def _distinct(self, rows: Sequence[Row]) -> list[Row]:
        """Returns the rows without those that a unique key to come would refuse."""
        seen: set[tuple[object, ...]] = set()
        kept = []
        for row in rows:
            keys = {
                (number, *(row.get(name) for name in columns))
                for number, columns in enumerate(self.table.distinct)
                if all(row.get(name) is not None for name in columns)
            }
            if not keys & seen:
                seen |= keys
                kept.append(row)
        return kept

    def _failing(self, rows: Sequence[Row]) -> list[list[_Check]]:
        generated = {one.name for one in self.table.columns if one.generated or one.identity}
        checks = [one for one in self.table.checks if not generated & set(one.columns)]
        if not checks:
            return [[] for _ in rows]
        tests = ", ".join(f"({one.expression}) IS NOT FALSE" for one in checks)
        query = sql.SQL(
            "SELECT ARRAY[{tests}] FROM pg_catalog.jsonb_array_elements({rows}::jsonb)"
            " WITH ORDINALITY AS gate_rows (gate_row, gate_number)"
            " CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(NULL::{table}, gate_row)"
            " ORDER BY gate_number"
        ).format(
            tests=sql.SQL(tests),
            rows=sql.Literal(self._as_json(rows)),
            table=self.table.identifier,
        )
        try:
            with self.connection.transaction():
                met = self.connection.execute(query).fetchall()
        except psycopg.Error:
            return [[] for _ in rows]  # the server says so when the row is put in
        return [
            [check for check, good in zip(checks, flags, strict=True) if not good]
            for (flags,) in met
        ]

    def _insert(self, rows: Sequence[Row]) -> tuple[int, str]:
        inserting = sql.SQL(
            "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns}"
            " FROM pg_catalog.jsonb_populate_recordset(NULL::{table}, {rows}::jsonb)"
            " LIMIT {wanted} ON CONFLICT DO NOTHING"
        )
        columns = sql.SQL(", ").join(sql.Identifier(one.name) for one in self.columns)

        def put(some: Sequence[Row]) -> int:
            if not self.columns:
                query = sql.SQL("INSERT INTO {} DEFAULT VALUES").format(self.table.identifier)
                return sum(self.connection.execute(query).rowcount for _ in some)
            return self.connection.execute(
                inserting.format(
                    table=self.table.identifier,
                    columns=columns,
                    rows=sql.Literal(self._as_json(some)),
                    wanted=sql.Literal(self.wanted),
                )
            ).rowcount

        try:
            with self.connection.transaction():
                count = put(rows)
        except psycopg.Error:
            count = 0
        reason = "every row was a duplicate"
        if count:
            return count, ""
        for row in rows:
            try:
                with self.connection.transaction():
                    count += put([row])
            except psycopg.Error as error:
                reason = str(error).partition("\n")[0]
            if count >= self.wanted:
                break
        return count, reason

    def _as_json(self, rows: Iterable[Row]) -> str:
        return json.dumps(
            [
                {
                    name: None if value is None else _as_json(self.table.column(name), value)
                    for name, value in row.items()
                }
                for row in rows
            ]
        )


def _lists(column: _Column, table: _Table) -> bool:
    """Whether a CHECK lists the values of a column, so that others are not worth a try."""
    listing = re.compile(rf"\(?\"?{re.escape(column.name)}\"?\)?(?:::\w+)? = ANY \(")
    return any(listing.search(one.expression) for one in table.checks)


def _as_json(column: _Column, value: str) -> Any:
    if column.base in ("json", "jsonb"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(?:\.\d+)?", text) is not None


def _of_length(column: _Column, length: int, chance: random.Random) -> list[str]:
    if column.base == "bytea":
        return [f"\\x{chance.randbytes(length).hex()}" for _ in range(3)]
    texts = ["".join(chance.choices(string.ascii_lowercase, k=length)) for _ in range(3)]
    if column.category == "A":
        return ["{" + ",".join("1" for _ in range(length)) + "}"]
    return [*texts, "".join(chance.choices("0123456789abcdef", k=length))]


def _of_type(column: _Column, count: int, chance: random.Random) -> Iterable[str]:
    numbers = range(1, count + 1)
    now = datetime.now(UTC).replace(microsecond=0)
    # Spread over two months around today.
    moments = [now + timedelta(hours=chance.randint(-720, 720)) for _ in numbers]
    word = column.name.replace("_", " ")
    known: dict[str, Iterable[str]] = {
        "boolean": ("true", "false"),
        "uuid": (str(UUID(int=chance.getrandbits(128), version=4)) for _ in numbers),
        "json": ("{}", '{"key": "value"}', "[]"),
        "jsonb": ("{}", '{"key": "value"}', "[]"),
        "bytea": (f"\\x{chance.randbytes(16).hex()}" for _ in numbers),
        "date": (one.date().isoformat() for one in moments),
        "timestamp without time zone": (one.isoformat() for one in moments),
        "timestamp with time zone": (one.isoformat() for one in moments),
        "time without time zone": (one.time().isoformat() for one in moments),
        "time with time zone": (one.timetz().isoformat() for one in moments),
        "interval": ("1 hour", "2 days", "30 minutes"),
        "inet": (f"192.0.2.{n % 254 + 1}" for n in numbers),
        "cidr": ("192.0.2.0/24", "198.51.100.0/24"),
        "macaddr": (f"08:00:2b:01:02:{n % 256:02x}" for n in numbers),
        "macaddr8": (f"08:00:2b:01:02:03:04:{n % 256:02x}" for n in numbers),
        "point": ("(1,2)", "(3,4)"),
        "line": ("{1,2,3}",),
        "box": ("(2,2),(1,1)",),
        "circle": ("<(1,2),3>",),
        "path": ("((1,2),(3,4))",),
        "polygon": ("((1,2),(3,4),(5,6))",),
        "lseg": ("[(1,2),(3,4)]",),
        "tsvector": ("'word':1", "'other':1"),
        "tsquery": ("'word'",),
        "xml": ("<a/>",),
        "int4range": (f"[{n},{n + 1})" for n in numbers),
        "int8range": (f"[{n},{n + 1})" for n in numbers),
        "numrange": (f"[{n},{n + 1})" for n in numbers),
        "daterange": (f"[{one.date()},{one.date() + timedelta(days=1)})" for one in moments),
        "tsrange": (f"[{one:%Y-%m-%d %H:%M},{one:%Y-%m-%d} 23:59:59)" for one in moments),
        "tstzrange": (f"[{one:%Y-%m-%d %H:%M}+00,{one:%Y-%m-%d} 23:59:59+00)" for one in moments),
        "pg_lsn": ("0/16B3748",),
    }
    if column.base in known:
        return known[column.base]
    if column.category == "N":
        return [*map(str, numbers), "0.5", "20", "100", "5000"]
    if column.category == "A":
        return ("{}", "{1}", "{a}")
    if column.category == "B":
        return ("0", "1")
    if column.category == "S":
        digits = string.ascii_lowercase
        return [
            *(f"{word} {n}" for n in numbers),
            *(f"name{n}@example.com" for n in range(1, 3)),
            f"https://example.com/{column.name}",
            *("".join(chance.choices(digits, k=3)) for _ in numbers),
            *(str(n % 10) for n in numbers),
        ]
    # What an extension brought may take any of these.
    return ("", "1", "a", "a.b", "{}", "[1,2,3]", "0")


def matching(pattern: str, chance: random.Random) -> str:
    """Returns a text that a regular expression accepts, as far as it is an ordinary one.

    Args:
        pattern: as PostgreSQL reads it; back-references and look-around are not understood.
        chance: where the choices come from.
    """
    return _Regex(pattern, chance).text()


class _Regex:
    """Walks a regular expression once, writing what it asks for."""

    def __init__(self, pattern: str, chance: random.Random) -> None:
        self.pattern = pattern
        self.at = 0
        self.chance = chance

    def text(self) -> str:
        options = [self._sequence()]
        while self._next() == "|":
            self.at += 1
            options.append(self._sequence())
        return self.chance.choice(options)

    def _next(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _sequence(self) -> str:
        written = ""
        while self._next() and self._next() not in "|)":
            begin = self.at
            piece = self._atom()
            end = self.at
            low, high = self._times()
            after = self.at
            count = self.chance.randint(low, high)
            if count == 0:
                piece = ""
            for _ in range(count - 1):
                self.at = begin
                piece += self._atom()
            self.at = max(end, after)
            written += piece
        return written

    def _atom(self) -> str:
        sign = self._next()
        self.at += 1
        if sign == "(":
            if self.pattern.startswith("?:", self.at):
                self.at += 2
            inner = self.text()
            self.at += 1
            return inner
        if sign == "[":
            return self.chance.choice(self._members())
        if sign == "\\":
            sign = self._next()
            self.at += 1
            return self.chance.choice(_CLASSES.get(sign, sign))
        return {".": "a", "^": "", "$": ""}.get(sign, sign)

    def _members(self) -> str:
        close = self.pattern.find("]", self.at + 1 + (self._next() == "^"))
        while self.pattern[self.at : close].count("[:") > self.pattern[self.at : close].count(":]"):
            close = self.pattern.find("]", close + 1)
        if self.pattern[close - 1 : close] == ":":
            close = self.pattern.find("]", close + 1)
        inside = self.pattern[self.at : close]
        self.at = close + 1
        negated = inside.startswith("^")
        inside = inside.removeprefix("^")
        members = ""
        for name, chars in _POSIX.items():
            if f"[:{name}:]" in inside:
                members += chars
                inside = inside.replace(f"[:{name}:]", "")
        place = 0
        while place < len(inside):
            sign = inside[place]
            if sign == "\\" and place + 1 < len(inside):
                members += "".join(_CLASSES.get(inside[place + 1], inside[place + 1]))
                place += 2
            elif inside[place + 1 : place + 2] == "-" and place + 2 < len(inside):
                members += "".join(map(chr, range(ord(sign), ord(inside[place + 2]) + 1)))
                place += 3
            else:
                members += sign
                place += 1
        if negated:
            members = "".join(one for one in string.ascii_letters if one not in members)
        return members or "a"

    def _times(self) -> tuple[int, int]:
        found = re.compile(r"\{(\d+)(,?)(\d*)\}").match(self.pattern, self.at)
        if found:
            self.at = found.end()
            low = int(found[1])
            high = int(found[3]) if found[3] else low + (8 if found[2] else 0)
            times = (low, min(high, low + 20))
        elif self._next() in ("*", "+", "?"):
            times = {"*": (0, 6), "+": (1, 6), "?": (0, 1)}[self._next()]
            self.at += 1
        else:
            return 1, 1
        if self._next() == "?":
            self.at += 1
        return times


_CLASSES: dict[str, Sequence[str]] = {
    "d": string.digits,
    "w": string.ascii_lowercase + string.digits,
    "s": " ",
    "S": string.ascii_lowercase,
    "D": string.ascii_lowercase,
    "m": [""],
    "M": [""],
    "y": [""],
    "A": [""],
    "Z": [""],
}
_POSIX = {
    "alpha": string.ascii_letters,
    "digit": string.digits,
    "alnum": string.ascii_letters + string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "xdigit": string.hexdigits,
    "space": " ",
}

# Tells which values a type takes, by their numbers. The text goes through the type's own input, so
# that a length is held to and a domain's rules are, as on INSERT.
_TRYING = """
CREATE FUNCTION pg_temp.gate_valid(p_types text[], p_values jsonb)
RETURNS TABLE (c int, v int)
LANGUAGE plpgsql
AS $function$
DECLARE
    v_value jsonb;
BEGIN
    FOR v_column IN 1 .. pg_catalog.cardinality(p_types) LOOP
        c := v_column;
        v := 0;
        FOR v_value IN SELECT * FROM pg_catalog.jsonb_array_elements(p_values -> (c - 1)) LOOP
            v := v + 1;
            BEGIN
                EXECUTE pg_catalog.format(
                    'SELECT * FROM pg_catalog.jsonb_to_record(%L::jsonb) AS r (v %s)',
                    pg_catalog.jsonb_build_object('v', v_value), p_types[c]
                );
                RETURN NEXT;
            EXCEPTION WHEN OTHERS THEN
                NULL;
            END;
        END LOOP;
    END LOOP;
END;
$function$
"""

_TABLES = """
SELECT
    c.oid::bigint,
    n.nspname::text,
    c.relname::text,
    c.relkind = 'p',
    (
        SELECT
            pg_catalog.jsonb_agg(
                pg_catalog.jsonb_build_object(
                    'name', a.attname,
                    'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
                    'base', pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL),
                    'category', t.typcategory,
                    'not_null', a.attnotnull OR t.typnotnull,
                    'default', CASE WHEN a.attgenerated = ''
                        THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
                    'generated', a.attgenerated <> '',
                    'identity', a.attidentity <> '',
                    'labels', coalesce((
                        SELECT pg_catalog.jsonb_agg(e.enumlabel ORDER BY e.enumsortorder)
                        FROM pg_catalog.pg_enum AS e
                        WHERE e.enumtypid = coalesce(nullif(t.typbasetype, 0), t.oid)
                    ), '[]'),
                    'domain_checks', coalesce((
                        SELECT
                            pg_catalog.string_agg(pg_catalog.pg_get_constraintdef(k.oid), ' AND ')
                        FROM pg_catalog.pg_constraint AS k
                        WHERE k.contypid = t.oid AND k.contype = 'c'
                    ), '')
                ) ORDER BY a.attnum
            )
        FROM pg_catalog.pg_attribute AS a
        INNER JOIN pg_catalog.pg_type AS t ON a.atttypid = t.oid
        LEFT JOIN pg_catalog.pg_attrdef AS d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ),
    (
        SELECT
            pg_catalog.jsonb_agg(
                pg_catalog.jsonb_build_object(
                    'type', k.contype,
                    'columns', (
                        SELECT pg_catalog.jsonb_agg(a.attname ORDER BY u.n)
                        FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u (attnum, n)
                        INNER JOIN pg_catalog.pg_attribute AS a
                            ON a.attrelid = k.conrelid AND a.attnum = u.attnum
                    ),
                    'parent', k.confrelid::bigint,
                    'referenced', (
                        SELECT pg_catalog.jsonb_agg(a.attname ORDER BY u.n)
                        FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS u (attnum, n)
                        INNER JOIN pg_catalog.pg_attribute AS a
                            ON a.attrelid = k.confrelid AND a.attnum = u.attnum
                    ),
                    'expression', pg_catalog.pg_get_expr(k.conbin, k.conrelid)
                ) ORDER BY k.conname
            )
        FROM pg_catalog.pg_constraint AS k
        WHERE k.conrelid = c.oid AND k.contype IN ('c', 'f') AND k.conparentid = 0
    ),
    (
        SELECT
            pg_catalog.jsonb_agg((
                SELECT pg_catalog.jsonb_agg(a.attname ORDER BY u.n)
                FROM pg_catalog.unnest(x.indkey::int2[]) WITH ORDINALITY AS u (attnum, n)
                INNER JOIN pg_catalog.pg_attribute AS a
                    ON a.attrelid = x.indrelid AND a.attnum = u.attnum
            ) ORDER BY x.indisprimary DESC, x.indexrelid)
        FROM pg_catalog.pg_index AS x
        WHERE x.indrelid = c.oid AND (x.indisunique OR x.indisexclusion)
    ),
    (
        SELECT
            pg_catalog.jsonb_agg(
                pg_catalog.jsonb_build_object(
                    'columns', (
                        SELECT pg_catalog.jsonb_agg(a.attname)
                        FROM pg_catalog.pg_partitioned_table AS p
                        INNER JOIN pg_catalog.pg_attribute AS a
                            ON a.attrelid = p.partrelid AND a.attnum = ANY(p.partattrs::int2[])
                        WHERE p.partrelid = s.parentrelid
                    ),
                    'bound', pg_catalog.pg_get_expr(r.relpartbound, r.oid)
                )
            )
        FROM pg_catalog.pg_partition_tree(c.oid) AS s
        INNER JOIN pg_catalog.pg_class AS r ON s.relid = r.oid
        WHERE s.parentrelid IS NOT NULL
    )
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY 1
"""


def _read(connection: psycopg.Connection) -> dict[int, _Table]:
    tables = {}
    for oid, schema, name, partitioned, columns, rules, unique, parts in connection.execute(
        _TABLES
    ):
        made = tuple(_Column(**{**one, "labels": tuple(one["labels"])}) for one in columns or ())
        tables[oid] = _Table(
            oid=oid,
            schema=schema,
            name=name,
            partitioned=partitioned,
            columns=made,
            keys=tuple(
                _Key(tuple(one["columns"]), one["parent"], tuple(one["referenced"]))
                for one in rules or ()
                if one["type"] == "f"
            ),
            checks=tuple(
                _Check(tuple(one["columns"] or ()), one["expression"])
                for one in rules or ()
                if one["type"] == "c"
            ),
            unique=tuple(tuple(one) for one in unique or () if one),
            bounds=_bounds(parts or ()),
        )
    return tables


def _bounds(parts: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Returns the values of the partition columns for which there is a partition."""
    found: dict[str, list[str]] = {}
    for part in parts:
        bound = part["bound"] or ""
        lower = bound.partition(" TO (")[0]  # the upper end of a range is not in it
        if "FOR VALUES WITH" in bound or bound == "DEFAULT":
            continue
        for column in part["columns"] or ():
            values = [one.replace("''", "'") for one in _STRING.findall(lower)]
            found.setdefault(column, []).extend([*values, *_NUMBER.findall(_STRING.sub("", lower))])
    return {column: tuple(values) for column, values in found.items() if values}
