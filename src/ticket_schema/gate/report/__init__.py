"""The forms that a report can take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ticket_schema.gate.finding import Report
from ticket_schema.gate.report import document, github, junit, markdown, sarif, terminal

# Each returns the text of a report; paths are shown relative to the folder that is given.
FORMATS: dict[str, Callable[[Report, Path], str]] = {
    "terminal": terminal.render,
    "json": document.render,
    "sarif": sarif.render,
    "junit": junit.render,
    "github": github.render,
    "markdown": markdown.render,
}
