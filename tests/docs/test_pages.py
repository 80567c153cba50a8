"""What the pages show, that their links lead somewhere, and that they are the same everywhere."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from ticket_schema.docs import build, example, markdown, snapshot
from ticket_schema.docs.model import Source
from ticket_schema.docs.snapshot import Snapshot, canonical
from ticket_schema.gate.scratch import Scratch, scratch

from .conftest import DOCS

_CODE = re.compile(r"```.*?```", re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def _headings(text: str) -> list[str]:
    found = re.findall(r"^#+ (.*)$", _CODE.sub("", text), re.MULTILINE)
    return [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", one).replace("\\", "") for one in found]


def test_links_lead_to_pages_and_headings_that_are_there(rendered: dict[str, str]) -> None:
    anchors = {
        path: {markdown.anchor(one) for one in _headings(text)}
        for path, text in rendered.items()
        if path.endswith(".md")
    }
    outside = {
        f"../{file.name}": {markdown.anchor(one) for one in _headings(file.read_text("utf-8"))}
        for file in DOCS.glob("*.md")
    }
    pictures = {path.removesuffix("dot") + "svg" for path in rendered if path.endswith(".dot")}
    dead = []
    for path in anchors:
        for link in _LINK.findall(_CODE.sub("", rendered[path])):
            target, _, anchor = link.partition("#")
            where = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            there = {**anchors, **outside}.get(path if not target else where)
            if where in pictures or target.startswith("https:"):
                continue
            if there is None or (anchor and anchor not in there):
                dead.append(f"{path}: {link}")

    assert len(anchors) > len(rendered) / 2
    assert dead == []


def test_headings_of_a_page_differ(rendered: dict[str, str]) -> None:
    for path, text in rendered.items():
        if path.endswith(".md"):
            anchors = [markdown.anchor(one) for one in _headings(text)]
            assert len(anchors) == len(set(anchors)), path


def test_each_page_says_what_made_it(rendered: dict[str, str], head: Snapshot) -> None:
    for path, text in rendered.items():
        if path.endswith(".md"):
            assert text.endswith(markdown.footer(head["postgresql"])), path
            assert text.count(markdown.GENERATED) == 1, path


def test_each_object_stands_on_its_page(source: Source, rendered: dict[str, str]) -> None:
    for table in source.schema.tables.values():
        text = rendered[f"tables/{table.name}.md"]
        for part in ("columns", "constraints", "indexes", "triggers", "policies"):
            for one in getattr(table, part):
                assert f"| `{one.name}` |" in text, (table.name, one.name)
        for key in (*table.foreign_keys, *table.referenced_by):
            assert f"| `{key.name}` |" in text
    for view in source.schema.views:
        assert f"views/{view}.md" in rendered
    for function in source.schema.functions.values():
        assert function.body.strip() in rendered[f"functions/{function.name}.md"]


def test_two_servers_give_the_same_bytes(head: Snapshot, rendered: dict[str, str]) -> None:
    with scratch() as server:
        again = build.from_scratch(server)

    assert canonical(again) == canonical(head)
    assert build.render(build.source(again, DOCS / "schema")) == rendered


def test_no_page_depends_on_the_order_of_the_rows(
    pinned: Scratch, head_database: str, rendered: dict[str, str]
) -> None:
    with pinned.connect(head_database) as connection:
        # Joins by hashing and by sorting give rows in other orders.
        connection.execute("SET enable_hashjoin = off; SET enable_nestloop = off")
        again = snapshot.read(connection)

    assert build.render(build.source(again, DOCS / "schema")) == rendered
    kept = json.loads(rendered[build.SCHEMA_FILE])
    assert build.render(build.source(kept, DOCS / "schema")) == rendered


def test_every_example_is_a_call_that_the_server_accepts(
    at_head: psycopg.Connection, source: Source
) -> None:
    tried = 0
    for function in source.schema.functions.values():
        text = example.call(function, source.schema.name)
        assert bool(text) != function.is_trigger
        if text:
            # Not run: names and types of the arguments have to fit.
            at_head.execute(f"PREPARE tried AS {text}".encode())
            at_head.execute("DEALLOCATE tried")
            tried += 1

    assert tried > len(source.schema.functions) / 2


SHOP = """
CREATE TYPE mood AS ENUM ('bad', 'good');
CREATE DOMAIN cents AS bigint CONSTRAINT positive CHECK (VALUE >= 0);
CREATE TABLE "Order" (id int PRIMARY KEY, total cents NOT NULL, how mood) PARTITION BY RANGE (id);
CREATE TABLE order_low PARTITION OF "Order" FOR VALUES FROM (0) TO (9);
CREATE TABLE "a|b*c" (id int REFERENCES "Order" ON DELETE SET NULL, note text);
CREATE FUNCTION add(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT a + b';
CREATE FUNCTION add(a text) RETURNS text LANGUAGE sql AS 'SELECT a';
CREATE PROCEDURE tidy("Days" int) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM shop.order_low; END $$;
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
CREATE VIEW cheap AS SELECT id FROM "Order" WHERE total < 9;
CREATE MATERIALIZED VIEW kept AS SELECT id FROM "Order";
ALTER TABLE "Order" ENABLE ROW LEVEL SECURITY;
CREATE POLICY nobody ON "Order" USING (FALSE);
COMMENT ON TABLE "Order" IS 'A line | with <b>, `ticks` and *stars*.';
"""


def test_a_schema_of_somebody_else_has_thinner_pages(foreign: Callable[[str], Source]) -> None:
    source = foreign(SHOP)
    made = build.render(source)

    orders = made[next(path for path in made if path.startswith("tables/order-"))]
    assert "`RANGE (id)`" in orders
    assert r"A line \| with \<b>, `ticks` and \*stars\*." in orders
    assert "its policies do nothing" not in orders
    assert "**not forced**" in orders
    assert "SET NULL" in orders
    both = made["functions/add.md"]
    assert "2 functions have this name." in both
    assert "## add(a integer, b integer)" in both
    assert 'CALL shop.tidy(\n    "Days" => 1\n);' in made["functions/tidy.md"]
    assert "aggregate" in made["functions/total.md"]
    assert "`positive` `CHECK ((VALUE >= 0))`" in made["objects.md"]
    assert "`bad`, `good`" in made["objects.md"]
    assert "materialized view" in made["views/kept.md"]
    assert "order_low" not in made["README.md"]
    assert "rows" not in made["README.md"].partition("## Tables")[0]


def test_a_hand_written_file_is_left_alone(rendered: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path
    first = build.write(folder, rendered)
    (folder / "notes.md").write_text("By hand.\n", encoding="utf-8")
    (folder / "tables" / "gone.md").write_text(f"# gone\n\n{markdown.footer(18)}", encoding="utf-8")

    second = build.write(folder, rendered)

    assert len(first.changed) == len(rendered)
    assert (second.changed, second.removed) == ([], ["tables/gone.md"])
    assert (folder / "notes.md").read_text(encoding="utf-8") == "By hand.\n"


@pytest.mark.parametrize(
    ("text", "anchor"),
    [("Who may do what", "who-may-do-what"), ("`TK001` a_b", "tk001-a_b"), ("a (b)", "a-b")],
)
def test_anchors_are_those_of_a_forge(text: str, anchor: str) -> None:
    assert markdown.anchor(text) == anchor


def test_what_an_extension_brought_is_left_out(database: psycopg.Connection) -> None:
    database.execute("CREATE SCHEMA shop")
    database.execute("CREATE TABLE shop.lines (id int)")
    before = snapshot.read(database, "shop")
    database.execute("CREATE EXTENSION vector SCHEMA shop")

    assert snapshot.read(database, "shop") == before


def test_a_right_that_no_policy_lets_at_a_row_is_no_yes(rendered: dict[str, str]) -> None:
    page = rendered["tables/orders.md"]

    assert "| `ticketing_owner` | **yes** | **yes** | **yes** | no row | **yes** |" in page
    assert "No row: granted, and no policy lets the role at one." in page


def test_a_function_tells_what_others_lock_and_read_for_it(
    foreign: Callable[[str], Source],
) -> None:
    source = foreign(
        "CREATE TABLE a (id int); CREATE TABLE b (id int);"
        "CREATE FUNCTION take() RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM FROM shop.a FOR UPDATE; LOCK TABLE shop.b IN SHARE MODE;"
        " PERFORM pg_advisory_xact_lock(7); EXECUTE current_setting('x.y'); END $$;"
        "CREATE FUNCTION outer_one() RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM shop.take(); RAISE serialization_failure; END $$"
    )

    text = build.render(source)["functions/outer_one.md"]

    own, _, through = text.partition("What it calls and the triggers that it sets off may do")
    assert "| `40001` | `serialization_failure` |" in own
    assert "| [`a`](../tables/a.md) | yes |  | FOR UPDATE |" in through
    assert "| [`b`](../tables/b.md) |  |  | LOCK TABLE SHARE |" in through
    assert "- the lock `pg_advisory_xact_lock(7)`" in through
    assert "- what is not seen in [`take`](take.md)" in through


def test_sql_on_the_pages_quotes_the_names_that_need_it(foreign: Callable[[str], Source]) -> None:
    source = foreign(
        'CREATE TABLE "My Table" ("A b" int, CONSTRAINT "over 1" CHECK ("A b" > 1))'
        ' PARTITION BY RANGE ("A b");'
        'CREATE TABLE "Low " PARTITION OF "My Table" FOR VALUES FROM (0) TO (9);'
        'CREATE POLICY "order" ON "My Table" USING (TRUE);'
        'CREATE FUNCTION "To do"("user" int, int) RETURNS int LANGUAGE sql AS \'SELECT 1\''
    )
    made = build.render(source)

    table = made[next(path for path in made if path.startswith("tables/my-table"))]
    function = made[next(path for path in made if path.startswith("functions/to-do"))]
    assert 'CREATE POLICY "order" ON shop."My Table"\n' in table
    assert 'CONSTRAINT "over 1" CHECK' in table
    assert re.search(r"\| Partitions and heirs \| \[`Low`\]\(low-\w+\.md\) \|", table)
    assert 'shop."To do"(\n    "user" integer,\n    integer\n)' in function


@pytest.mark.parametrize("start", ["# a", "- a", "+ a", "> a", "1. a", "12) a", "~~a~~", "&lt;"])
def test_a_comment_is_shown_as_it_is(foreign: Callable[[str], Source], start: str) -> None:
    source = foreign(f"CREATE TABLE lines (id int); COMMENT ON TABLE lines IS '{start}'")

    shown = build.render(source)["tables/lines.md"].splitlines()[2]

    assert shown != start
    assert shown.replace("\\", "") == start


def test_no_object_takes_the_page_of_its_folder(foreign: Callable[[str], Source]) -> None:
    source = foreign(
        "CREATE TABLE index (id int); CREATE TABLE readme (id int);"
        "CREATE FUNCTION readme() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    )
    made = build.render(source)

    assert sum(path.startswith("tables/") for path in made) == 2
    special = [path for path in made if re.search(r"/(index|readme)\.", path, re.IGNORECASE)]
    assert special == ["functions/README.md"]
