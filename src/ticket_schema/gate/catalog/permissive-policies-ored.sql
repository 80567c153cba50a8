-- Policies that mean to bound all others and do not: permissive ones are joined by OR, so what one
-- keeps back another shows. Whoever owns a row, or may see what is public, is often meant so; the
-- tenant of a row never is.
SELECT
    p.schema,
    'policy' AS kind,
    format('%s.%s', p.table_name, p.name) AS name,
    format(
        'shows or lets in rows that %s keeps back by %s',
        string_agg(DISTINCT b.name, ', ' ORDER BY b.name),
        string_agg(DISTINCT g.name, ', ' ORDER BY g.name)
    ) AS detail,
    CASE
        WHEN
            bool_or(
                (g.is_of_tenants OR b.name ~* 'tenant|isolat|bound')
                AND (0::oid = ANY(p.roles) OR p.roles @> b.roles)
            )
            THEN 'warning'
        ELSE 'note'
    END AS severity,
    format(
        E'CREATE POLICY … ON %I.%I AS RESTRICTIVE FOR ALL\n'
        '    USING (%I = (SELECT …)) WITH CHECK (%I = (SELECT …));',
        p.schema, p.table_name, min(g.name), min(g.name)
    ) AS mend
FROM policy AS p
INNER JOIN policy AS b
    ON
        p.relation = b.relation
        AND p.oid <> b.oid
        AND b.permissive
        AND p.commands && b.commands
INNER JOIN guard AS g ON b.oid = g.policy
WHERE
    p.permissive
    AND 'false' NOT IN (p.shows, p.lets_in)
    AND p.body !~ ('\m' || g.name || '\M')
    AND pg_temp.overlap(p.roles, b.roles)
    AND NOT EXISTS (
        SELECT
        FROM policy AS f
        INNER JOIN guard AS o ON f.oid = o.policy
        WHERE
            f.relation = p.relation
            AND NOT f.permissive
            AND o.name = g.name
            AND f.commands @> p.commands
            AND (0::oid = ANY(f.roles) OR f.roles @> p.roles)
    )
GROUP BY p.schema, p.table_name, p.name, p.relation
ORDER BY p.schema, name;
