"""The reading test: two links, or one search, lead a DBA to the answer."""

from __future__ import annotations

import posixpath
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ticket_schema.docs import build, markdown
from ticket_schema.docs.history import walk
from ticket_schema.docs.model import Source
from ticket_schema.docs.snapshot import Snapshot
from ticket_schema.gate.scratch import Scratch

DOCS = Path(__file__).parents[2] / "docs"
START = "README.md"
CLICKS = 2
# As many results as a reader looks through.
RESULTS = 12

QUESTIONS: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "questions.toml").read_text(encoding="utf-8")
)["questions"]

_LINK = re.compile(r"\]\(([^)\s]*)\)")
_HEADING = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^(`{3,}).*?^\1$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def pages(head: Snapshot, source: Source, pinned: Scratch) -> dict[str, str]:
    """The pages of head as `docs build` makes them, history and locks included."""
    if not source.locks:  # none are committed
        history, locks = walk(server=pinned)
        source = build.source(head, DOCS / "schema", history=history, locks=locks)
    files = build.render(source)
    return {path: text for path, text in files.items() if path.endswith(".md")}


def links(pages: dict[str, str], page: str) -> set[str]:
    """Returns where the links of a page lead, from the folder of the pages."""
    found = set()
    for target in _LINK.findall(_FENCE.sub("", pages[page])):
        path, mark, anchor = target.partition("#")
        whole = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
        found |= {whole, f"{whole}{mark}{anchor}"}
    return found


def section(pages: dict[str, str], target: str) -> str:
    """Returns what stands under the heading that a link leads to, the whole page without one."""
    page, _, anchor = target.partition("#")
    text = pages[page]
    if not anchor:
        return text
    hidden = _FENCE.sub(lambda fence: " " * len(fence[0]), text)
    headings = list(_HEADING.finditer(hidden))
    for place, heading in enumerate(headings):
        if markdown.anchor(heading[2].replace("\\", "")) == anchor:
            below = (
                after.start() for after in headings[place + 1 :] if len(after[1]) <= len(heading[1])
            )
            return text[heading.start() : next(below, len(text))]
    raise AssertionError(f"{page} has no heading {anchor}")


def test_there_are_enough_questions_and_none_twice() -> None:
    assert len(QUESTIONS) >= 20
    assert len({one["ask"] for one in QUESTIONS}) == len(QUESTIONS)
    assert all(one["answer"].endswith(".") and one["shows"] for one in QUESTIONS)


@pytest.mark.parametrize("question", QUESTIONS, ids=[one["ask"] for one in QUESTIONS])
def test_the_answer_is_two_links_away(question: dict[str, Any], pages: dict[str, str]) -> None:
    way: list[str] = question["way"]
    assert 1 <= len(way) <= CLICKS
    at = START
    for target in way:
        page = target.partition("#")[0]
        # One scrolls to a heading, or takes the link of the page's contents to it.
        assert page == at or {page, target} & links(pages, at), f"{at} has no link to {page}"
        assert page in pages
        at = page
    found = section(pages, way[-1])
    for text in question["shows"]:
        assert text in found, f"{way[-1]} does not say {text!r}"
    for text in question.get("lacks", ()):
        assert text not in found, f"{way[-1]} says {text!r}"


@pytest.mark.parametrize(
    "question",
    [one for one in QUESTIONS if "search" in one],
    ids=[one["search"] for one in QUESTIONS if "search" in one],
)
def test_or_one_search_away(question: dict[str, Any], pages: dict[str, str]) -> None:
    words = [word.lower() for word in question["search"].split()]
    scores = {
        page: max((_score(line, words) for line in text.lower().splitlines()), default=0)
        for page, text in pages.items()
    }
    # A page that is named so is what a search shows first.
    scores = {
        page: score + 10 * (Path(page).stem in words) for page, score in scores.items() if score
    }
    target = question["way"][-1].partition("#")[0]
    assert target in scores, f"no line of {target} has all of: {question['search']}"
    better = [page for page, score in scores.items() if score > scores[target]]
    assert len(better) < RESULTS, better


def _score(line: str, words: list[str]) -> int:
    """Returns how well a line answers a search: not at all, or better when it is a heading."""
    if not all(word in line for word in words):
        return 0
    return 2 if line.startswith("#") else 1


def test_every_page_is_reached_from_the_first(pages: dict[str, str]) -> None:
    reached, waiting = {START}, [START]
    while waiting:
        for target in links(pages, waiting.pop()):
            page = target.partition("#")[0]
            if page in pages and page not in reached:
                reached.add(page)
                waiting.append(page)
    assert set(pages) == reached
