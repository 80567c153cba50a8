"""What the search of the site looks through: an entry a page, and one a part of a long page."""

from __future__ import annotations

import json
import re

from ticket_schema.docs.markdown import anchor
from ticket_schema.docs.site.content import Page, plain

_CODE = re.compile(r"^`?([0-9A-Z]{5})`?(?=$|\W)")
_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
_PART = re.compile(r"^(#{2,3})\s+(.+?)\s*$", re.MULTILINE)
_FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1[`~]*\s*$", re.MULTILINE | re.DOTALL)
_NO_PROSE = re.compile(r"\s*($|\||```|~~~|!\[)")
_TARGET = re.compile(r"\]\([^)]*\)")

# Their parts have names of their own that a reader may look for; those of other pages repeat.
_IN_PARTS = {"Start", "Guide", "Decision", "Error codes", "Reference", "Schema"}


def script(pages: list[Page]) -> str:
    """Returns the entries as a script, because a page from a disk may load nothing else.

    Args:
        pages: of the site.
    """
    found = [entry for page in pages for entry in _entries(page)]
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in found)
    return f"window.searchEntries = [\n{lines}\n];\n"


def _entries(page: Page) -> list[dict[str, str]]:
    parts = _parts(page.text) if page.kind in _IN_PARTS else [("", page.text)]
    entries = []
    used: dict[str, int] = {}
    for heading, text in parts:
        address = page.url
        entry = {"kind": page.kind, "title": page.name, "text": _words(text)}
        if heading:
            name = anchor(heading)
            used[name] = used.get(name, 0) + 1
            again = used[name] - 1
            address += f"#{name}-{again}" if again else f"#{name}"
            code = _CODE.match(heading)
            about = next(
                (plain(one) for one in text.split("\n\n")[1:] if not _NO_PROSE.match(one)), ""
            )
            entry |= {
                "kind": "Error code" if code else page.kind,
                "title": plain(heading),
                "in": page.name,
                "about": about.replace("`", "")[:200],
            }
        else:
            entry["about"] = page.summary.replace("`", "")
        entries.append({"url": address, **entry})
    return entries


def _parts(text: str) -> list[tuple[str, str]]:
    # A line of a block of code may begin as a heading does.
    hidden = _FENCE.sub(lambda found: re.sub(r"^#", " ", found[0], flags=re.MULTILINE), text)
    starts = [(found.start(), found[2]) for found in _PART.finditer(hidden)]
    ends = [*(start for start, _ in starts[1:]), len(hidden)][: len(starts)]
    first = hidden[: starts[0][0]] if starts else hidden
    found = [("", first)]
    found += [(name, hidden[at:end]) for (at, name), end in zip(starts, ends, strict=True)]
    return found


def _words(text: str) -> str:
    return " ".join(dict.fromkeys(_WORD.findall(_TARGET.sub("]", text).lower())))
