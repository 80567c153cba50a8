"""The index of error codes: each has its heading, its meaning and those who raise it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from ticket_schema.docs import markdown
from ticket_schema.docs.links import Links
from ticket_schema.docs.model import Source
from ticket_schema.docs.pages import errors

Make = Callable[[str], Source]


@pytest.fixture(scope="module")
def page(source: Source) -> str:
    return errors.pages(source)[errors.PAGE]


def section(page: str, heading: str) -> str:
    return page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_documented_code_has_a_section_with_its_meaning(source: Source, page: str) -> None:
    assert len(source.errors) > 150
    links = Links(source, errors.PAGE)
    for told in source.errors.values():
        text = section(page, told.heading)
        assert links.quoted(told.meaning) in text, told.code
        assert links.quoted(told.remedy) in text, told.code


def test_every_raised_code_is_documented(source: Source) -> None:
    raised = {code for body in source.bodies.values() for code in (*body.raises, *body.warns)}
    own = {code for code in raised if code.startswith("TK")}
    assert own - source.errors.keys() == set()
    assert raised - own == {"40001", "P0002", "P0003"}


def test_who_raises_a_code_and_through_whom_it_arrives(page: str) -> None:
    text = section(page, "TK301 event_not_found")
    assert "[`record_scan_attempt`](functions/record_scan_attempt.md) | an error | " in text
    assert "`event % does not exist`" in text
    arrives = text.partition("**Arrives through**")[2]
    assert "[`scan_code`]" in arrives
    assert "[`record_scan_attempt`]" not in arrives


def test_nobody_is_listed_twice(page: str) -> None:
    for text in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        own, _, arrives = text.partition("**Arrives through**")
        by = set(re.findall(r"^\| \[`(\w+)`\]", own, re.MULTILINE))
        assert not by & set(re.findall(r"\[`(\w+)`\]", arrives)), text.partition("\n")[0]


def test_a_trigger_is_told_with_its_tables(page: str) -> None:
    text = section(page, "TK201 illegal_transition")
    assert "check_state_transition" in text
    text = section(page, "TK205 not_yet_due")
    assert re.search(r"\| as a trigger of \|\n.*\n.*guard_status_change.*tables/reservations", text)


def test_a_warning_is_told_as_one(page: str) -> None:
    assert "| a warning |" in section(page, "TK042 row_left_by_sweeper")


def test_a_code_that_no_function_raises_says_so(page: str) -> None:
    assert "No function raises it by itself." in section(page, "TK901 data_would_be_lost")


def test_a_code_of_the_server_is_named(page: str) -> None:
    assert "A code of PostgreSQL itself." in section(page, "40001 serialization_failure")


def test_links_of_other_pages_meet_the_headings(source: Source, page: str) -> None:
    headings = {markdown.anchor(one) for one in re.findall(r"^## (.*)$", page, re.MULTILINE)}
    for code in source.errors:
        link = Links(source, "functions/x.md").error(code)
        assert link.startswith(f"[`{code}`](../errors.md#")
        assert link.partition("#")[2].rstrip(")") in headings


def test_a_schema_without_a_page_of_errors_lists_what_it_raises(foreign: Make) -> None:
    source = foreign(
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$"
        " BEGIN RAISE 'odd' USING ERRCODE = 'AB123'; END $f$"
    )
    page = errors.pages(source)[errors.PAGE]
    assert "Nobody says what it means." in section(page, "AB123")
    assert "[`f`](functions/f.md)" in section(page, "AB123")


def test_a_schema_that_raises_nothing_has_no_page(foreign: Make) -> None:
    assert errors.pages(foreign("CREATE TABLE t (id int)")) == {}
