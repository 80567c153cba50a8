-- Permissive policies that leave nothing out, on tables where others do, or for writing. Passed
-- over: what a restrictive policy bounds; a role for jobs, which is all that its policies say; and
-- reading a table that belongs to nobody in particular.
WITH open AS (
    SELECT
        p.*,
        c.clause
    FROM policy AS p
    CROSS JOIN LATERAL (
        VALUES
        ('USING', p.shows, p.commands && ARRAY['SELECT', 'UPDATE', 'DELETE']),
        ('WITH CHECK', p.lets_in, p.has_check AND p.commands && ARRAY['INSERT', 'UPDATE'])
    ) AS c (clause, text, counts)
    WHERE
        p.permissive
        AND c.counts
        AND (
            c.text = 'true'
            OR c.text ~ '^\(\(?([^()]+(?:\([^()]*\))?)\)? = \(?\1\)?\)$'
            OR c.text ~ '( OR true\)|\(true OR )'
            OR c.text ~ '^\(current_setting\([^()]*\) IS NOT NULL\)$'
        )
)

SELECT
    p.schema,
    'policy' AS kind,
    format('%s.%s', p.table_name, p.name) AS name,
    format(
        'is always true in %s, for %s', p.clause, (
            SELECT string_agg(coalesce(r.rolname, 'PUBLIC'), ', ' ORDER BY r.rolname)
            FROM unnest(p.roles) AS m (oid)
            LEFT JOIN pg_roles AS r ON m.oid = r.oid
        )
    ) AS detail,
    CASE WHEN q.column_name IS NOT NULL THEN 'error' ELSE 'warning' END AS severity,
    format(
        'ALTER POLICY %I ON %I.%I %s (%s);', p.name, p.schema, p.table_name, p.clause,
        coalesce(quote_ident(q.column_name) || ' = (SELECT …)', '…')
    ) AS mend
FROM open AS p
LEFT JOIN LATERAL (
    SELECT a.attname::text AS column_name
    FROM pg_attribute AS a
    INNER JOIN guard AS g ON a.attname = g.name AND a.atttypid = g.type
    WHERE a.attrelid = p.relation AND (g.relation = p.relation OR g.is_of_tenants)
    ORDER BY g.is_of_tenants DESC, g.relation = p.relation DESC
    LIMIT 1
) AS q ON TRUE
WHERE
    (p.commands <> ARRAY['SELECT'] OR q.column_name IS NOT NULL)
    AND NOT EXISTS (
        SELECT
        FROM policy AS f
        WHERE
            f.relation = p.relation
            AND NOT f.permissive
            AND f.commands @> p.commands
            AND (0::oid = ANY(f.roles) OR f.roles @> p.roles)
            AND 'true' NOT IN (f.shows, f.lets_in)
    )
    -- A role for jobs, beside others that are bounded.
    AND NOT (
        NOT 0::oid = ANY(p.roles)
        AND EXISTS (
            SELECT
            FROM policy AS f
            WHERE
                f.relation = p.relation
                AND f.permissive
                AND 'true' NOT IN (f.shows, f.lets_in)
                AND NOT f.roles && p.roles
        )
        AND NOT EXISTS (
            SELECT
            FROM policy AS f
            WHERE f.permissive AND f.roles && p.roles AND 'true' NOT IN (f.shows, f.lets_in)
        )
    )
    AND NOT EXISTS (
        SELECT
        FROM unnest(p.roles) AS m (oid)
        WHERE pg_temp.bypasses(m.oid)
    )
ORDER BY p.schema, name, p.clause;
