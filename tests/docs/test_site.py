"""The site: made from the real pages, and read in a real browser from a disk."""

from __future__ import annotations

import filecmp
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from typer.testing import CliRunner

from support.browser import Browser, browsing
from ticket_schema.cli import app
from ticket_schema.docs.markdown import footer
from ticket_schema.docs.site import build
from ticket_schema.errors import TicketSchemaError

ROOT = Path(__file__).parents[2]
QUESTIONS = tomllib.loads((Path(__file__).parent / "questions.toml").read_text("utf-8"))[
    "questions"
]
# As many as a reader looks through.
RESULTS = 12
WIDTHS = (390, 1280, 2560)
SCHEMES = ("light", "dark")
PAGES = (
    "index.html",
    "schema/index.html",
    "schema/tables/tickets.html",
    "schema/functions/record_scan_attempt.html",
    "schema/states/ticket.html",
    "schema/rights.html",
    "schema/errors.html",
    "dependents.html",
)

# Of each kind of page a short one: the time that it takes grows with what is on the page.
LOOKED_OVER = (
    "index.html",
    "schema/tables/ticket_scans.html",
    "schema/functions/check_duplicate_scan.html",
    "schema/states/hold.html",
    "schema/privileged.html",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository as a reader has it, with the pages of its schema."""
    folder = tmp_path_factory.mktemp("project")
    kept = shutil.ignore_patterns(".*", "__pycache__", "site", "build", "dist", "results")
    shutil.copytree(ROOT, folder, ignore=kept, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def site(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("made") / "site"
    build(project / "docs", output)
    return output


@pytest.fixture(scope="module")
def window(site: Path) -> Iterator[Browser]:
    with browsing(site) as opened:
        yield opened


@pytest.fixture
def browser(window: Browser) -> Browser:
    """A window at the start page, light, on a laptop, that has said and asked for nothing."""
    window.size(1280, 900)
    window.colours("light")
    window.open("index.html")
    window.complaints()
    window.requests()
    return window


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder of three pages, to be changed."""
    folder = tmp_path / "docs"
    (folder / "adr").mkdir(parents=True)
    (tmp_path / "README.md").write_text("# Shop\n\nSee [how](docs/guide.md#a-part).\n", "utf-8")
    (folder / "guide.md").write_text("# Guide\n\nText.\n\n## A part\n\nMore.\n", "utf-8")
    (folder / "adr" / "0001-first.md").write_text("# 1. First\n\n[Up](../guide.md)\n", "utf-8")
    return folder


def wait(browser: Browser, until: str) -> None:
    WebDriverWait(browser.driver, 10).until(lambda _: browser.run(f"return {until}"), until)


def search(browser: Browser, phrase: str) -> list[tuple[str, str]]:
    """Types a phrase; returns title and kind of what is found."""
    browser.press("/")
    wait(browser, "document.querySelector('dialog.search').open")
    browser.press("a", control=True)
    browser.press(phrase)
    wait(browser, "document.querySelectorAll('#found a').length > 0")
    shown = browser.driver.find_elements(By.CSS_SELECTOR, "#found a")
    return [
        (
            one.find_element(By.CSS_SELECTOR, ".title").text,
            one.find_element(By.CSS_SELECTOR, ".kind").text,
        )
        for one in shown
    ]


def link(browser: Browser, address: str) -> WebElement:
    return browser.driver.find_element(By.CSS_SELECTOR, f'article a[href$="{address}"]')


def test_a_site_is_made_twice_to_the_byte(project: Path, site: Path, tmp_path: Path) -> None:
    build(project / "docs", tmp_path / "again")

    def same(compared: filecmp.dircmp[str]) -> None:
        assert not compared.left_only
        assert not compared.right_only
        _, unlike, strange = filecmp.cmpfiles(
            compared.left, compared.right, compared.common_files, shallow=False
        )
        assert not unlike
        assert not strange
        for inner in compared.subdirs.values():
            same(inner)

    same(filecmp.dircmp(site, tmp_path / "again", ignore=[]))


def test_every_page_of_the_folder_is_there(project: Path, site: Path) -> None:
    for file in (project / "docs").rglob("*.md"):
        path = file.relative_to(project / "docs").as_posix()
        made = re.sub(r"README\.md$", "index.md", path).removesuffix(".md") + ".html"
        assert (site / made).is_file(), path


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    asked = re.compile(r'<(?:script|link|img|iframe|source)\b[^>]*\s(?:src|href)="(?:\w+:)?//')
    for file in site.rglob("*.html"):
        text = file.read_text("utf-8")
        assert not asked.search(text), file
        assert not re.search(r"<[^>]+\son\w+=", re.sub(r"<code.*?</code>", "", text, flags=re.S))


def test_what_is_taken_from_others_has_its_licence(site: Path) -> None:
    vendor = site / "_site" / "vendor"
    licences = (vendor / "LICENSES.txt").read_text("utf-8")
    for script in vendor.glob("*.js"):
        assert f"{script.name}:" in licences


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[x](gone.md)", "gone.md"),
        ("[x](guide.md#gone)", "guide.html#gone"),
        ("[x](#gone)", "#gone"),
        ("![A picture](gone.svg)", "gone.svg"),
        ("<b>bold</b>", "Raw HTML"),
    ],
)
def test_what_leads_nowhere_is_refused(pages: Path, tmp_path: Path, text: str, told: str) -> None:
    (pages / "broken.md").write_text(f"# Broken\n\n{text}\n", "utf-8")
    with pytest.raises(TicketSchemaError, match=re.escape(told)) as refused:
        build(pages, tmp_path / "site")
    assert "broken.md" in str(refused.value)
    assert not (tmp_path / "site").exists()


def test_a_folder_of_any_project_is_enough(pages: Path, tmp_path: Path) -> None:
    (pages / "index.md").write_text("# {{< index >}}\n\n`{{% x %}}` of [it](adr/0001-first.md)\n")
    (tmp_path / "README.md").unlink()
    build(pages, tmp_path / "site", title="Shop & Co")
    start = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "<title>Shop &amp; Co</title>" in start
    assert 'href="guide.html"' in start


def test_an_odd_name_is_shown_as_it_is(pages: Path, tmp_path: Path) -> None:
    tables = pages / "schema" / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    text = "# My Table\n\n[Columns](#columns) · [Keys](#keys)\n\n## Columns\n\nNone.\n\n## Keys\n"
    text += f"\n{footer(18)}"
    (tables / "my-table-1ad8cf.md").write_text(text, encoding="utf-8")

    build(pages, tmp_path / "site")

    listed = (tmp_path / "site/schema/tables/index.html").read_text(encoding="utf-8")
    assert ">My Table</code>" in listed
    assert "Columns ·" not in listed
    assert "Generated by" not in listed


def test_a_link_out_of_the_folder_leads_to_a_page_of_that_file(pages: Path, tmp_path: Path) -> None:
    (tmp_path / "run.sql").write_text("SELECT '```', 1 < 2;\n", "utf-8")
    (pages / "more.md").write_text("# More\n\n[it](../run.sql) [all](adr)\n", "utf-8")
    build(pages, tmp_path / "site")
    assert "SELECT" in (tmp_path / "site" / "files" / "run.sql.html").read_text("utf-8")
    assert 'href="adr/index.html"' in (tmp_path / "site" / "more.html").read_text("utf-8")


def test_only_a_site_is_overwritten(pages: Path, tmp_path: Path) -> None:
    output = tmp_path / "mine"
    output.mkdir()
    (output / "letter.txt").write_text("dear", "utf-8")
    with pytest.raises(TicketSchemaError, match="no site"):
        build(pages, output)
    assert (output / "letter.txt").read_text("utf-8") == "dear"
    with pytest.raises(TicketSchemaError, match="no site"):
        build(pages, tmp_path)
    (output / "letter.txt").unlink()
    build(pages, output)
    build(pages, output)
    assert (output / "index.html").is_file()


def test_a_missing_program_is_named(
    pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticket_schema.docs.site.find_spec", lambda _: None)
    with pytest.raises(TicketSchemaError, match=r"ticket-schema\[docs\]"):
        build(pages, tmp_path / "site")


def test_the_way_from_a_phrase_to_a_picture(browser: Browser) -> None:
    found = search(browser, "duplicate scan")
    assert found[0] == ("check_duplicate_scan", "Function")
    browser.press(Keys.ENTER)
    wait(browser, "document.title.includes('check_duplicate_scan')")
    assert browser.page == "schema/functions/check_duplicate_scan.html"

    link(browser, "tables/ticket_scans.html").click()
    wait(browser, "document.title.includes('ticket_scans')")
    assert browser.page == "schema/tables/ticket_scans.html"

    picture = browser.driver.find_element(By.CSS_SELECTOR, "figure.diagram .canvas svg")
    assert picture.is_displayed()
    box = browser.driver.find_element(By.CSS_SELECTOR, 'figure.diagram svg a[href$="tickets.html"]')
    assert box.get_attribute("href") is not None
    browser.driver.find_element(By.CSS_SELECTOR, "figure.diagram a.open").click()
    wait(browser, "document.documentElement.tagName === 'svg'")
    assert browser.page.endswith("ticket_scans.svg")
    leads = browser.run(
        "return [...document.querySelectorAll('a')]"
        ".map((a) => a.getAttributeNS('http://www.w3.org/1999/xlink', 'href'))"
    )
    assert "../../tables/tickets.html" in leads

    assert browser.complaints() == []
    assert [one for one in browser.requests() if not one.startswith(("file:", "about:"))] == []


@pytest.mark.parametrize(
    ("phrase", "title", "kind"),
    [
        ("record_scan_attempt", "record_scan_attempt", "Function"),
        ("record_sc", "record_scan_attempt", "Function"),
        ("scan attempt", "record_scan_attempt", "Function"),
        ("ticket_scans", "ticket_scans", "Table"),
        ("tickets", "tickets", "Table"),
        ("TK301", "TK301", "Error code"),
        ("tk301", "TK301", "Error code"),
        ("expire holds", "expire_holds", "Function"),
        ("dupplicate scan", "check_duplicate_scan", "Function"),
    ],
)
def test_the_search_finds(browser: Browser, phrase: str, title: str, kind: str) -> None:
    shown, of_kind = search(browser, phrase)[0]
    assert shown.split()[0] == title
    assert of_kind == kind


def test_the_search_answers_what_a_dba_asks(browser: Browser) -> None:
    asked = [one for one in QUESTIONS if "search" in one]
    assert asked
    for question in asked:
        search(browser, question["search"])
        wait(browser, f"document.querySelector('.search input').value === {question['search']!r}")
        found = browser.run(
            "return [...document.querySelectorAll('#found a')].map((a) => a.getAttribute('href'))"
        )
        page = question["way"][-1].partition("#")[0].removesuffix(".md")
        addresses = [address.partition("#")[0] for address in found[:RESULTS]]
        assert f"schema/{page}.html" in addresses, question["ask"]
        browser.press(Keys.ESCAPE)
        wait(browser, "!document.querySelector('dialog.search').open")


def test_everything_can_be_done_by_keyboard(browser: Browser) -> None:
    browser.press(Keys.TAB)
    assert browser.run("return document.activeElement.className") == "skip"
    browser.press(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "content"

    browser.press("k", control=True)
    wait(browser, "document.querySelector('dialog.search').open")
    browser.press("ticket_scans")
    wait(browser, "document.querySelectorAll('#found a').length > 2")
    first = browser.run("return document.activeElement.getAttribute('aria-activedescendant')")
    browser.press(Keys.ARROW_DOWN)
    second = browser.run("return document.activeElement.getAttribute('aria-activedescendant')")
    assert (first, second) == ("found-0", "found-1")
    browser.press(Keys.ESCAPE)
    wait(browser, "!document.querySelector('dialog.search').open")

    browser.open("schema/tables/ticket_scans.html")
    browser.run("document.querySelector('.canvas').focus()")

    def transform() -> str:
        """Returns where the picture is, once it has been drawn there."""
        return str(
            browser.driver.execute_async_script(
                "const done = arguments[arguments.length - 1];"
                "const read = () => done(document.querySelector('.canvas svg').style.transform);"
                "setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(read)), 50);"
            )
        )

    begun = transform()
    browser.press("+")
    nearer = transform()
    browser.press(Keys.ARROW_LEFT)
    aside = transform()
    assert len({begun, nearer, aside}) == 3
    browser.press("0")
    browser.press("-")
    assert transform() != nearer
    browser.press(Keys.TAB)
    assert browser.run("return document.activeElement.closest('svg') !== null")
    assert browser.complaints() == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_page_scrolls_sideways_nor_complains(browser: Browser, scheme: str) -> None:
    browser.colours(scheme)
    grounds = set()
    for width in WIDTHS:
        browser.size(width, 900)
        for page in PAGES:
            browser.open(page)
            wide, room = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
            assert wide <= room, (page, width)
            grounds.add(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 1
    assert (grounds == {"rgb(255, 255, 255)"}) == (scheme == "light")
    assert browser.complaints() == []
    assert [one for one in browser.requests() if not one.startswith(("file:", "about:"))] == []


def test_the_reader_may_choose_the_colours(browser: Browser) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    button = browser.driver.find_element(By.CSS_SELECTOR, ".scheme")
    light = browser.run(ground)
    button.click()
    button.click()
    assert browser.run(ground) != light
    assert button.get_attribute("aria-label") == "Colours: dark"
    browser.open("schema/tables/tickets.html")
    assert browser.run(ground) != light
    browser.driver.find_element(By.CSS_SELECTOR, ".scheme").click()
    assert browser.run(ground) == light


def test_the_page_itself_is_marked_where_it_stands(site: Path) -> None:
    for path in (*PAGES, "schema/functions/index.html"):
        text = (site / path).read_text("utf-8")
        assert re.findall(r'<a href="([^"]*)" aria-current="page"', text) == [
            "../" * path.count("/") + path
        ]


def test_a_link_into_a_page_shows_that_place(browser: Browser) -> None:
    browser.open("schema/tables/tickets.html#columns")
    top = browser.run("return document.getElementById('columns').getBoundingClientRect().top")
    assert 0 <= top < 300


def test_a_phone_has_a_menu(browser: Browser) -> None:
    browser.size(390, 844)
    browser.open("schema/tables/tickets.html")
    menu = browser.driver.find_element(By.CSS_SELECTOR, ".menu")
    parts = browser.driver.find_element(By.CSS_SELECTOR, ".parts")
    assert not parts.is_displayed()
    menu.click()
    assert menu.get_attribute("aria-expanded") == "true"
    WebDriverWait(browser.driver, 5).until(lambda _: parts.is_displayed())
    browser.press(Keys.ESCAPE)
    WebDriverWait(browser.driver, 5).until(lambda _: not parts.is_displayed())


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_the_pages_are_open_to_everyone(browser: Browser, width: int, scheme: str) -> None:
    axe = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
    browser.size(width, 900)
    browser.colours(scheme)
    for page in LOOKED_OVER:
        browser.open(page)
        browser.run(axe)
        found = browser.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run({resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa',"
            " 'wcag22aa', 'best-practice']}).then((r) => done(JSON.stringify(r.violations.map("
            "(v) => [v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200))]))))"
        )
        assert json.loads(found) == [], page


def test_the_command_says_where_the_site_is(pages: Path, tmp_path: Path) -> None:
    output = tmp_path / "made"
    run = CliRunner().invoke(app, ["docs", "site", "--source", str(pages), "--output", str(output)])
    assert run.exit_code == 0
    assert re.search(r"\d+ pages in [\d.]+ s: ", run.output)
    assert str(output / "index.html") in run.output
