-- One row an index: what it sorts by, which rows it holds and which constraint it keeps.
SELECT
    i.relname::text AS name,
    jsonb_build_object(
        'table', c.relname,
        'method', m.amname,
        'unique', x.indisunique,
        'nulls_not_distinct', x.indnullsnotdistinct,
        'keys', (
            SELECT jsonb_agg(pg_get_indexdef(x.indexrelid, o.place, TRUE) ORDER BY o.place)
            FROM generate_series(1, x.indnkeyatts) AS o (place)
        ),
        'include', coalesce((
            SELECT jsonb_agg(pg_get_indexdef(x.indexrelid, o.place, TRUE) ORDER BY o.place)
            FROM generate_series(x.indnkeyatts + 1, x.indnatts) AS o (place)
        ), '[]'),
        'predicate', pg_get_expr(x.indpred, x.indrelid),
        'constraint', (
            SELECT k.conname
            FROM pg_constraint AS k
            WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x')
        )
    ) AS facts
FROM pg_index AS x
INNER JOIN pg_class AS c ON x.indrelid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
INNER JOIN pg_class AS i ON x.indexrelid = i.oid
INNER JOIN pg_am AS m ON i.relam = m.oid
WHERE n.nspname = $1;
