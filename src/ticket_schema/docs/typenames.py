"""Names of types as people write them."""

from __future__ import annotations

import re

_SHORT = (
    (r"\btimestamp(\(\d\))? with time zone", r"timestamptz\1"),
    (r"\btimestamp(\(\d\))? without time zone", r"timestamp\1"),
    (r"\btime(\(\d\))? with time zone", r"timetz\1"),
    (r"\btime(\(\d\))? without time zone", r"time\1"),
    (r"\bcharacter varying", "varchar"),
    (r"\bcharacter\b", "char"),
    (r"\bbit varying", "varbit"),
    (r"\bdouble precision", "float8"),
)


def shortened(name: str) -> str:
    """Returns the name of a type in one word where PostgreSQL spells out several.

    Args:
        name: as `format_type` prints it, such as `timestamp with time zone`.
    """
    for long, short in _SHORT:
        name = re.sub(long, short, name)
    return name
