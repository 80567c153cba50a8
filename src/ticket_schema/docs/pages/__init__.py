"""The pages, a module a kind; each has `pages(source)`, from path to Markdown.

The first page alone is made differently, last of all, since it links to the others.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

from ticket_schema.docs.model import Source

Pages = Callable[[Source], dict[str, str]]


def makers() -> list[Pages]:
    """Returns what makes the pages but the first: every other module of this folder."""
    names = sorted(found.name for found in iter_modules(__path__) if found.name != "start")
    return [import_module(f"{__name__}.{name}").pages for name in names]
