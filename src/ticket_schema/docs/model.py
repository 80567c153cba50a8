"""A schema as the pages see it: each table with all that belongs to it, each function whole.

Everything here is read from a snapshot; nothing asks a database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields
from functools import cached_property
from hashlib import sha256
from typing import Any, TypeVar

from ticket_schema.docs.bodies import Body, Reached, bodies, reached
from ticket_schema.docs.declared import Declared
from ticket_schema.docs.snapshot import Snapshot, body

T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """A column of a table or a view."""

    name: str
    position: int
    type: str
    not_null: bool = False
    default: str | None = None
    generated: str | None = None
    identity: str | None = None
    collation: str | None = None
    storage: str | None = None
    grants: list[str] = field(default_factory=list)
    comment: str = ""


@dataclass(frozen=True)
class Constraint:
    """A constraint of a table, foreign keys among them."""

    name: str
    table: str
    kind: str
    columns: list[str]
    definition: str
    validated: bool = True
    deferrable: bool = False
    deferred: bool = False
    switched_off: bool = False
    index: str | None = None
    comment: str = ""


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key from or to a table of the schema."""

    name: str
    schema: str
    table: str
    columns: list[str]
    to_schema: str
    to_table: str
    to_columns: list[str]
    on_delete: str
    on_update: str


@dataclass(frozen=True)
class Index:
    """An index of a table; `constraint` is the one that it keeps."""

    name: str
    table: str
    definition: str
    method: str
    unique: bool
    nulls_not_distinct: bool
    keys: list[str]
    include: list[str]
    predicate: str | None = None
    constraint: str | None = None
    valid: bool = True
    comment: str = ""


@dataclass(frozen=True)
class Trigger:
    """A trigger of a table; `enabled` is O, D, R or A, as in `pg_trigger`."""

    name: str
    table: str
    definition: str
    function: str
    function_schema: str
    timing: str
    level: str
    events: list[str]
    columns: list[str]
    when: str | None = None
    deferrable: bool = False
    enabled: str = "O"
    comment: str = ""


@dataclass(frozen=True)
class Policy:
    """A policy of row level security."""

    name: str
    table: str
    permissive: bool
    command: str
    roles: list[str]
    using: str | None = None
    with_check: str | None = None
    comment: str = ""


@dataclass(frozen=True)
class Argument:
    """An argument of a function, or a column of what it returns."""

    type: str
    name: str | None = None
    mode: str = "in"
    default: str | None = None


@dataclass(frozen=True)
class Function:
    """A function; `key` is its name with the types of its arguments, as in the snapshot."""

    key: str
    name: str
    kind: str
    arguments: list[Argument]
    is_trigger: bool
    language: str
    volatility: str
    parallel: str
    strict: bool
    leakproof: bool
    security: str
    settings: list[str]
    execute: list[str]
    definition: str
    body: str
    owner: str
    comment: str = ""
    returns: str | None = None


@dataclass(frozen=True)
class Relation:
    """A table or a view, with all that belongs to it in the order in which it counts.

    `kind` is table, foreign table, view or materialized view. `rights` are by role: each right to
    True for the whole relation, or to the columns. `reads` of a view are its sources.
    """

    name: str
    kind: str
    owner: str
    comment: str = ""
    grants: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    persistence: str = "p"
    row_security: bool = False
    row_security_forced: bool = False
    replica_identity: str = "d"
    partition_key: str | None = None
    partition_bound: str | None = None
    children: list[str] = field(default_factory=list)
    query: str | None = None
    columns: list[Column] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    referenced_by: list[ForeignKey] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    rights: dict[str, dict[str, Any]] = field(default_factory=dict)
    reads: list[dict[str, str]] = field(default_factory=list)
    read_by: list[str] = field(default_factory=list)

    @property
    def primary_key(self) -> list[str]:
        """The columns of the primary key, empty without one."""
        return next((c.columns for c in self.constraints if c.kind == "primary key"), [])

    def column(self, name: str) -> Column | None:
        """Returns the column of a name, None when there is none."""
        return next((one for one in self.columns if one.name == name), None)


@dataclass(frozen=True)
class Schema:
    """A schema by what it holds.

    Args:
        name: of the schema.
        tables: by name, partitions and foreign tables among them.
        views: by name.
        functions: by key, such as `is_locked(text)`.
    """

    name: str
    tables: dict[str, Relation]
    views: dict[str, Relation]
    functions: dict[str, Function]

    @cached_property
    def overloads(self) -> dict[str, list[Function]]:
        """The functions by name alone, in the order of their names."""
        found: dict[str, list[Function]] = {}
        for one in sorted(self.functions.values(), key=lambda one: one.key):
            found.setdefault(one.name, []).append(one)
        return found

    @cached_property
    def uses(self) -> dict[str, dict[str, list[str]]]:
        """For each function, by name, the relations whose own expressions call it, and where."""
        schema, quoted = re.escape(self.name), re.escape(self.name.replace('"', '""'))
        called = re.compile(rf'(?:\b{schema}|"{quoted}")\.(?:"((?:[^"]|"")+)"|(\w+))\(')
        found: dict[str, dict[str, list[str]]] = {}
        for relation in (*self.tables.values(), *self.views.values()):
            for where, text in _expressions(relation).items():
                for one in called.finditer(text):
                    name = (one[1] or "").replace('""', '"') or one[2]
                    places = found.setdefault(name, {}).setdefault(relation.name, [])
                    if where not in places:
                        places.append(where)
        return found

    def triggers_of(self, function: str) -> list[Trigger]:
        """Returns the triggers that call a function.

        Args:
            function: its name without arguments; triggers call those that have none.
        """
        return [
            trigger
            for table in (*self.tables.values(), *self.views.values())
            for trigger in table.triggers
            if trigger.function == function and trigger.function_schema == self.name
        ]


@dataclass(frozen=True)
class Meaning:
    """What a SQLSTATE means, as the page of errors says it."""

    code: str
    name: str
    meaning: str
    http: str
    remedy: str

    @property
    def heading(self) -> str:
        """What the section about it is called, such as `TK301 event_not_found`."""
        return f"{self.code} {self.name}"


@dataclass(frozen=True)
class Source:
    """All that the pages are made from; everything but the snapshot may be empty.

    Args:
        snapshot: what `ticket_schema.docs.snapshot.read` returned.
        history: what changed each column, by revision.
        locks: what each revision locks and rewrites.
        declared: what no catalog knows: domains, growth, retention, glossary.
        errors: from SQLSTATE to what it means.
        errors_page: path of the page that says so, from the folder of the pages.
    """

    snapshot: Snapshot
    history: dict[str, Any] = field(default_factory=dict)
    locks: dict[str, Any] = field(default_factory=dict)
    declared: Declared = field(default_factory=Declared)
    errors: dict[str, Meaning] = field(default_factory=dict)
    errors_page: str | None = None

    @cached_property
    def schema(self) -> Schema:
        """The snapshot, put together."""
        return _schema(self.snapshot)

    @cached_property
    def bodies(self) -> dict[str, Body]:
        """What each function does by itself, by key."""
        return bodies(self.snapshot)

    @cached_property
    def reached(self) -> dict[str, Reached]:
        """What each function may do through others, by key."""
        return reached(self.snapshot, self.bodies)


def table_page(name: str) -> str:
    """Returns the path of the page of a table."""
    return f"tables/{slug(name)}.md"


def view_page(name: str) -> str:
    """Returns the path of the page of a view."""
    return f"views/{slug(name)}.md"


def function_page(name: str) -> str:
    """Returns the path of the page of a function, one for all of its name.

    Args:
        name: without arguments.
    """
    return f"functions/{slug(name)}.md"


def state_page(entity: str) -> str:
    """Returns the path of the page of a state machine."""
    return f"states/{slug(entity)}.md"


# The page of a folder is called so, in files or in the site.
_FOLDERS_PAGES = {"index", "readme"}


def slug(name: str) -> str:
    """Returns a name as a file is called; most names stay as they are."""
    plain = re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")
    if plain == name and name not in _FOLDERS_PAGES:
        return name
    # Two names that differ in what is left out, or in case alone, need files of their own.
    return f"{plain}-{sha256(name.encode()).hexdigest()[:6]}".strip("-")


def parse_errors(text: str) -> dict[str, Meaning]:
    """Returns the meanings of error codes from the table of a page.

    Args:
        text: Markdown with rows such as ``| `TK001` | `name` | meaning | HTTP | what to do |``.
    """
    found: dict[str, Meaning] = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if len(cells) == len(fields(Meaning)) and re.fullmatch(r"`[0-9A-Z]{5}`", cells[0]):
            code, name, *rest = cells
            found[code.strip("`")] = Meaning(code.strip("`"), name.strip("`"), *rest)
    return found


def _expressions(relation: Relation) -> dict[str, str]:
    """Returns the expressions of a relation, as text, by what they are of."""
    return {
        "policies": " ".join(f"{one.using} {one.with_check}" for one in relation.policies),
        "defaults": " ".join(f"{one.default} {one.generated}" for one in relation.columns),
        "checks": " ".join(o.definition for o in relation.constraints if o.kind == "check"),
        "indexes": " ".join(one.definition for one in relation.indexes),
        "conditions of triggers": " ".join(one.when or "" for one in relation.triggers),
        "its query": relation.query or "",
    }


def _schema(snapshot: Snapshot) -> Schema:
    kinds = {
        name: kind
        for kind in ("table", "foreign table", "view", "materialized view")
        for name in snapshot["objects"].get(kind, {})
    }
    parts = _parts(snapshot, kinds)
    rights = _rights(snapshot, kinds)
    reads = snapshot["structure"].get("view_sources", {})
    readers: dict[str, set[str]] = {}
    for view, sources in reads.items():
        for one in sources:
            if one["schema"] == snapshot["schema"]:
                readers.setdefault(one["table"], set()).add(view)
    relations = {
        name: _made(
            Relation,
            {**snapshot["objects"][kind][name], **parts[name]},
            name=name,
            kind=kind,
            rights=rights.get(name, {}),
            reads=reads.get(name, []),
            read_by=sorted(readers.get(name, ())),
        )
        for name, kind in sorted(kinds.items())
    }
    functions = sorted(snapshot["structure"].get("functions", {}))
    return Schema(
        snapshot["schema"],
        {name: one for name, one in relations.items() if not one.kind.endswith("view")},
        {name: one for name, one in relations.items() if one.kind.endswith("view")},
        {key: _function(snapshot, key) for key in functions},
    )


def _parts(snapshot: Snapshot, relations: Collection[str]) -> dict[str, dict[str, list[Any]]]:
    """Returns what belongs to each relation, part by part, each in its order."""
    objects, structure = snapshot["objects"], snapshot["structure"]
    found: list[tuple[str, str | None, Any]] = []
    for key, facts in objects.get("column", {}).items():
        relation, name = _split(key, relations)
        found.append(("columns", relation, _made(Column, facts, name=name)))
    for key, facts in objects.get("policy", {}).items():
        relation, name = _split(key, relations)
        made: Any = _made(Policy, facts, name=name, table=relation)
        found.append(("policies", relation, made))
    for key, facts in structure.get("constraints", {}).items():
        told = {**objects.get("constraint", {}).get(key, {}), **facts}
        made = _made(Constraint, told, name=facts["constraint"])
        found.append(("constraints", made.table, made))
    for key, facts in structure.get("indexes", {}).items():
        told = {**objects.get("index", {}).get(key, {}), **facts}
        found.append(("indexes", facts["table"], _made(Index, told, name=key)))
    for key, facts in structure.get("triggers", {}).items():
        told = {**objects.get("trigger", {}).get(key, {}), **facts}
        made = _made(Trigger, told, name=facts["trigger"])
        found.append(("triggers", made.table, made))
    for facts in structure.get("foreign_keys", {}).values():
        made = _made(ForeignKey, facts, name=facts["constraint"])
        if made.schema == snapshot["schema"]:
            found.append(("foreign_keys", made.table, made))
        if made.to_schema == snapshot["schema"]:
            found.append(("referenced_by", made.to_table, made))
    parts: dict[str, dict[str, list[Any]]] = {
        name: {part: [] for part in _ORDER} for name in relations
    }
    for part, relation, made in found:
        if relation in parts:
            parts[relation][part].append(made)
    for belonging in parts.values():
        for part, order in _ORDER.items():
            belonging[part].sort(key=order)
    return parts


def _rights(snapshot: Snapshot, relations: Collection[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Returns for each relation what each role may do there."""
    rights: dict[str, dict[str, dict[str, Any]]] = {}
    for key, facts in sorted(snapshot["structure"].get("rights", {}).items()):
        relation = max((r for r in relations if key.endswith(f".{r}")), key=len, default=None)
        if relation is not None:
            rights.setdefault(relation, {})[key.removesuffix(f".{relation}")] = facts
    return rights


_KINDS = ("primary key", "unique", "exclusion", "foreign key", "check", "trigger")
_TIMINGS = ("INSTEAD OF", "BEFORE", "AFTER")
_ORDER: dict[str, Callable[[Any], Any]] = {
    "columns": lambda one: one.position,
    "constraints": lambda one: (_KINDS.index(one.kind), one.name),
    "foreign_keys": lambda one: one.name,
    "referenced_by": lambda one: (one.schema, one.table, one.name),
    "indexes": lambda one: (one.constraint is None, not one.unique, one.name),
    # Those of one moment fire in the order of their names.
    "triggers": lambda one: (_TIMINGS.index(one.timing), _level(one), one.name),
    "policies": lambda one: (one.permissive, one.name),
}


def _level(trigger: Trigger) -> int:
    """Returns the place of a level in its moment: a statement's goes round those of its rows."""
    rows = trigger.level == "ROW"
    return int(rows if trigger.timing == "BEFORE" else not rows)


def _function(snapshot: Snapshot, key: str) -> Function:
    facts = snapshot["structure"]["functions"][key]
    told = {**snapshot["objects"].get("function", {}).get(key, {}), **facts}
    arguments = [_made(Argument, one) for one in facts["arguments"]]
    return _made(
        Function,
        told,
        key=key,
        name=facts["function"],
        arguments=arguments,
        body=body(snapshot, key),
    )


def _split(key: str, relations: Collection[str]) -> tuple[str | None, str]:
    """Returns relation and name of a key such as `tickets.status`; either may hold a dot."""
    relation = max((r for r in relations if key.startswith(f"{r}.")), key=len, default=None)
    return relation, key.removeprefix(f"{relation}.") if relation else key


def _made(made: type[T], facts: dict[str, Any], /, **more: Any) -> T:
    known = {one.name for one in fields(made)}  # type: ignore[arg-type]
    told = {name: value for name, value in facts.items() if name in known and value is not None}
    return made(**{**told, **more})
