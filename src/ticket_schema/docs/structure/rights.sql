-- One row a relation and a role that was given anything in the schema: each right it has there, by
-- itself or by membership; TRUE for the whole relation, or the columns. What it lacks is left out.
WITH
relations AS (
    SELECT c.*
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
),

named AS (
    SELECT x.grantee AS role_id
    FROM relations AS c
    CROSS JOIN LATERAL aclexplode(c.relacl) AS x
    UNION
    SELECT c.relowner
    FROM relations AS c
    UNION
    SELECT x.grantee
    FROM pg_attribute AS a
    INNER JOIN relations AS c ON a.attrelid = c.oid
    CROSS JOIN LATERAL aclexplode(a.attacl) AS x
)

SELECT
    format('%s.%s', r.rolname, c.relname) AS name,
    jsonb_strip_nulls(jsonb_object_agg(
        w.right_name,
        CASE
            WHEN has_table_privilege(r.oid, c.oid, w.right_name) THEN 'true'::jsonb
            WHEN w.right_name NOT IN ('DELETE', 'TRUNCATE') THEN (
                SELECT jsonb_agg(a.attname ORDER BY a.attnum)
                FROM pg_attribute AS a
                WHERE
                    a.attrelid = c.oid
                    AND a.attnum > 0
                    AND NOT a.attisdropped
                    AND has_column_privilege(r.oid, c.oid, a.attnum, w.right_name)
            )
        END
    )) AS facts
FROM named AS d
INNER JOIN pg_roles AS r ON d.role_id = r.oid
CROSS JOIN relations AS c
CROSS JOIN (
    VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('REFERENCES')
) AS w (right_name)
GROUP BY r.rolname, c.relname;
