-- Policies that ask whose row it is when they show one, and not when they let one in: a row can be
-- written for another tenant, or handed over to one.
SELECT
    p.schema,
    'policy' AS kind,
    format('%s.%s', p.table_name, p.name) AS name,
    format('lets in rows of any %s', string_agg(DISTINCT g.name, ', ' ORDER BY g.name)) AS detail,
    format(
        'ALTER POLICY %I ON %I.%I WITH CHECK (%I = (SELECT …) AND …);', p.name, p.schema,
        p.table_name, min(g.name)
    ) AS mend
FROM policy AS p
INNER JOIN guard AS g ON p.relation = g.relation AND NOT g.is_check
INNER JOIN policy AS s ON g.policy = s.oid
WHERE
    p.permissive
    AND p.has_check
    AND p.commands && ARRAY['INSERT', 'UPDATE']
    AND p.lets_in NOT IN ('true', 'false')
    AND (
        s.oid = p.oid
        OR (g.is_of_tenants AND 'SELECT' = ANY(s.commands) AND pg_temp.overlap(s.roles, p.roles))
    )
    AND NOT EXISTS (
        SELECT
        FROM guard AS o
        INNER JOIN policy AS f ON o.policy = f.oid
        WHERE
            o.relation = p.relation
            AND o.name = g.name
            AND o.is_check
            AND (
                f.oid = p.oid
                OR (
                    NOT f.permissive
                    AND f.commands @> p.commands
                    AND (0::oid = ANY(f.roles) OR f.roles @> p.roles)
                )
            )
    )
GROUP BY p.schema, p.table_name, p.name, p.relation
ORDER BY p.schema, name;
