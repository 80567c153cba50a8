"""Drawing: only what has changed, always alike, and something to say without Graphviz."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from support.command import run
from ticket_schema.docs import build, diagrams, dot, svg
from ticket_schema.docs.model import Source
from ticket_schema.errors import TicketSchemaError

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"

needs_graphviz = pytest.mark.usefixtures("graphviz")


def small(tooltip: str = "the first") -> str:
    told = dot.attributes(URL="../tables/a.md", tooltip=tooltip, fillcolor=dot.BOX)
    return dot.picture('Of "a" & b', "What a < b is.", [f'"a" {told};', '"a" -> "b";'])


@pytest.fixture
def graphviz() -> None:
    if shutil.which("dot") is None:
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse("this machine has no Graphviz; Debian's package is graphviz")


@pytest.fixture
def without_graphviz(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))


@pytest.fixture(scope="module")
def dots(source: Source) -> dict[str, str]:
    return diagrams.dots(source)


@needs_graphviz
def test_a_picture_is_well_formed_and_says_what_it_is() -> None:
    root = ET.fromstring(svg.render(small()))
    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title") == 'Of "a" & b'
    assert root.findtext(f"{SVG}desc") == "What a < b is."
    assert [one.tag for one in root][:2] == [f"{SVG}title", f"{SVG}desc"]
    assert root.get("aria-label") == 'Of "a" & b'


@needs_graphviz
def test_texts_are_texts_and_boxes_are_links() -> None:
    root = ET.fromstring(svg.render(small()))
    assert {one.text for one in root.iter(f"{SVG}text")} == {"a", "b"}
    assert {one.get(HREF) for one in root.iter(f"{SVG}a")} == {"../tables/a.md"}


@needs_graphviz
def test_a_picture_asks_nobody_for_anything(dots: dict[str, str]) -> None:
    drawn = svg.render(dots["diagrams/tables/tickets.dot"])
    root = ET.fromstring(drawn)
    assert not [one for one in root.iter() if one.tag in {f"{SVG}script", f"{SVG}image"}]
    links = {one.get(HREF) for one in root.iter() if one.get(HREF)}
    assert links
    assert not [one for one in links if one is None or ":" in one]
    assert "@import" not in drawn
    assert "url(" not in drawn


@needs_graphviz
def test_the_version_of_graphviz_is_not_in_it() -> None:
    drawn = svg.render(small())
    assert "graphviz" not in drawn.lower()
    assert re.findall(r"<!--.*?-->", drawn) == [f"<!-- drawn from {svg.digest(small())} -->"]


@needs_graphviz
def test_the_same_text_gives_the_same_bytes(dots: dict[str, str]) -> None:
    for path in (diagrams.WHOLE.replace(".svg", ".dot"), "diagrams/states/ticket.dot"):
        assert svg.render(dots[path]) == svg.render(dots[path])


@needs_graphviz
def test_every_colour_turns_in_the_dark(dots: dict[str, str]) -> None:
    drawn = svg.render(dots[diagrams.WHOLE.replace(".svg", ".dot")])
    night = drawn.partition("@media (prefers-color-scheme: dark)")[2].partition("</style>")[0]
    body = drawn.partition("</style>")[2]
    used = set(re.findall(r'(fill|stroke)="(#\w+|\w+)"', body))
    assert len(used) > 20
    for part, colour in used - {("fill", "none"), ("stroke", "transparent"), ("stroke", "none")}:
        assert f'[{part}="{colour}"]' in night, (part, colour)
    for text in re.findall(r"<text [^>]*>", body):
        assert "fill=" in text


@needs_graphviz
def test_the_whole_is_legible_in_the_width_of_a_screen(dots: dict[str, str]) -> None:
    drawn = svg.render(dots[diagrams.WHOLE.replace(".svg", ".dot")])
    width = int(re.findall(r'width="(\d+)pt"', drawn)[0])
    sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', drawn)]
    assert min(sizes) * 4 / 3 * min(1, 1280 / (width * 4 / 3)) >= 9, "pixels of the least letters"


@needs_graphviz
def test_only_what_has_changed_is_drawn(tmp_path: Path) -> None:
    files = {"diagrams/one.dot": small(), "diagrams/two.dot": small("other"), "README.md": "text"}
    first = svg.update(tmp_path, files)
    assert (first.changed, first.removed) == (["diagrams/one.svg", "diagrams/two.svg"], [])
    assert svg.update(tmp_path, files) == svg.Drawn([], [], [])

    files["diagrams/two.dot"] = small("changed")
    assert svg.stale(tmp_path, files) == ["diagrams/two.svg"]
    assert svg.update(tmp_path, files).changed == ["diagrams/two.svg"]
    assert svg.stale(tmp_path, files) == []

    del files["diagrams/one.dot"]
    by_hand = tmp_path / "diagrams" / "logo.svg"
    by_hand.write_text("<svg/>")
    assert svg.surplus(tmp_path, files) == ["diagrams/one.svg"]
    assert svg.update(tmp_path, files).removed == ["diagrams/one.svg"]
    assert by_hand.exists()


def test_without_graphviz_pictures_stay(tmp_path: Path, without_graphviz: None) -> None:
    old = tmp_path / "diagrams" / "one.svg"
    old.parent.mkdir()
    old.write_text(f"<!-- drawn from {svg.digest(small('old'))} --><svg/>")
    files = {"diagrams/one.dot": small(), "diagrams/two.dot": small()}
    drawn = svg.update(tmp_path, files)
    assert drawn == svg.Drawn([], [], ["diagrams/one.svg", "diagrams/two.svg"])
    assert "old" not in old.read_text()
    assert svg.digest(small("old")) in old.read_text()
    with pytest.raises(TicketSchemaError, match="Graphviz is not installed"):
        svg.render(small())


def test_freshness_needs_no_graphviz(tmp_path: Path, without_graphviz: None) -> None:
    (tmp_path / "one.svg").write_text(f"<!-- drawn from {svg.digest(small())} --><svg/>")
    assert svg.stale(tmp_path, {"one.dot": small()}) == []
    assert svg.update(tmp_path, {"one.dot": small()}) == svg.Drawn([], [], [])


@needs_graphviz
def test_a_text_that_graphviz_refuses_is_told_in_a_sentence() -> None:
    with pytest.raises(TicketSchemaError, match=r"^Graphviz refused .*syntax error") as caught:
        svg.render("digraph {")
    assert "\n" not in caught.value.what


def test_a_picture_that_is_missing_or_old_is_drift(source: Source, tmp_path: Path) -> None:
    files = build.render(source)
    build.write(tmp_path, files)
    wanted = {path: text for path, text in files.items() if path.endswith(".dot")}
    for path, text in wanted.items():
        (tmp_path / svg.picture_of(path)).write_text(f"<!-- drawn from {svg.digest(text)} -->")
    assert build.check(tmp_path, source).files == {}

    (tmp_path / diagrams.WHOLE).unlink()
    old = diagrams.table_picture("tickets")
    (tmp_path / old).write_text(f"<!-- drawn from {svg.digest('')} -->")
    surplus = diagrams.table_picture("gone")
    (tmp_path / surplus).write_text(f"<!-- drawn from {svg.digest('')} -->")
    found = build.check(tmp_path, source).files
    assert found == {diagrams.WHOLE: (None, ""), old: ("", ""), surplus: ("", None)}


def test_a_build_without_graphviz_warns_once(
    head_url: str, tmp_path: Path, without_graphviz: None
) -> None:
    told = ["docs", "build", "--url", head_url, "--output", str(tmp_path / "docs")]
    done = run(*told, variables={"PATH": os.environ["PATH"]})
    assert done.code == 0, done
    assert done.stderr.count("Graphviz is not installed") == 1
    assert (tmp_path / "docs" / "diagrams" / "schema.dot").is_file()
    assert not list(tmp_path.rglob("*.svg"))
