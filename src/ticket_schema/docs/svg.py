"""Pictures as SVG, drawn by Graphviz from the DOT beside them, and only when that has changed.

A picture says in a comment which DOT it was drawn from. So whether it is fresh can be told without
Graphviz, whose layout differs a little from version to version, and from font to font: pictures
are never compared with each other.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ticket_schema.docs import dot
from ticket_schema.errors import TicketSchemaError

PROGRAM = "dot"
MISSING = (
    "Graphviz is not installed, so pictures stay as they were;"
    " install it (apt-get install graphviz) and run this again."
)

# Part of the digest: a change of what is done to a picture here draws all of them anew.
_FORMAT = 1
_DIGEST = re.compile(r"<!-- drawn from ([0-9a-f]{64}) -->")
_SECONDS = 60


@dataclass(frozen=True)
class Drawn:
    """What was done to the pictures of a folder: paths from it.

    Args:
        changed: drawn anew.
        removed: no longer wanted.
        waiting: out of date, because there is no Graphviz.
    """

    changed: list[str]
    removed: list[str]
    waiting: list[str]


def update(output: Path, dots: Mapping[str, str]) -> Drawn:
    """Draws the pictures that are missing or out of date, and removes those of no DOT.

    Args:
        output: folder of the documentation.
        dots: from path to text, as `ticket_schema.docs.build.render` returns; those of no DOT
            are passed over.

    Raises:
        TicketSchemaError: Graphviz refused a picture.
    """
    wanted = _wanted(dots)
    removed = [path for path in _drawn(output) if path not in wanted]
    for path in removed:
        (output / path).unlink()
    waiting = stale(output, dots)
    if waiting and shutil.which(PROGRAM) is None:
        return Drawn([], removed, waiting)
    for path in waiting:
        (output / path).parent.mkdir(parents=True, exist_ok=True)
        (output / path).write_text(render(wanted[path]), encoding="utf-8")
    return Drawn(waiting, removed, [])


def stale(output: Path, dots: Mapping[str, str]) -> list[str]:
    """Returns the pictures that are missing, or were drawn from another DOT.

    Args:
        output: folder of the documentation.
        dots: see `update`.
    """
    wanted = _wanted(dots)
    return [path for path, text in sorted(wanted.items()) if not _is_fresh(output / path, text)]


def surplus(output: Path, dots: Mapping[str, str]) -> list[str]:
    """Returns the pictures in a folder that no DOT asks for.

    Args:
        output: folder of the documentation.
        dots: see `update`.
    """
    wanted = _wanted(dots)
    return [path for path in _drawn(output) if path not in wanted]


def render(text: str) -> str:
    """Returns a picture for a DOT.

    Args:
        text: DOT as `ticket_schema.docs.dot.picture` writes it.

    Raises:
        TicketSchemaError: Graphviz is not installed, or refused it.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise TicketSchemaError(
            "Graphviz is not installed.", hint="Install it: apt-get install graphviz."
        )
    try:
        done = subprocess.run(  # noqa: S603
            [program, "-Tsvg"],
            input=text,
            capture_output=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split()) or "it did not say why"
        raise TicketSchemaError(
            f"Graphviz refused a picture: {said.rstrip('.')}.",
            hint="Try another version of Graphviz; 2.42 and later are known to work.",
        ) from None
    except subprocess.TimeoutExpired:
        raise TicketSchemaError(
            f"Graphviz did not end within {_SECONDS} s.", hint="Try another version of Graphviz."
        ) from None
    return _finished(done.stdout, text)


def digest(text: str) -> str:
    """Returns what a picture says of the DOT that it was drawn from."""
    return sha256(f"{_FORMAT}\n{text}".encode()).hexdigest()


def picture_of(path: str) -> str:
    """Returns the path of the picture that is drawn from a DOT, by the path of that."""
    return path.removesuffix(".dot") + ".svg"


def _wanted(dots: Mapping[str, str]) -> dict[str, str]:
    return {picture_of(path): text for path, text in dots.items() if path.endswith(".dot")}


def _drawn(output: Path) -> list[str]:
    """Returns the pictures in a folder that were made here."""
    return [
        file.relative_to(output).as_posix()
        for file in sorted(output.rglob("*.svg"))
        if _DIGEST.search(file.read_text(encoding="utf-8", errors="replace"))
    ]


def _is_fresh(file: Path, text: str) -> bool:
    if not file.is_file():
        return False
    found = _DIGEST.search(file.read_text(encoding="utf-8", errors="replace"))
    return found is not None and found[1] == digest(text)


def _finished(drawn: str, text: str) -> str:
    """Returns a picture as it is kept: with its digest, its title and its colours by night."""
    _, _, drawn = drawn.partition("<svg ")
    drawn = re.sub(r"<!--.*?-->\n?", "", drawn, flags=re.DOTALL)
    opening, _, inner = drawn.partition(">")
    name, about = _told(text)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<!-- drawn from {digest(text)} -->\n"
        f'<svg class="picture" aria-label="{dot.html(name)}" {opening}>\n'
        f"<title>{dot.html(name)}</title>\n<desc>{dot.html(about)}</desc>\n"
        "<style>\n.picture a:focus-visible, .picture a:hover { text-decoration: underline; }\n"
        f"@media (prefers-color-scheme: dark) {{\n{_night()}}}\n</style>{inner}"
    )


def _night() -> str:
    return "".join(
        f'.picture [{part}="{light}"] {{ {part}: {dark}; }}\n'
        for light, dark in dot.DARK.items()
        for part in ("fill", "stroke")
    )


def _told(text: str) -> tuple[str, str]:
    """Returns the name of a graph and what it says of itself."""
    found = re.search(r'^digraph "(.*)" \{\n  comment="(.*)";$', text, re.MULTILINE)
    if found is None:
        return "", ""
    name, about = (one.replace('\\"', '"').replace("\\\\", "\\") for one in found.groups())
    return name, about
