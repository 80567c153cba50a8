"""Reads DOT as this package writes it: a statement a line."""

from __future__ import annotations

import re

_NODE = re.compile(r'^\s*"([^"]+)" \[(.*)\];$', re.MULTILINE)
_EDGE = re.compile(r'^\s*"([^"]+)"(?::\w+)* -> "([^"]+)"(?::\w+)* \[', re.MULTILINE)


def nodes(text: str) -> dict[str, set[str]]:
    """Returns the nodes of a picture, each with its ports.

    Args:
        text: DOT.
    """
    found = _NODE.findall(text)
    assert len({name for name, _ in found}) == len(found), "a node is there twice"
    return {name: set(re.findall(r'PORT="(\w+)"', told)) for name, told in found}


def edges(text: str) -> list[tuple[str, str]]:
    """Returns the edges of a picture, from and to.

    Args:
        text: DOT.
    """
    return _EDGE.findall(text)
