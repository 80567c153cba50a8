-- Commands that a role was granted and no policy covers: they succeed and find no row, or fail on
-- every one.
SELECT
    o.schema,
    'table' AS kind,
    o.name,
    format(
        'lets %s %s, and no policy covers that', r.rolname,
        string_agg(g.command, ', ' ORDER BY g.command)
    ) AS detail,
    format(
        'CREATE POLICY … ON %I.%I FOR %s TO %I …;', o.schema, o.name, min(g.command), r.rolname
    ) AS mend
FROM granted AS g
INNER JOIN own AS o ON g.relation = o.oid
INNER JOIN pg_roles AS r ON g.grantee = r.oid
WHERE
    o.guarded
    AND g.command IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    AND NOT pg_temp.bypasses(g.grantee)
    AND EXISTS (
        SELECT
        FROM policy AS p
        WHERE p.relation = o.oid
    )
    AND NOT EXISTS (
        SELECT
        FROM policy AS p
        WHERE
            p.relation = o.oid
            AND p.permissive
            AND g.command = ANY(p.commands)
            AND CASE WHEN g.command = 'INSERT' THEN p.lets_in ELSE p.shows END IS NOT NULL
            AND pg_temp.overlap(p.roles, ARRAY[g.grantee])
    )
GROUP BY o.schema, o.name, r.rolname
ORDER BY o.schema, o.name, r.rolname;
