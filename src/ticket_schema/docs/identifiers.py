"""Names as SQL writes them."""

from __future__ import annotations

import re
from functools import cache

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")


def identifier(name: str) -> str:
    """Returns a name as SQL takes it: between double quotes when it has to be."""
    if _PLAIN.fullmatch(name) and name not in _words():
        return name
    return '"' + name.replace('"', '""') + '"'


def name_of(text: str) -> str:
    """Returns the name that an identifier stands for, without quotes."""
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


@cache
def _words() -> frozenset[str]:
    """Returns the words of the grammar that are no names without quotes."""
    try:
        from pglast import keywords  # noqa: PLC0415 - of an extra
    except ImportError:
        return frozenset()
    return frozenset(keywords.RESERVED_KEYWORDS | keywords.TYPE_FUNC_NAME_KEYWORDS)
