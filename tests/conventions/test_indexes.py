"""No index repeats another."""

from __future__ import annotations

from typing import Any

from support.session import Session

INDEXES = """
SELECT
    c.relname AS table_name,
    i.relname AS index_name,
    pg_get_expr(x.indpred, x.indrelid) AS predicate,
    ARRAY(
        SELECT a.attname::text
        FROM unnest(x.indkey) WITH ORDINALITY AS u (number, place)
        INNER JOIN pg_attribute AS a ON x.indrelid = a.attrelid AND u.number = a.attnum
        WHERE u.place <= x.indnkeyatts
        ORDER BY u.place
    ) AS columns
FROM pg_index AS x
INNER JOIN pg_class AS c ON x.indrelid = c.oid
INNER JOIN pg_class AS i ON x.indexrelid = i.oid
WHERE c.relnamespace = 'ticketing'::regnamespace AND c.relkind IN ('r', 'p')
"""


def test_no_index_repeats_another(db: Session) -> None:
    seen: dict[tuple[Any, ...], str] = {}
    for index in db.all(INDEXES):
        shape = (index["table_name"], tuple(index["columns"]), index["predicate"])
        assert shape not in seen, f"{index['index_name']} repeats {seen.get(shape)}"
        seen[shape] = index["index_name"]
