"""The pages of a site as they are read from a folder of Markdown, and as Hugo is given them."""

from __future__ import annotations

import json
import posixpath
import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ticket_schema.docs.markdown import GENERATED

_LINK = re.compile(r"\]\(<?([^)\s>]+)>?\)")
_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*\s*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#\s+(.+?)\s*#*$", re.MULTILINE)
_MARKS = re.compile(
    r"!\[[^\]]*\]\([^)]*\)|\[([^\]]*)\]\([^)]*\)|(?<!\w)[*_]{1,2}|[*_]{1,2}(?!\w)|`|\\(?=\W)"
)
_LINKED_PICTURE = re.compile(r"^\[(!\[[^\]]*\]\([^)\s]+\.svg\))\]\([^)\s]+\)$", re.MULTILINE)
_SHORTCODE = re.compile(r"\{\{([<%])(.*?)([>%])\}\}", re.DOTALL)

_SUMMARY = 220

# A file that a page links to is shown up to this size, in bytes.
_LARGEST = 200_000


@dataclass(frozen=True)
class Page:
    """A page of the site.

    Args:
        path: of its file, from the folder that holds the pages' folder.
        url: of what becomes of it, from the root of the site.
        text: its Markdown.
        kind: what it is about, in a word for readers, such as Table.
    """

    path: str
    url: str
    text: str
    kind: str

    @cached_property
    def title(self) -> str:
        """The first heading without marks, else the name of the file."""
        found = _HEADING.search(_FENCE.sub("", self.text))
        return plain(found[1]) if found else posixpath.splitext(posixpath.basename(self.path))[0]

    @property
    def name(self) -> str:
        """What a list shows: of an object its name, of other pages the title."""
        if self.kind in {"Table", "View", "Function"}:
            file = posixpath.splitext(posixpath.basename(self.path))[0]
            # A name that makes no file name stands in the heading alone.
            return self.title if "-" in file else file
        return self.title

    @cached_property
    def summary(self) -> str:
        """The first paragraph without marks, cut where it is long."""
        for block in re.split(r"\n\s*\n", _FENCE.sub("", self.text)):
            first = block.strip()
            # So a decision begins, and says nothing by it.
            told = plain(first).removeprefix("Context. ")
            if first.startswith(GENERATED):
                break
            if told and not re.match(r"#|!\[|\[[^\]]*\]\(#|\||---|<|[-*+] |\d+\. |>", first):
                return told if len(told) <= _SUMMARY else told[:_SUMMARY].rsplit(" ", 1)[0] + " …"
        return ""


def plain(markdown: str) -> str:
    """Returns a piece of Markdown without its marks, in one line."""
    return " ".join(_MARKS.sub(lambda found: found[1] or "", markdown).split())


def read(source: Path) -> list[Page]:
    """Returns the pages of a folder, the one to start with first.

    Files elsewhere that a page links to become pages too, so that no link leads out of the site.

    Args:
        source: the folder.
    """
    root = source.parent
    found = {
        file.relative_to(root).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(source.rglob("*.md"))
    }
    if (root / "README.md").is_file():
        found = {"README.md": (root / "README.md").read_text(encoding="utf-8"), **found}
    start = _start(found, source.name)
    pages = [
        Page(path, _url(path, source.name, start), text, _kind(path, source.name, start))
        for path, text in found.items()
    ]
    if start is None:
        pages.append(_made_start(source, pages))
    pages.extend(_lists(source, pages))
    pages.extend(_elsewhere(root, pages))
    return sorted(pages, key=lambda page: (page.url != "index.html", page.url))


def targets(source: Path, pages: list[Page]) -> dict[str, str]:
    """Returns where what a link can name stands in the site: from path to address.

    Args:
        source: the folder.
        pages: of the site.
    """
    found = {page.path: page.url for page in pages}
    for page in pages:
        folder, name = posixpath.split(page.path)
        if name in {"README.md", "index.md"}:
            found.setdefault(folder or ".", page.url)
    for file in _others(source):
        path = file.relative_to(source).as_posix()
        found[f"{source.name}/{path}"] = path
    return found


def copy_files(source: Path, static: Path, inline: Path, pages: list[Page]) -> None:
    """Copies what is no Markdown, such as pictures, whose links are made those of the site.

    Args:
        source: the folder.
        static: where the site's files go.
        inline: where pictures go that become part of a page, with links from the site's root.
        pages: of the site.
    """
    known = targets(source, pages)
    for file in _others(source):
        path = file.relative_to(source)
        target = static / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".svg":
            svg = file.read_text(encoding="utf-8")
            folder = posixpath.normpath(f"{source.name}/{path.parent.as_posix()}")
            target.write_text(
                _with_links(svg, folder, path.parent.as_posix(), known), encoding="utf-8"
            )
            within = inline / path
            within.parent.mkdir(parents=True, exist_ok=True)
            within.write_text(
                _part_of_a_page(_with_links(svg, folder, ".", known)), encoding="utf-8"
            )
        else:
            shutil.copyfile(file, target)


def staged_name(page: Page) -> str:
    """Returns the name of the file that Hugo is given, which no name of a table makes special."""
    return "_index.md" if page.url == "index.html" else page.path.replace("/", "~") + ".md"


def staged(page: Page, place: dict[str, Any]) -> str:
    """Returns the text that Hugo is given for a page.

    Args:
        page: the page.
        place: where it stands in the navigation.
    """
    front = {
        "title": page.title,
        "url": f"/{page.url}",
        "description": page.summary,
        "params": {"path": page.path, "kind": page.kind, "name": page.name, **place},
    }
    text = _SHORTCODE.sub(r"{{\1/*\2*/\3}}", page.text)
    # A picture has links of its own in a page; that round it is for where pages show none.
    text = _LINKED_PICTURE.sub(r"\1", text)
    return json.dumps(front, ensure_ascii=False, indent=1, sort_keys=True) + "\n\n" + text


def _start(found: dict[str, str], folder: str) -> str | None:
    return next((one for one in ("README.md", f"{folder}/README.md") if one in found), None)


def _url(path: str, folder: str, start: str | None) -> str:
    if path == start:
        return "index.html"
    path = path.removeprefix(f"{folder}/")
    parent, name = posixpath.split(path)
    if name == "README.md":
        return posixpath.join(parent, "index.html")
    return posixpath.splitext(path)[0] + ".html"


_KINDS = (
    (r"schema/README", "Schema"),
    (r"(schema/\w+|adr)/README", "List"),
    (r"schema/tables/", "Table"),
    (r"schema/views/", "View"),
    (r"schema/functions/", "Function"),
    (r"schema/states/", "States"),
    (r"schema/errors", "Error codes"),
    (r"schema/", "Reference"),
    (r"adr/", "Decision"),
)


def _kind(path: str, folder: str, start: str | None) -> str:
    if path == start:
        return "Start"
    path = path.removeprefix(f"{folder}/")
    return next((kind for pattern, kind in _KINDS if re.match(pattern, path)), "Guide")


def _made_start(source: Path, pages: list[Page]) -> Page:
    lines = ["# Documentation", ""]
    for page in pages:
        if page.kind in {"Guide", "Schema"}:
            lines.append(f"- [{page.title}]({posixpath.relpath(page.path, source.name)})")
    return Page(f"{source.name}/README.md", "index.html", "\n".join(lines) + "\n", "Start")


_LISTS = {
    "Table": ("schema/tables", "Tables"),
    "View": ("schema/views", "Views"),
    "Function": ("schema/functions", "Functions"),
    "States": ("schema/states", "States"),
    "Decision": ("adr", "Decisions"),
}


def _lists(source: Path, pages: list[Page]) -> list[Page]:
    """Returns a list of each kind of page that has none."""
    made = []
    known = {page.path for page in pages}
    for kind, (folder, title) in _LISTS.items():
        path = f"{source.name}/{folder}/README.md"
        listed = [page for page in pages if page.kind == kind]
        if listed and path not in known:
            lines = [f"# {title}", "", "| Name | What it is |", "|---|---|"]
            for page in listed:
                summary = re.sub(r"([\\`*_<\[\]|])", r"\\\1", page.summary)
                shown = (
                    f"`{page.name}`" if page.name != page.title or kind != "Decision" else page.name
                )
                lines.append(f"| [{shown}]({posixpath.basename(page.path)}) | {summary} |")
            made.append(Page(path, f"{folder}/index.html", "\n".join(lines) + "\n", "List"))
    return made


def _elsewhere(root: Path, pages: list[Page]) -> list[Page]:
    """Returns pages for the files outside the folder that pages link to."""
    known = {page.path for page in pages}
    folders = {posixpath.dirname(path) for path in known}
    made: dict[str, Page] = {}
    waiting = list(pages)
    while waiting:
        page = waiting.pop()
        for found in _LINK.finditer(_FENCE.sub("", page.text)):
            target = found[1].partition("#")[0]
            path = posixpath.normpath(posixpath.join(posixpath.dirname(page.path), target))
            file = root / path
            if (
                not target
                or "://" in target
                or path.startswith(("..", "/"))
                or path in known
                or path in made
                or path in folders
                or not file.exists()
                or (file.is_file() and path.startswith(f"{_top(pages)}/") and file.suffix != ".md")
            ):
                continue
            made[path] = _file_page(path, file)
            if file.suffix == ".md":
                waiting.append(made[path])
    return [made[path] for path in sorted(made)]


def _top(pages: list[Page]) -> str:
    """Returns the name of the folder of the pages."""
    return next((page.path.split("/")[0] for page in pages if "/" in page.path), "")


def _file_page(path: str, file: Path) -> Page:
    url = f"files/{path}.html"
    if file.is_dir():
        names = sorted(
            one.name + ("/" if one.is_dir() else "")
            for one in file.iterdir()
            if not one.name.startswith((".", "__"))
        )
        text = f"# {path}/\n\n" + "".join(f"- `{name}`\n" for name in names)
        return Page(path, f"files/{path}/index.html", text, "File")
    if file.stat().st_size > _LARGEST:
        return Page(path, url, f"# {path}\n\nThis file is too long to be shown here.\n", "File")
    text = file.read_text(encoding="utf-8", errors="replace")
    if file.suffix == ".md":
        return Page(path, url, text, "Guide")
    ticks = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, ticks + 1)
    # Without colours, which take longer than all the rest.
    return Page(path, url, f"# {path}\n\n{fence}text\n{text.rstrip()}\n{fence}\n", "File")


def _others(source: Path) -> list[Path]:
    return [
        file
        for file in sorted(source.rglob("*"))
        if file.is_file() and file.suffix != ".md" and not file.name.startswith(".")
    ]


def _with_links(svg: str, folder: str, base: str, known: dict[str, str]) -> str:
    """Returns a picture whose links lead to the pages of the site.

    Args:
        svg: the picture.
        folder: that its links are from.
        base: folder of the site that they shall be from.
        known: what `targets` returned.
    """

    def moved(found: re.Match[str]) -> str:
        target, hash_, anchor = found[2].partition("#")
        path = posixpath.normpath(posixpath.join(folder, target))
        if "://" in target or path not in known:
            return found[0]
        return f'{found[1]}"{posixpath.relpath(known[path], base)}{hash_}{anchor}"'

    return re.sub(r'(\bhref=)"([^"#][^"]*)"', moved, svg)


_DARK = re.compile(
    r"@media\s*\(prefers-color-scheme:\s*dark\)\s*\{(.*)\}\s*(?=\]\]>|</style>)", re.DOTALL
)


def _part_of_a_page(svg: str) -> str:
    """Returns a picture as a part of a page: without what only a file has, or a page has once."""
    svg = re.sub(r"^.*?(?=<svg\b)|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(<g|<a)\s+id="[^"]*"', r"\1", svg)
    svg = re.sub(r'(<svg\b[^>]*?)\swidth="[^"]*"\sheight="[^"]*"', r"\1", svg)
    svg = re.sub(r"\sxlink:(href|title)=", r" \1=", svg)
    # The page knows which colours its reader chose; the system's are another thing.
    return _DARK.sub(r':root[data-scheme="dark"] {\1}', svg)
