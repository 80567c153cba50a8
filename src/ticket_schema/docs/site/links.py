"""Whether the links of a made site lead somewhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from urllib.parse import unquote

_ADDRESS = re.compile(r'\s(?:xlink:)?(?:href|src)="([^"]*)"')
_ID = re.compile(r'\sid="([^"]+)"')
_OUTSIDE = re.compile(r"[a-z][a-z+.-]*:|//", re.IGNORECASE)


def broken(made: Path, sources: Mapping[str, str]) -> list[str]:
    """Returns the links that lead nowhere, each with the page that it stands on.

    Args:
        made: folder of the site.
        sources: from the address of a page to the path of its text.
    """
    texts = {
        file.relative_to(made).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(made.rglob("*.html"))
    }
    anchors = {path: {unescape(one) for one in _ID.findall(text)} for path, text in texts.items()}
    there = {file.relative_to(made).as_posix() for file in made.rglob("*") if file.is_file()}
    found = []
    for path, text in texts.items():
        for address in sorted(set(_ADDRESS.findall(text))):
            if _leads_nowhere(path, unescape(address), anchors, there):
                found.append(f"{sources.get(path, path)} to {unescape(address)}")
    return found


def _leads_nowhere(
    path: str, address: str, anchors: Mapping[str, set[str]], there: set[str]
) -> bool:
    if _OUTSIDE.match(address):
        return False
    target, _, anchor = address.partition("#")
    reached = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(target)))
    if not target:
        reached = path
    if reached not in there:
        return True
    return bool(anchor) and reached in anchors and unquote(anchor) not in anchors[reached]
