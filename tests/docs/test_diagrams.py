"""Pictures: what they show, that they are drawn alike each time, and where their boxes lead."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from support.pictures import edges, nodes
from ticket_schema.docs import diagrams, dot
from ticket_schema.docs.declared import Declared
from ticket_schema.docs.machines import machines
from ticket_schema.docs.model import Source, Trigger, table_page

WHOLE = diagrams.WHOLE.replace(".svg", ".dot")


@pytest.fixture(scope="module")
def dots(source: Source) -> dict[str, str]:
    return diagrams.dots(source)


def of_table(dots: dict[str, str], name: str) -> str:
    return dots[f"diagrams/tables/{name}.dot"]


def test_the_whole_shows_every_table_once(source: Source, dots: dict[str, str]) -> None:
    assert sorted(nodes(dots[WHOLE])) == sorted(source.schema.tables)


def test_the_whole_shows_every_foreign_key_but_the_tenants(
    source: Source, dots: dict[str, str]
) -> None:
    expected = sorted(
        (key.table, key.to_table)
        for table in source.schema.tables.values()
        for key in table.foreign_keys
        if key.to_table != "tenants"
    )
    assert len(expected) > 50
    assert sorted(edges(dots[WHOLE])) == expected


def test_the_whole_says_what_it_leaves_out(dots: dict[str, str]) -> None:
    assert "Not drawn: tenant_id, by which nearly every table refers to tenants." in dots[WHOLE]
    assert ">tenant_id<" not in dots[WHOLE]


def test_each_domain_has_its_picture_and_its_colour(source: Source, dots: dict[str, str]) -> None:
    assert source.declared.domains
    for domain in source.declared.domains:
        text = dots[diagrams.domain_picture(domain.key).replace(".svg", ".dot")]
        assert set(domain.tables) <= set(nodes(text))
    heads = set(re.findall(r'PORT="head"[^>]*BGCOLOR="(#\w+)"', dots[WHOLE]))
    assert len(heads) == min(len(source.declared.domains), len(dot.SHADES))


def test_a_table_stands_between_those_that_it_refers_to_and_those_that_refer_to_it(
    source: Source, dots: dict[str, str]
) -> None:
    text = of_table(dots, "orders")
    orders = source.schema.tables["orders"]
    near = {key.to_table for key in orders.foreign_keys} - {"tenants"}
    near |= {key.table for key in orders.referenced_by}
    assert set(nodes(text)) == near | {"orders"}
    for column in orders.columns:
        assert re.search(rf">(<B>)?{column.name}(</B>)?<", text), column.name


def test_what_every_table_refers_to_is_not_buried_under_them(dots: dict[str, str]) -> None:
    assert set(nodes(of_table(dots, "tenants"))) == {"tenants", "*all*"}
    assert re.search(r"\d\d tables refer to it by tenant_id", of_table(dots, "tenants"))


def test_the_ends_of_a_line_say_how_many(dots: dict[str, str]) -> None:
    def ends(table: str, column: str) -> tuple[str, str]:
        (line,) = [x for x in of_table(dots, table).splitlines() if f"_{column}: {table} (" in x]
        head, tail = (re.search(rf'{end}="(\w+)"', line) for end in ("arrowhead", "arrowtail"))
        assert head is not None
        assert tail is not None
        return head[1], tail[1]

    assert ends("payments", "order_id") == ("tee", "crow")
    assert ends("tickets", "user_id") == ("teeodot", "crow")
    # Unique where it has a value, which is when it refers to something at all.
    assert ends("tickets", "replaces_ticket_id") == ("teeodot", "tee")
    # Unique among some rows alone.
    assert ends("refunds", "ticket_id") == ("teeodot", "crow")


def test_every_line_begins_and_ends_at_a_port_that_is_there(dots: dict[str, str]) -> None:
    for path, text in dots.items():
        ports = nodes(text)
        for child, port, parent in re.findall(r'"([^"]+)":(\w+):w -> "([^"]+)":head:e', text):
            assert port in ports[child], (path, child, port)
            assert "head" in ports[parent], (path, parent)


def test_boxes_lead_to_pages_that_are_made(rendered: dict[str, str]) -> None:
    count = 0
    for path, text in rendered.items():
        if path.endswith(".dot"):
            for link in re.findall(r'URL="([^"]+)"', text):
                assert posixpath.normpath(f"{posixpath.dirname(path)}/{link}") in rendered
                count += 1
    assert count > 200


def test_pages_show_the_pictures_and_link_to_them(rendered: dict[str, str]) -> None:
    for page, picture in (
        ("README.md", diagrams.WHOLE),
        ("tables/tickets.md", diagrams.table_picture("tickets")),
        ("states/ticket.md", diagrams.state_picture("ticket")),
        ("pictures.md", diagrams.domain_picture("tickets")),
    ):
        relative = posixpath.relpath(picture, posixpath.dirname(page) or ".")
        assert re.search(rf"\[!\[[^\]]{{10,}}\]\({relative}\)\]\({relative}\)", rendered[page])
        assert picture.replace(".svg", ".dot") in rendered


def test_no_picture_is_made_that_no_page_shows(rendered: dict[str, str]) -> None:
    shown = {
        posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
        for page, text in rendered.items()
        for link in re.findall(r"!\[[^\]]*\]\(([^)]+\.svg)\)", text)
    }
    dots = {path for path in rendered if path.endswith(".dot")}
    assert {path.replace(".dot", ".svg") for path in dots} == shown


def test_a_state_machine_shows_each_transition_once(source: Source, dots: dict[str, str]) -> None:
    found = machines(source)
    assert len(found) > 10
    for machine in found.values():
        text = dots[diagrams.state_picture(machine.entity).replace(".svg", ".dot")]
        told = sorted((one.source or "*new*", one.target) for one in machine.transitions)
        assert sorted(edges(text)) == told
        assert set(nodes(text)) == {*machine.states, "*new*"}


def test_a_state_machine_marks_ends_reasons_and_actors(dots: dict[str, str]) -> None:
    text = dots["diagrams/states/ticket.dot"]
    assert re.search(r'^ *"used" .*peripheries=2', text, re.MULTILINE)
    assert re.search(r'^ *"sold" .*peripheries=1', text, re.MULTILINE)
    (revoked,) = re.findall(r'^ *"active" -> "revoked" .*$', text, re.MULTILINE)
    assert "system, admin<" in revoked
    assert 'style="dashed"' in revoked
    (scanned,) = re.findall(r'^ *"active" -> "checked_in" .*$', text, re.MULTILINE)
    assert ">anyone<" in scanned
    assert "dashed" not in scanned
    assert "double border: final" in text


def test_ways_back_go_from_the_top_to_the_foot(dots: dict[str, str]) -> None:
    ticket = re.findall(r'"(\w+)":n -> "(\w+)":s', dots["diagrams/states/ticket.dot"])
    assert sorted(ticket) == [
        ("checked_in", "active"),
        ("checked_in", "transferred"),
        ("minted", "sold"),
        ("reserved", "available"),
        ("transferred", "active"),
    ]


def test_the_same_schema_gives_the_same_bytes(source: Source, dots: dict[str, str]) -> None:
    shuffled = {
        kind: dict(reversed(list(facts.items())))
        for kind, facts in source.snapshot["objects"].items()
    }
    again = Source({**source.snapshot, "objects": shuffled}, declared=source.declared)
    assert diagrams.dots(again) == dots


def test_every_colour_has_one_for_the_dark(dots: dict[str, str]) -> None:
    used = {colour for text in dots.values() for colour in re.findall(r'"(#\w+)"', text)}
    assert used <= dot.DARK.keys()
    assert len({*dot.DARK, *dot.DARK.values()}) == 2 * len(dot.DARK)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrasts() -> Iterator[tuple[str, str, float]]:
    for text in (dot.TEXT, dot.FAINT):
        for ground in (dot.GROUND, dot.BOX, *(shade.ground for shade in dot.SHADES)):
            yield text, ground, 4.5
    for shade in dot.SHADES:
        yield dot.TEXT, shade.head, 4.5
        yield shade.line, dot.GROUND, 3
        yield shade.line, shade.ground, 3
    yield dot.MARKED, dot.GROUND, 3
    yield dot.LINE, dot.GROUND, 3


def test_letters_and_lines_stand_out_by_day_and_by_night() -> None:
    for over, under, least in contrasts():
        for one, other in ((over, under), (dot.DARK[over], dot.DARK[under])):
            bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
            assert (bright + 0.05) / (dim + 0.05) >= least, (one, other)


def test_a_schema_of_which_nothing_is_declared_has_one_group(source: Source) -> None:
    dots = diagrams.dots(replace(source, declared=Declared()))
    assert "subgraph" not in dots[WHOLE]
    assert not [path for path in dots if path.startswith("diagrams/domains/")]


def test_few_tables_keep_all_their_lines(source: Source) -> None:
    few = {"tenants", "users", "venues", "events"}
    structure = {
        kind: {name: one for name, one in facts.items() if one.get("table") in few}
        if kind in {"foreign_keys", "constraints", "indexes", "triggers"}
        else {}
        for kind, facts in source.snapshot["structure"].items()
    }
    tables = {name: one for name, one in source.snapshot["objects"]["table"].items() if name in few}
    objects = {**source.snapshot["objects"], "table": tables, "function": {}, "view": {}}
    small = Source(
        {**source.snapshot, "objects": objects, "structure": structure, "transitions": []}
    )
    assert ("users", "tenants") in edges(diagrams.dots(small)[WHOLE])


def test_odd_names_are_quoted() -> None:
    assert dot.quoted('a "b" \\ c\nd') == '"a \\"b\\" \\\\ c d"'
    assert dot.html('a <b> & "c"') == "a &lt;b&gt; &amp; &quot;c&quot;"


def test_a_text_has_room_in_a_wide_font() -> None:
    # Verdana is the widest that readers have: 100 letters n of 10 points take 633 points.
    assert dot.room("n" * 100) >= 615
    assert dot.room("W" * 10) > dot.room("n" * 10) > dot.room("i" * 10)


def test_a_machine_knows_what_keeps_to_it(source: Source) -> None:
    found = machines(source)
    for machine in found.values():
        assert machine.table is not None
        assert machine.column is not None
        assert machine.check is not None
        events = [event for one in machine.triggers for event in one.events]
        assert sorted(events) == ["INSERT", "UPDATE"], machine.entity
        assert machine.movers, machine.entity
    request = found["request_ticket"]
    assert request.table is not None
    assert (request.table.name, request.column) == ("request_tickets", "state")
    assert isinstance(request.triggers[0], Trigger)
    assert found["ticket"].table is source.schema.tables["tickets"]
    assert "record_scan_attempt" in found["ticket"].movers
    assert table_page("tickets") == "tables/tickets.md"
