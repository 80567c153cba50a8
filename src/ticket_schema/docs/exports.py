"""A schema in the languages of other tools: DBML, Mermaid, and JSON shaped like that of tbls.

Each leaves out what its language cannot say, such as policies, grants and function bodies; the
pages have these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from ticket_schema.docs.comments import summary
from ticket_schema.docs.keys import is_optional, is_unique
from ticket_schema.docs.machines import machines
from ticket_schema.docs.model import Column, ForeignKey, Function, Index, Relation, Schema, Source
from ticket_schema.docs.typenames import shortened
from ticket_schema.errors import Exit, TicketSchemaError

FORMATS = ("dbml", "mermaid", "tbls")

_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_DBML_TYPE = re.compile(r"[A-Za-z_]\w*(\(\d+(,\d+)?\))?(\[\])*", re.ASCII)
# Names of states that Mermaid reads as words of its own.
_MERMAID_WORDS = frozenset(
    {"accdescr", "acctitle", "as", "class", "classdef", "click", "default", "direction", "end"}
    | {"hide", "note", "scale", "state", "style"}
)
_TBLS_KINDS = {"table": "BASE TABLE"}


def dbml(source: Source) -> str:
    """Returns the tables of a schema as DBML.

    Args:
        source: what the pages are made from; its domains become groups of tables.
    """
    schema = source.schema
    blocks = [
        f"Project {_dbml_name(schema.name)} {{\n  database_type: 'PostgreSQL'\n}}\n",
        *(_dbml_table(schema, one) for one in schema.tables.values()),
    ]
    for table in schema.tables.values():
        blocks += [
            _dbml_reference(schema, table, key)
            for key in table.foreign_keys
            if key.to_schema == schema.name and key.to_table in schema.tables
        ]
    for domain in source.declared.domains:
        lines = "".join(f"  {_dbml_path(schema, name)}\n" for name in domain.tables)
        blocks.append(f"TableGroup {_dbml_name(domain.title)} {{\n{lines}}}\n")
    return "\n".join(blocks)


def mermaid_table(source: Source, name: str) -> str:
    """Returns a table, with those that it refers to and that refer to it, as a Mermaid diagram.

    Args:
        source: what the pages are made from.
        name: of the table.

    Raises:
        TicketSchemaError: there is no such table.
    """
    schema = source.schema
    table = schema.tables.get(name) or _missing("table", name, schema.tables)
    keys = {(one.table, one.name): one for one in (*table.foreign_keys, *table.referenced_by)}
    shown = [
        one
        for one in keys.values()
        if {one.schema, one.to_schema} == {schema.name}
        and {one.table, one.to_table} <= schema.tables.keys()
    ]
    near: dict[str, set[str]] = {}
    for key in shown:
        near.setdefault(key.table, set()).update(key.columns)
        near.setdefault(key.to_table, set()).update(key.to_columns)
    lines = ["erDiagram", *_mermaid_box(table, table.columns)]
    for other, columns in sorted(near.items()):
        if other != name:
            one = schema.tables[other]
            lines += _mermaid_box(one, [c for c in one.columns if c.name in columns])
    for key in sorted(shown, key=lambda one: (one.table, one.name)):
        child = schema.tables[key.table]
        parent = "|o" if is_optional(child, key.columns) else "||"
        many = "o|" if is_unique(child, key.columns) else "o{"
        lines.append(
            f"    {_mermaid_name(key.to_table)} {parent}--{many} {_mermaid_name(key.table)}"
            f" : {_mermaid_name(key.name)}"
        )
    return "\n".join(lines) + "\n"


def mermaid_states(source: Source, entity: str) -> str:
    """Returns a state machine as a Mermaid diagram.

    Args:
        source: what the pages are made from.
        entity: as `state_transitions` names it.

    Raises:
        TicketSchemaError: there is no such state machine.
    """
    found = machines(source)
    machine = found.get(entity) or _missing("state machine", entity, found)
    names = {
        state: state
        if _PLAIN.fullmatch(state) and state.lower() not in _MERMAID_WORDS
        else f"state{place}"
        for place, state in enumerate(machine.states)
    }
    lines = ["stateDiagram-v2", "    direction LR"]
    lines += [
        f'    state "{_mermaid_text(state)}" as {name}'
        for state, name in names.items()
        if state != name
    ]
    for one in machine.transitions:
        start = names[one.source] if one.source is not None else "[*]"
        reason = ", with a reason" if one.needs_reason else ""
        lines.append(
            f"    {start} --> {names[one.target]} : {_mermaid_text(machine.who(one))}{reason}"
        )
    lines += [f"    {names[one]} --> [*]" for one in machine.states if machine.is_final(one)]
    return "\n".join(lines) + "\n"


def tbls(source: Source) -> str:
    """Returns a schema as JSON in the shape of the `schema.json` that tbls writes.

    Args:
        source: what the pages are made from; its domains become viewpoints.
    """
    schema = source.schema
    facts = source.snapshot["objects"].get("schema", {}).get(schema.name, {})
    relations = [*schema.tables.values(), *schema.views.values()]
    made: dict[str, Any] = {
        "name": schema.name,
        "desc": facts.get("comment") or "",
        "tables": [_tbls_table(schema, one) for one in relations],
        "relations": [
            _tbls_relation(table, key)
            for table in schema.tables.values()
            for key in table.foreign_keys
            if key.to_schema == schema.name
        ],
        "functions": [_tbls_function(schema, one) for one in schema.functions.values()],
        "driver": {
            "name": "postgres",
            "database_version": f"PostgreSQL {source.snapshot['postgresql']}",
            "meta": {"current_schema": schema.name, "search_paths": [schema.name]},
        },
        "viewpoints": [
            {
                "name": one.title,
                "desc": one.line,
                "tables": [f"{schema.name}.{name}" for name in (*one.tables, *one.views)],
            }
            for one in source.declared.domains
        ],
    }
    return json.dumps(_told(made), indent=2, ensure_ascii=False) + "\n"


def _missing(kind: str, name: str, there: Iterable[str]) -> Any:
    near = get_close_matches(name, there, 3) or sorted(there)[:5]
    hint = f"Such as {', '.join(near)}." if near else f"This schema has no {kind}."
    raise TicketSchemaError(f"There is no {kind} {name}.", hint=hint, exit_code=Exit.USAGE)


def _dbml_table(schema: Schema, table: Relation) -> str:
    columns = "".join(f"  {_dbml_column(one)}\n" for one in table.columns)
    indexes = "".join(f"    {_dbml_index(table, one)}\n" for one in table.indexes)
    checks = "".join(
        f"    `{_dbml_check(one.definition)}` [name: {_dbml_text(one.name)}]\n"
        for one in table.constraints
        if one.kind == "check" and "`" not in one.definition
    )
    note = f"\n  Note: {_dbml_text(table.comment)}\n" if table.comment else ""
    return (
        f"Table {_dbml_path(schema, table.name)} {{\n{columns}"
        + (f"\n  indexes {{\n{indexes}  }}\n" if indexes else "")
        + (f"\n  checks {{\n{checks}  }}\n" if checks else "")
        + f"{note}}}\n"
    )


def _dbml_column(column: Column) -> str:
    settings = ["not null"] if column.not_null else []
    note = column.comment
    if column.identity:
        settings.append("increment")
    if column.default is not None and "`" not in column.default:
        settings.append(f"default: `{column.default}`")
    if column.generated is not None:
        note = f"{note} Generated: {column.generated}".strip()
    if note:
        settings.append(f"note: {_dbml_text(note)}")
    told = f" [{', '.join(settings)}]" if settings else ""
    kind = shortened(column.type)
    kind = kind if _DBML_TYPE.fullmatch(kind) else _dbml_name(kind)
    return f"{_dbml_name(column.name)} {kind}{told}"


def _dbml_index(table: Relation, index: Index) -> str:
    keys = ", ".join(_dbml_key(table, one) for one in index.keys)
    kinds = {one.name: one.kind for one in table.constraints}
    settings = []
    note = [index.comment] if index.comment else []
    if index.constraint and kinds.get(index.constraint) == "primary key":
        settings.append("pk")
    elif index.unique and index.predicate is None:
        settings.append("unique")
    if index.method in {"btree", "hash"}:
        settings.append(f"type: {index.method}")
    else:
        note.append(f"Method: {index.method}.")
    settings.append(f"name: {_dbml_text(index.name)}")
    if index.include:
        note.append(f"Includes {', '.join(index.include)}.")
    if index.predicate is not None:
        # DBML has no partial index; one that is unique among some rows must not say so of all.
        note.append(f"{'Unique, only' if index.unique else 'Only'} WHERE {index.predicate}.")
    if note:
        settings.append(f"note: {_dbml_text(' '.join(note))}")
    return f"({keys}) [{', '.join(settings)}]"


def _dbml_key(table: Relation, key: str) -> str:
    name = key[1:-1].replace('""', '"') if key.startswith('"') and key.endswith('"') else key
    return _dbml_name(name) if table.column(name) else f"`{key}`"


def _dbml_check(definition: str) -> str:
    found = re.fullmatch(r"CHECK \((.*)\)(?: NO INHERIT)?(?: NOT VALID)?", definition, re.DOTALL)
    return " ".join((found[1] if found else definition).split())


def _dbml_reference(schema: Schema, table: Relation, key: ForeignKey) -> str:
    sign = "-" if is_unique(table, key.columns) else ">"
    columns, to_columns = (
        ", ".join(map(_dbml_name, names)) for names in (key.columns, key.to_columns)
    )
    return (
        f"Ref {_dbml_name(key.name)} {{\n"
        f"  {_dbml_path(schema, key.table)}.({columns})"
        f" {sign} {_dbml_path(schema, key.to_table)}.({to_columns})"
        f" [delete: {key.on_delete.lower()}, update: {key.on_update.lower()}]\n}}\n"
    )


def _dbml_path(schema: Schema, name: str) -> str:
    return f"{_dbml_name(schema.name)}.{_dbml_name(name)}"


def _dbml_name(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _dbml_text(text: str) -> str:
    escaped = " ".join(text.split()).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _mermaid_box(table: Relation, columns: Iterable[Column]) -> list[str]:
    lines = []
    for one in columns:
        keys = ["PK"] if one.name in table.primary_key else []
        if any(one.name in key.columns for key in table.foreign_keys):
            keys.append("FK")
        if any(i.unique and i.predicate is None and i.keys == [one.name] for i in table.indexes):
            keys.append("UK")
        comment = f' "{_mermaid_comment(one.comment)}"' if one.comment else ""
        told = f" {', '.join(keys)}" if keys else ""
        lines.append(f"        {_mermaid_type(one.type)} {_word(one.name)}{told}{comment}")
    return [f"    {_mermaid_name(table.name)} {{", *lines, "    }"]


def _mermaid_type(name: str) -> str:
    """Returns a type in the one word that Mermaid takes."""
    word = re.sub(r"[^A-Za-z0-9_(),\[\].]+", "_", shortened(name).replace(", ", ","))
    return word if word[:1].isalpha() else f"t_{word}"


def _mermaid_name(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else f'"{_mermaid_text(name)}"'


def _word(name: str) -> str:
    word = re.sub(r"\W", "_", name, flags=re.ASCII)
    return word if word[:1].isalpha() else f"c_{word}"


def _mermaid_comment(comment: str) -> str:
    return summary(comment).replace('"', "'")


def _mermaid_text(text: str) -> str:
    """Returns text without what ends one in Mermaid, which knows no escape for it."""
    return re.sub(r'[";{}%\\#<>:]', "'", " ".join(text.split()))


def _tbls_table(schema: Schema, relation: Relation) -> dict[str, Any]:
    name = f"{schema.name}.{relation.name}"
    return {
        "name": name,
        "type": _TBLS_KINDS.get(relation.kind, relation.kind.upper()),
        "comment": relation.comment,
        "columns": [
            {
                "name": one.name,
                "type": one.type,
                "nullable": not one.not_null,
                "default": one.default,
                "extra_def": f"GENERATED ALWAYS AS {one.generated}" if one.generated else "",
                "comment": one.comment,
            }
            for one in relation.columns
        ],
        "indexes": [
            {
                "name": one.name,
                "def": one.definition,
                "table": name,
                "columns": [*one.keys, *one.include],
                "comment": one.comment,
            }
            for one in relation.indexes
        ],
        "constraints": _tbls_constraints(schema, relation),
        "triggers": [
            {"name": one.name, "def": one.definition, "comment": one.comment}
            for one in relation.triggers
        ],
        "def": f"CREATE {relation.kind.upper()} {relation.name} AS (\n{relation.query}\n)"
        if relation.query
        else "",
        "referenced_tables": list(
            dict.fromkeys(f"{one['schema']}.{one['table']}" for one in relation.reads)
        ),
    }


def _tbls_constraints(schema: Schema, relation: Relation) -> list[dict[str, Any]]:
    keys = {one.name: one for one in relation.foreign_keys}
    return [
        {
            "name": one.name,
            "type": one.kind.upper(),
            "def": one.definition,
            "table": f"{schema.name}.{relation.name}",
            "referenced_table": f"{keys[one.name].to_schema}.{keys[one.name].to_table}"
            if one.name in keys
            else "",
            "columns": one.columns,
            "referenced_columns": keys[one.name].to_columns if one.name in keys else [],
            "comment": one.comment,
        }
        for one in relation.constraints
    ]


def _tbls_relation(table: Relation, key: ForeignKey) -> dict[str, Any]:
    definition = next((o.definition for o in table.constraints if o.name == key.name), "")
    return {
        "table": f"{key.schema}.{key.table}",
        "columns": key.columns,
        "cardinality": "zero_or_one" if is_unique(table, key.columns) else "zero_or_more",
        "parent_table": f"{key.to_schema}.{key.to_table}",
        "parent_columns": key.to_columns,
        "parent_cardinality": "zero_or_one" if is_optional(table, key.columns) else "exactly_one",
        "def": definition,
    }


def _tbls_function(schema: Schema, function: Function) -> dict[str, str]:
    inputs = [one for one in function.arguments if one.mode != "table"]
    arguments = [
        " ".join(filter(None, ["" if one.mode == "in" else one.mode.upper(), one.name, one.type]))
        + (f" DEFAULT {one.default}" if one.default is not None else "")
        for one in inputs
    ]
    return {
        "name": f"{schema.name}.{function.name}",
        "return_type": function.returns or "void",
        "arguments": ", ".join(arguments),
        "type": function.kind.upper(),
    }


# Where these are empty, tbls leaves them out.
_OPTIONAL = frozenset(
    {"comment", "constraints", "def", "default", "desc", "extra_def", "functions", "indexes"}
    | {"referenced_columns", "referenced_table", "referenced_tables", "relations", "triggers"}
    | {"viewpoints"}
)


def _told(made: Any) -> Any:
    """Returns data without what is empty and may be left out."""
    if isinstance(made, dict):
        # The `def` of an index or a constraint must be there, and it never is empty.
        return {
            name: _told(one)
            for name, one in made.items()
            if name not in _OPTIONAL or one not in ("", None, [])
        }
    return [_told(one) for one in made] if isinstance(made, list) else made
