-- Policies of tables on which row level security is off: they look like a guard and are none.
SELECT
    o.schema,
    'table' AS kind,
    o.name,
    format(
        'has %s and no row level security',
        string_agg(format('policy %s', p.name), ', ' ORDER BY p.name)
    ) AS detail,
    format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY;', o.schema, o.name) AS mend
FROM policy AS p
INNER JOIN own AS o ON p.relation = o.oid
WHERE NOT o.guarded
GROUP BY o.schema, o.name
ORDER BY o.schema, o.name;
