"""Calls of functions as each login, and all that a caller or an onlooker sees of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from string import Template
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.string import TextLoader

from support.factories import Make
from support.session import Session

from .shadows import cast_shadows
from .stage import BY_NAME, GOOD, OF_TYPE, TAG, TAKEN, set_up
from .world import APP, NOBODY, READONLY, WORKER, World, key

LOGINS = [APP, WORKER, READONLY, NOBODY]
SERVICE, CUSTOMER, READER, JOB = "service", "customer", "reader", "job"
# Who calls, as which login, and what the session says besides the tenant.
CALLERS: dict[str, tuple[str, dict[str, str]]] = {
    SERVICE: (APP, {"app.actor_type": "admin", "app.status_change_reason": "${tag} reason"}),
    CUSTOMER: (APP, {"app.current_user_id": "${user}", "app.current_user_role": "user"}),
    READER: (READONLY, {}),
    JOB: (WORKER, {"app.actor_type": "system"}),
}
# Where the superuser looks for names, in spite of shadows.
HOME = "pg_catalog, pg_temp"
TENANT = "app.current_tenant_id"

LONG = "x" * 1_000_000
TOKEN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    rf"|\b[0-9a-f]{{64}}\b|(?i:{TAG}|{TAKEN})"
)
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d(:?\d\d)?|Z)?")
# A ticket number that the schema has made up.
NUMBER = re.compile(r"\b[0-9A-F]{5}-[0-9A-F]{5}-[0-9A-F]{5}\b")
# Where an error came from; what stands around it depends on what was planned before.
LINE = re.compile(r"function (\S+) line (\d+)")
# Counters that no transaction gives back.
NUMBERED = {"seq", "position", "queue_position", "cursor_seq", "last_updated"}

FUNCTIONS = """
SELECT
    p.oid::regprocedure::text AS signature,
    p.proname AS name,
    p.prokind::text AS kind,
    p.prorettype = 'trigger'::regtype AS is_trigger,
    p.pronargs - p.pronargdefaults AS required,
    ARRAY(
        SELECT coalesce(nullif(p.proargnames[n.place], ''), '$' || n.place)
        FROM generate_series(1, p.pronargs) AS n (place)
        ORDER BY n.place
    ) AS names,
    ARRAY(
        SELECT format('%%I.%%I', n.nspname, t.typname)
        FROM unnest(p.proargtypes) WITH ORDINALITY AS a (type, place)
        INNER JOIN pg_type AS t ON t.oid = a.type
        INNER JOIN pg_namespace AS n ON n.oid = t.typnamespace
        ORDER BY a.place
    ) AS types,
    ARRAY(
        SELECT l.login FROM unnest(%s::text[]) AS l (login)
        WHERE has_function_privilege(l.login, p.oid, 'EXECUTE')
    ) AS logins
FROM pg_proc AS p
WHERE p.pronamespace = 'ticketing'::regnamespace
UNION ALL
SELECT
    c.relname,
    c.relname,
    c.relkind::text,
    FALSE,
    0,
    '{}',
    '{}',
    ARRAY(
        SELECT l.login FROM unnest(%s::text[]) AS l (login)
        WHERE has_table_privilege(l.login, c.oid, 'SELECT')
    )
FROM pg_class AS c
WHERE c.relnamespace = 'ticketing'::regnamespace AND c.relkind IN ('v', 'm')
ORDER BY name, signature
"""
RELATIONS = """
SELECT
    c.relname AS name,
    array_agg(format('%I', a.attname) ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '')
        AS columns,
    coalesce(
        array_agg(a.attname::text) FILTER (
            WHERE a.attidentity <> '' OR a.atttypid IN ('xid8'::regtype, 'tsvector'::regtype)
        ),
        '{}'
    ) AS numbered,
    bool_or(a.attname = 'tenant_id') AS is_of_tenant
FROM pg_class AS c
INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'ticketing'::regnamespace AND c.relkind IN ('r', 'p')
GROUP BY c.relname
ORDER BY c.relname
"""
WRITTEN = """
SELECT string_agg(concat(relname, '=', n_tup_ins + n_tup_upd + n_tup_del), ' ' ORDER BY relname)
FROM pg_catalog.pg_stat_xact_user_tables WHERE schemaname = 'ticketing'
"""


Arguments = dict[str, str | None]


@dataclass(frozen=True)
class Function:
    """A function or a view as the catalog has it; `logins` may use it."""

    signature: str
    name: str
    kind: str
    is_trigger: bool
    required: int
    names: list[str]
    types: list[str]
    logins: list[str]

    def good(self) -> Arguments:
        """Returns the arguments of a good call, in words of the cast."""
        given = GOOD.get(self.name, {})
        made: dict[str, str | None] = {}
        for place, (name, type_) in enumerate(zip(self.names, self.types, strict=True)):
            if name in given:
                made[name] = given[name]
            elif name in BY_NAME:
                made[name] = BY_NAME[name]
            elif place < self.required:
                made[name] = OF_TYPE.get(type_.removeprefix("pg_catalog."))
        return made

    def query(self, given: Iterable[str]) -> str:
        """Returns the statement that passes these parameters, in their order."""
        values = ", ".join(
            f"%s::{type_}" if name.startswith("$") else f'"{name}" => %s::{type_}'
            for name, type_ in zip(self.names, self.types, strict=True)
            if name in given
        )
        if self.kind in "vm":
            return f'SELECT * FROM ticketing."{self.name}"'
        verb = "CALL" if self.kind == "p" else "SELECT" if self.is_trigger else "SELECT * FROM"
        return f'{verb} ticketing."{self.name}"({values})'

    def callers(self) -> list[str]:
        return [name for name, (login, _) in CALLERS.items() if login in self.logins]


def plain(token: str) -> bool:
    """Whether a token is made of tags, and not an id or the hash of something."""
    return "-" not in token and bool(re.search(f"(?i:{TAG}|{TAKEN})", token))


@dataclass(frozen=True)
class Image:
    """The names of the stage as another tenant has them, or nobody."""

    tag: str
    tenant: str
    of: Names

    def __call__(self, text: str) -> str:
        return TOKEN.sub(self._renamed, text)

    def _renamed(self, found: re.Match[str]) -> str:
        token = found[0]
        if plain(token):
            return re.sub(
                f"(?i:{TAG}|{TAKEN})",
                lambda f: self.tag if f[0].islower() else self.tag.upper(),
                token,
            )
        if token == self.of.tenant:
            return self.tenant
        if token not in self.of.tokens:
            return token
        made = uuid5(NAMESPACE_OID, self.tag + token)
        return str(made) if "-" in token else made.hex * 2


@dataclass(frozen=True)
class Names:
    """Every id and hash in the rows of tenant A."""

    tenant: str
    tokens: frozenset[str]


@dataclass(frozen=True)
class Outcome:
    """All that a caller sees of a call, and all that it has changed.

    Args:
        code: the SQLSTATE, if it failed.
        hint: whether the error says how to go on.
        text: rows, error and notices, in canonical words.
        changed: rows taken away and rows added, in canonical words.
        touched: tables with a changed row of another tenant than A.
        raw: as text and changed, but as it came.
        said: all that the caller said.
    """

    code: str | None
    hint: bool
    text: str
    changed: str
    touched: frozenset[str]
    raw: str
    said: str

    def line(self) -> str:
        return self.raw[:200].replace("\n", " / ") if self.code else "success"

    def same(self, other: Outcome) -> bool:
        return (self.text, self.changed) == (other.text, other.changed)

    def against(self, other: Outcome) -> str:
        """Returns the first line in which two outcomes differ."""
        mine, its = (f"{o.text}\n{o.changed}".splitlines() for o in (self, other))
        for one, two in zip([*mine, ""], [*its, ""], strict=False):
            if one != two:
                return f"{one[:300]!r} instead of {two[:300]!r}"
        return f"{len(mine)} lines instead of {len(its)}"


class Quiet(Session):
    """A session that leaves alone what it is not told to set: a tenant must never have been."""

    @contextmanager
    def _context(self, given: dict[str, object]) -> Iterator[None]:
        named = {name: str(value) for name, value in given.items() if value is not None}
        self._set(named)
        yield
        self._set(dict.fromkeys(named, ""))


Goods = dict[tuple[str, str], Outcome]


class Calls:
    """A transaction of the superuser in which the functions are called as each login.

    Args:
        connection: a superuser's, inside a transaction that its owner rolls back.
        world: the two tenants.
        functions: names of the functions to look at, all of them if None.
    """

    def __init__(
        self,
        connection: psycopg.Connection,
        world: World,
        functions: Iterable[str] | None,
        *,
        shadows: bool = False,
    ) -> None:
        self.session = Quiet(connection)
        self.connection = connection
        self.world = world
        self.calls = 0
        self.path = HOME
        # The same words mean other objects once there are shadows.
        connection.prepare_threshold = None
        connection.execute(f"SET search_path = {HOME}".encode())
        self.notices: list[str] = []
        for type_ in ("timestamptz", "interval", "date"):
            connection.adapters.register_loader(type_, TextLoader)
        connection.add_notice_handler(self._noticed)
        wanted = None if functions is None else set(functions)
        self.functions = [
            Function(**found)
            for found in self.session.all(FUNCTIONS, LOGINS, LOGINS)
            if wanted is None or found["name"] in wanted
        ]
        self.by_signature = {function.signature: function for function in self.functions}
        self.open = [
            (caller, function)
            for caller in CALLERS
            for function in self.functions
            if caller in function.callers() and not function.is_trigger
        ]
        self.relations = {found["name"]: found for found in self.session.all(RELATIONS)}
        if shadows:
            # Before anything of ours is called: what a function means by a name is settled once.
            cast_shadows(self.session)
        self.cast = set_up(Make(self.session), world.a)
        rows = "".join(
            json.dumps(row) for table in self.relations for row in self._of_tenant(table, world.a)
        )
        tokens = {token for token in TOKEN.findall(rows) if not plain(token)}
        self.names = Names(str(world.a), frozenset(tokens))
        self.theirs = Image("bbbb", str(world.b), self.names)
        self.nobodys = Image("cccc", str(uuid5(NAMESPACE_OID, str(world.a))), self.names)
        self.canonical = {
            **{token: f"<{token}>" for token in tokens},
            **{self.theirs(token): f"<~{token}>" for token in tokens},
            **{self.nobodys(token): f"<~{token}>" for token in tokens},
            self.theirs.tenant: "<tenant>",
            self.nobodys.tenant: "<tenant>",
        }
        self.before = self._all_rows()
        self.written: list[str] = []
        theirs = self.theirs(rows) + "".join(
            json.dumps(row) for table in self.relations for row in self._of_tenant(table, world.b)
        )
        self.foreign = set(UUID_TEXT.findall(theirs)) - {t for t in tokens if "-" in t}
        texts = set(re.findall(r'"([^"\\]{8,})"', theirs)) - set(
            re.findall(r'"([^"\\]{8,})"', rows)
        )
        own = {text for text in texts if UUID_TEXT.search(text) or TIME.search(text)}
        self.foreign_texts: list[str] = [*sorted(texts - own), self.theirs.tag]

    # What there is -----------------------------------------------------------------------------

    def _of_tenant(self, table: str, tenant: UUID) -> list[dict[str, Any]]:
        if not self.relations[table]["is_of_tenant"]:
            return []
        query = f"SELECT to_jsonb(t) AS row FROM ticketing.{table} AS t WHERE tenant_id = %s"
        return [found["row"] for found in self.session.all(query, tenant)]

    @contextmanager
    def copied(self, image: Image | None) -> Iterator[None]:
        """Gives tenant B, for a block, what A has: under other names, or the very same."""
        with self.connection.transaction(force_rollback=True):
            self.connection.execute("SET LOCAL session_replication_role = replica")
            for table, relation in self.relations.items():
                rows = json.dumps(self._of_tenant(table, self.world.a))
                rows = image(rows) if image else rows.replace(str(self.world.a), str(self.world.b))
                columns = ", ".join(relation["columns"])
                self.session.run(
                    f"INSERT INTO ticketing.{table} ({columns}) OVERRIDING SYSTEM VALUE "
                    f"SELECT {columns} "
                    f"FROM jsonb_populate_recordset(NULL::ticketing.{table}, %s::jsonb) "
                    "ON CONFLICT DO NOTHING",
                    rows,
                )
            self.connection.execute("SET LOCAL session_replication_role = origin")
            self.written = []
            before, self.before = self.before, self._all_rows()
            try:
                yield
            finally:
                self.before = before

    def _all_rows(self) -> dict[str, list[str]]:
        found = self.session.all(" UNION ALL ".join(map(self._rows_of, self.relations)))
        rows: dict[str, list[str]] = {table: [] for table in self.relations}
        for row in found:
            rows[row["name"]].append(row["row"])
        return rows

    def _rows_of(self, table: str) -> str:
        """Returns the query for the rows of a table, without what no transaction gives back."""
        numbered = literal(f"{{{','.join(self.relations[table]['numbered'])}}}")
        return (
            f"SELECT {literal(table)} AS name, (to_jsonb(t) - {numbered}::text[])::text AS row "
            f"FROM ticketing.{table} AS t"
        )

    # Calling -----------------------------------------------------------------------------------

    def _noticed(self, notice: psycopg.errors.Diagnostic) -> None:
        self.notices.append(
            f"{notice.severity_nonlocalized} {notice.sqlstate} {notice.message_primary} "
            f"{notice.message_detail} {notice.message_hint}"
        )

    def canon(self, text: str) -> str:
        """Returns a text with what may differ between two equal calls made equal."""

        def word(found: re.Match[str]) -> str:
            return self.canonical.get(found[0], "<new>")

        text = re.sub(r"\b[0-9a-f]{64}\b", lambda f: self.canonical.get(f[0], "<hash>"), text)
        text = NUMBER.sub("<number>", text)
        text = TIME.sub("<time>", UUID_TEXT.sub(word, text))
        for image in (self.theirs, self.nobodys):
            text = text.replace(image.tag, "~~~~").replace(image.tag.upper(), "~~~~")
        return text

    def words(self, given: dict[str, str | None]) -> Arguments:
        """Returns arguments with the words of the cast filled in."""
        return {
            name: None if value is None else Template(value).substitute(self.cast)
            for name, value in given.items()
        }

    def call(
        self,
        function: Function,
        arguments: Arguments,
        login: str,
        settings: dict[str, str],
    ) -> Outcome:
        """Returns what becomes of a call, which is undone."""
        self.calls += 1
        self.notices.clear()
        query = function.query(arguments)
        ordered = [arguments[name] for name in function.names if name in arguments]
        said = " ".join(text for text in (*arguments.values(), *settings.values()) if text)
        context = ", ".join(
            f"pg_catalog.set_config({literal(name)}, {literal(value)}, TRUE)"
            for name, value in settings.items()
        )
        execute = self.connection.execute
        execute(b"SAVEPOINT call")
        if not self.written:
            self.written = self._writes()
        execute(
            f"SET LOCAL SESSION AUTHORIZATION {login}; {f'SELECT {context};' if context else ''}"
            f"SET LOCAL search_path = {self.path}".encode()
        )
        try:
            with self.connection.cursor(row_factory=dict_row) as cursor:
                cursor.execute(query.encode(), ordered)
                rows = cursor.fetchall() if cursor.description else []
            execute(b"SET CONSTRAINTS ALL IMMEDIATE")
            execute(b"SET LOCAL SESSION AUTHORIZATION DEFAULT")
            execute(f"SET LOCAL search_path = {HOME}".encode())
        except psycopg.Error as error:
            execute(b"ROLLBACK TO SAVEPOINT call")
            self.written = []
            d = error.diag
            raw = (
                f"{d.sqlstate} {d.message_primary}\n{d.message_detail}\n{d.message_hint}\n"
                f"{LINE.findall(d.context or '')}\n{d.schema_name} {d.table_name} "
                f"{d.column_name} {d.datatype_name} {d.constraint_name}"
            )
            raw = "\n".join([raw, *self.notices]).replace(LONG, "long")
            return Outcome(
                d.sqlstate or str(error),
                d.message_hint is not None,
                self.canon(raw),
                "",
                frozenset(),
                raw,
                said,
            )
        lines = sorted(map(shown, rows)) if function.kind == "v" else map(shown, rows)
        raw = "\n".join([*lines, *self.notices]).replace(LONG, "long")
        changed, touched = self._changes()
        execute(b"ROLLBACK TO SAVEPOINT call")
        told = "\n".join(sorted(map(self.canon, changed.splitlines())))
        return Outcome(None, True, self.canon(raw), told, touched, raw + changed, said)

    def _writes(self) -> list[str]:
        """Returns how often each table has been written, by whatever this transaction undid too."""
        written: str = self.session.value(WRITTEN)
        return written.split()

    def _changes(self) -> tuple[str, frozenset[str]]:
        before, self.written = self.written, self._writes()
        lines: list[str] = []
        touched: set[str] = set()
        for table in {entry.partition("=")[0] for entry in set(before) ^ set(self.written)}:
            now = [found["row"] for found in self.session.all(self._rows_of(table))]
            was, is_ = set(self.before[table]), set(now)
            lost = sorted(row for row in self.before[table] if row not in is_)
            new = sorted(row for row in now if row not in was)
            lines += [f"{table} - {row}" for row in lost] + [f"{table} + {row}" for row in new]
            owner = key(table)
            if any(
                json.loads(row).get(owner) not in (None, str(self.world.a)) for row in lost + new
            ):
                touched.add(table)
        return "\n".join(lines).replace(LONG, "long"), frozenset(touched)

    # Looking ----------------------------------------------------------------------------------

    def by(
        self,
        caller: str,
        function: Function,
        arguments: Arguments,
        tenant: str | None,
        *,
        image: Image | None = None,
        forged: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Returns the outcome of a call by one of CALLERS.

        Args:
            caller: a key of CALLERS.
            function: what is called.
            arguments: by parameter.
            tenant: what the session says, None for nothing.
            image: whose names the session's own user has, tenant A's for None.
            forged: variables of the session besides.
        """
        login, settings = CALLERS[caller]
        said = {name: Template(value).substitute(self.cast) for name, value in settings.items()}
        said |= forged or {}
        if image is not None:
            said = {name: image(value) for name, value in said.items()}
        if tenant is not None:
            said[TENANT] = tenant
        return self.call(function, arguments, login, said)

    def attackable(self, arguments: Arguments) -> list[str]:
        """Returns the parameters whose value names something of a tenant."""
        return [name for name, value in arguments.items() if value and self.theirs(value) != value]

    def goods(self) -> dict[tuple[str, str], Outcome]:
        """Returns the outcome of each good call, by caller and function."""
        return {
            (caller, function.signature): self.by(
                caller, function, self.words(function.good()), str(self.world.a)
            )
            for caller, function in self.open
        }


def shown(row: dict[str, Any]) -> str:
    return " | ".join(f"{k}={'#' if k in NUMBERED and v else v}" for k, v in row.items())


def literal(text: str) -> str:
    return sql.Literal(text).as_string()
