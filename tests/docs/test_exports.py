"""Exports, read back by parsers: of their own, or by a grammar that is no wider than theirs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydbml import PyDBML
from pydbml.database import Database as Dbml

from support.command import run
from ticket_schema.docs import exports
from ticket_schema.docs.declared import Declared
from ticket_schema.docs.machines import machines
from ticket_schema.docs.model import Source
from ticket_schema.errors import Exit, TicketSchemaError

CHECKS = re.compile(r"\n  checks \{\n((?:    `[^`\n]+` \[name: '(?:[^'\\\n]|\\.)+'\]\n)+)  \}\n")

# Mermaid's grammar is wider; a type or a name in it has no space, and no comment a double quote.
BOX = re.compile(
    r"    (?P<name>\w+) \{\n"
    r"(?P<rows>(?:        [a-z]\w*(?:\(\d+(?:,\d+)?\))?(?:\[\])* [a-z]\w*"
    r"(?: (?:PK|FK|UK)(?:, (?:FK|UK))*)?(?: \"[^\"\n]+\")?\n)*)"
    r"    \}\n"
)
LINE = re.compile(r"    (?P<parent>\w+) (?:\|\||\|o)--(?:o\{|o\|) (?P<child>\w+) : (?P<key>\w+)\n")
STEP = re.compile(r"    (\[\*\]|\w+) --> (\[\*\]|\w+)(?: : ([a-z]+(?:[ ,]+[a-z]+)*))?\n")


@pytest.fixture(scope="module")
def dbml(source: Source) -> str:
    return exports.dbml(source)


@pytest.fixture(scope="module")
def parsed(dbml: str) -> Dbml:
    # The parser knows no checks yet; DBML has them.
    return PyDBML(CHECKS.sub("\n", dbml))


@pytest.fixture(scope="module")
def tbls(source: Source) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(exports.tbls(source))
    return made


def test_dbml_has_every_table_with_its_columns(source: Source, parsed: Dbml) -> None:
    assert {one.name for one in parsed.tables} == set(source.schema.tables)
    for table in source.schema.tables.values():
        found = parsed[f"ticketing.{table.name}"]
        assert [one.name for one in found.columns] == [one.name for one in table.columns]
        for column, wanted in zip(found.columns, table.columns, strict=True):
            assert column.not_null == wanted.not_null, (table.name, wanted.name)
            assert wanted.comment in column.note.text
            assert (column.default is None) == (wanted.default is None)
            assert column.autoinc == (wanted.identity is not None)
        assert found.note.text == " ".join(table.comment.split())


def test_dbml_has_every_foreign_key_with_its_columns(source: Source, parsed: Dbml) -> None:
    wanted = {
        (key.table, *key.columns, key.to_table, *key.to_columns, key.on_delete.lower())
        for table in source.schema.tables.values()
        for key in table.foreign_keys
    }
    assert len(wanted) > 100
    assert wanted == {
        (
            *(ref.col1[0].table.name, *(one.name for one in ref.col1)),
            *(ref.col2[0].table.name, *(one.name for one in ref.col2)),
            ref.on_delete,
        )
        for ref in parsed.refs
    }


def test_dbml_calls_unique_what_is_unique_among_all_rows(parsed: Dbml) -> None:
    indexes = {one.name: one for table in parsed.tables for one in table.indexes}
    assert indexes["pk_tickets"].pk
    assert indexes["uq_tickets_ticket_number"].unique
    partial = indexes["uq_refunds_one_live_per_ticket"]
    assert not partial.unique
    assert "Unique, only WHERE" in partial.note.text
    assert "Method: gin." in indexes["idx_tickets_search_vector"].note.text


def test_dbml_has_every_check(source: Source, dbml: str) -> None:
    names = re.findall(r"\[name: '(\w+)'\]", "".join(CHECKS.findall(dbml)))
    assert sorted(names) == sorted(
        one.name
        for table in source.schema.tables.values()
        for one in table.constraints
        if one.kind == "check"
    )
    assert "`((quantity > 0))`" not in dbml


def test_dbml_groups_tables_by_domain(source: Source, parsed: Dbml) -> None:
    assert {one.name for one in parsed.table_groups} == {d.title for d in source.declared.domains}
    bare = exports.dbml(replace(source, declared=Declared()))
    assert "TableGroup" not in bare


def test_mermaid_of_every_table_keeps_to_the_grammar(source: Source) -> None:
    for table in source.schema.tables.values():
        text = exports.mermaid_table(source, table.name)
        rest = text.removeprefix("erDiagram\n")
        boxes = {one["name"]: one["rows"] for one in BOX.finditer(rest)}
        lines = [(one["child"], one["key"]) for one in LINE.finditer(rest)]
        assert LINE.sub("", BOX.sub("", rest)) == "", table.name
        near = [*table.foreign_keys, *table.referenced_by]
        assert set(lines) == {(key.table, key.name) for key in near}
        assert set(boxes) == {table.name} | {k.table for k in near} | {k.to_table for k in near}
        assert len(boxes[table.name].splitlines()) == len(table.columns)


def test_mermaid_has_types_in_one_word_and_keys(source: Source) -> None:
    text = exports.mermaid_table(source, "orders")
    assert re.search(r"^        timestamptz created_at ", text, re.MULTILINE)
    assert re.search(r"^        uuid tenant_id PK, FK ", text, re.MULTILINE)
    assert "    orders |o--o| holds : fk_holds_order_id\n" in text
    assert "    orders ||--o{ payments : fk_payments_order_id\n" in text


def test_mermaid_has_no_quotes_within_quotes(source: Source) -> None:
    columns = source.snapshot["objects"]["column"]
    odd = {**columns["orders.status"], "comment": 'The "state" of it; see: there.'}
    objects = {**source.snapshot["objects"], "column": {**columns, "orders.status": odd}}
    text = exports.mermaid_table(Source({**source.snapshot, "objects": objects}), "orders")
    assert "        text status \"The 'state' of it; see: there.\"\n" in text


def test_mermaid_of_every_state_machine_has_each_transition(source: Source) -> None:
    for machine in machines(source).values():
        text = exports.mermaid_states(source, machine.entity)
        rest = text.removeprefix("stateDiagram-v2\n    direction LR\n")
        steps = STEP.findall(rest)
        assert STEP.sub("", rest) == ""
        wanted = [(one.source or "[*]", one.target) for one in machine.transitions]
        wanted += [(one, "[*]") for one in machine.states if machine.is_final(one)]
        assert [step[:2] for step in steps] == wanted
    text = exports.mermaid_states(source, "ticket")
    assert "    active --> revoked : system, admin, with a reason\n" in text
    assert "    [*] --> available : anyone\n" in text
    assert "    used --> [*]\n" in text


def test_mermaid_renames_states_that_it_would_misread(source: Source) -> None:
    row = {
        "entity": "job",
        "from_status": "on hold",
        "to_status": "end",
        "requires_reason": False,
        "actor_types": ["user"],
        "description": "",
    }
    odd = Source({**source.snapshot, "transitions": [row]})
    text = exports.mermaid_states(odd, "job")
    assert '    state "on hold" as state1\n' in text
    assert '    state "end" as state0\n' in text
    assert "    state1 --> state0 : anyone\n" in text


TBLS: dict[str, tuple[set[str], set[str]]] = {
    # What must be there, and what may be, by the JSON schema that tbls publishes.
    "schema": (
        {"tables"},
        {"name", "desc", "relations", "functions", "enums", "driver", "labels", "viewpoints"},
    ),
    "table": (
        {"name", "type", "columns"},
        {"comment", "indexes", "constraints", "triggers", "def", "labels", "referenced_tables"},
    ),
    "column": ({"name", "type", "nullable"}, {"default", "extra_def", "labels", "comment"}),
    "index": ({"name", "def", "table", "columns"}, {"comment"}),
    "constraint": (
        {"name", "type", "def", "table", "columns"},
        {"referenced_table", "referenced_columns", "comment"},
    ),
    "trigger": ({"name", "def"}, {"comment"}),
    "relation": (
        {"table", "columns", "parent_table", "parent_columns", "def"},
        {"cardinality", "parent_cardinality", "virtual"},
    ),
    "function": ({"name", "return_type", "arguments", "type"}, set()),
    "driver": ({"name"}, {"database_version", "meta"}),
    "viewpoint": ({"name", "desc"}, {"labels", "tables", "distance", "groups"}),
}


def holds_to(kind: str, made: dict[str, Any]) -> None:
    must, may = TBLS[kind]
    assert must <= made.keys() <= must | may, (kind, made)
    for name in ("name", "type", "def", "comment", "desc", "table", "return_type", "arguments"):
        assert isinstance(made.get(name, ""), str), (kind, name)


def test_tbls_holds_to_its_schema(tbls: dict[str, Any]) -> None:
    holds_to("schema", tbls)
    holds_to("driver", tbls["driver"])
    for kind in ("relation", "function", "viewpoint"):
        for one in tbls[f"{kind}s"]:
            holds_to(kind, one)
    for table in tbls["tables"]:
        holds_to("table", table)
        for kind, parts in (
            ("column", "columns"),
            ("index", "indexes"),
            ("constraint", "constraints"),
            ("trigger", "triggers"),
        ):
            for one in table.get(parts, []):
                holds_to(kind, one)


def test_tbls_leaves_out_what_is_empty(tbls: dict[str, Any]) -> None:
    table = next(one for one in tbls["tables"] if one["name"] == "ticketing.orders")
    assert "def" not in table
    assert "referenced_tables" not in table
    columns = {one["name"]: one for one in table["columns"]}
    assert "default" not in columns["user_id"]
    assert columns["status"]["default"] == "'pending'::text"


def test_tbls_finds_what_its_relations_name(tbls: dict[str, Any]) -> None:
    columns = {one["name"]: {c["name"] for c in one["columns"]} for one in tbls["tables"]}
    assert len(tbls["relations"]) > 100
    for one in tbls["relations"]:
        assert set(one["columns"]) <= columns[one["table"]]
        assert set(one["parent_columns"]) <= columns[one["parent_table"]]
        assert one["cardinality"] in {"zero_or_one", "zero_or_more"}
        assert one["parent_cardinality"] in {"exactly_one", "zero_or_one"}
        assert one["def"].startswith("FOREIGN KEY")
    for view in tbls["viewpoints"]:
        assert set(view["tables"]) <= columns.keys()


def test_tbls_has_views_functions_and_triggers(source: Source, tbls: dict[str, Any]) -> None:
    tables = {one["name"]: one for one in tbls["tables"]}
    assert len(tables) == len(source.schema.tables) + len(source.schema.views)
    view = tables["ticketing.ticket_type_availability"]
    assert view["type"] == "VIEW"
    assert view["def"].startswith("CREATE VIEW ticket_type_availability AS (")
    assert "ticketing.ticket_inventory" in view["referenced_tables"]
    tickets = tables["ticketing.tickets"]
    assert len(tickets["triggers"]) == len(source.schema.tables["tickets"].triggers)
    assert len(tbls["functions"]) == len(source.schema.functions)
    scan = next(o for o in tbls["functions"] if o["name"] == "ticketing.record_scan_attempt")
    assert "uuid" in scan["arguments"]


@pytest.mark.parametrize(
    ("make", "name", "hint"),
    [
        (exports.mermaid_table, "ticket", "tickets"),
        (exports.mermaid_states, "tickets", "ticket"),
    ],
)
def test_a_name_that_is_not_there_brings_one_that_is(
    source: Source, make: Any, name: str, hint: str
) -> None:
    with pytest.raises(TicketSchemaError) as caught:
        make(source, name)
    assert caught.value.exit_code == Exit.USAGE
    assert hint in (caught.value.hint or "")


def test_the_same_schema_gives_the_same_bytes(source: Source, dbml: str) -> None:
    again = Source(json.loads(json.dumps(source.snapshot)), declared=source.declared)
    assert exports.dbml(again) == dbml
    assert exports.tbls(again) == exports.tbls(source)


def test_the_command_writes_a_file_or_prints(head_url: str, source: Source, tmp_path: Path) -> None:
    told = ("docs", "export", "--url", head_url, "--format")
    printed = run(*told, "mermaid", "--entity", "refund")
    assert (printed.code, printed.stdout) == (0, exports.mermaid_states(source, "refund"))
    file = tmp_path / "new" / "orders.mmd"
    written = run(*told, "mermaid", "--table", "orders", "--output", str(file))
    assert written.code == 0, written
    assert file.read_text("utf-8") == exports.mermaid_table(source, "orders")
    assert json.loads(run(*told, "tbls").stdout)["driver"]["name"] == "postgres"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--format", "plantuml"), "no format plantuml"),
        (("--format", "mermaid"), "one table or one state machine"),
        (("--format", "mermaid", "--table", "a", "--entity", "b"), "one table or one state"),
        (("--format", "dbml", "--table", "tickets"), "the other formats all tables"),
        (("--format", "mermaid", "--table", "ticket"), "no table ticket"),
    ],
)
def test_the_command_refuses_what_it_cannot_show(
    head_url: str, arguments: tuple[str, ...], says: str
) -> None:
    done = run("docs", "export", "--url", head_url, *arguments)
    assert says in done.refusal(Exit.USAGE)
