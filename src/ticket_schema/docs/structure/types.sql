-- One row a type of the schema's own, but for labels of an enum and the base of a domain, which are
-- told with the objects.
SELECT
    t.typname::text AS name,
    jsonb_strip_nulls(jsonb_build_object(
        'kind', CASE t.typtype
            WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite' ELSE 'range'
        END,
        'owner', pg_get_userbyid(t.typowner),
        'comment', obj_description(t.oid, 'pg_type'),
        'attributes', (
            SELECT
                jsonb_agg(
                    format('%s %s', a.attname, format_type(a.atttypid, a.atttypmod))
                    ORDER BY a.attnum
                )
            FROM pg_attribute AS a
            WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        ),
        'not_null', nullif(t.typnotnull, FALSE),
        'default', t.typdefault,
        'subtype', (
            SELECT format_type(r.rngsubtype, NULL)
            FROM pg_range AS r
            WHERE r.rngtypid = t.oid
        ),
        'checks', (
            SELECT
                jsonb_agg(
                    jsonb_strip_nulls(jsonb_build_object(
                        'name', k.conname,
                        'definition', pg_get_constraintdef(k.oid),
                        'comment', obj_description(k.oid, 'pg_constraint')
                    ))
                    ORDER BY k.conname
                )
            FROM pg_constraint AS k
            WHERE k.contypid = t.oid AND k.contype = 'c'
        ),
        'grants', (
            SELECT
                jsonb_agg(
                    format('%s: %s', coalesce(r.rolname, 'PUBLIC'), x.privilege_type)
                    ORDER BY coalesce(r.rolname, 'PUBLIC')
                )
            FROM aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) AS x
            LEFT JOIN pg_roles AS r ON x.grantee = r.oid
            WHERE x.grantee <> t.typowner
        )
    )) AS facts
FROM pg_type AS t
INNER JOIN pg_namespace AS n ON t.typnamespace = n.oid
LEFT JOIN pg_class AS c ON t.typrelid = c.oid
WHERE
    n.nspname = $1
    AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c');
