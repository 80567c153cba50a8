-- One row a setting that every session of a role begins with, of roles that own or may use the
-- schema. A login made from such a role does not inherit it; SET ROLE does not apply it either.
SELECT
    format('%s.%s', r.rolname, split_part(v.setting, '=', 1)) AS name,
    jsonb_build_object(
        'role', r.rolname,
        'setting', v.setting,
        'everywhere', s.setdatabase = 0
    ) AS facts
FROM pg_db_role_setting AS s
INNER JOIN pg_roles AS r ON s.setrole = r.oid
CROSS JOIN LATERAL unnest(s.setconfig) AS v (setting)
WHERE
    s.setdatabase IN (
        0,
        (
            SELECT d.oid
            FROM pg_database AS d
            WHERE d.datname = current_database()
        )
    )
    AND EXISTS (
        SELECT TRUE
        FROM pg_namespace AS n
        LEFT JOIN LATERAL aclexplode(n.nspacl) AS x ON TRUE
        WHERE n.nspname = $1 AND r.oid IN (n.nspowner, x.grantee)
    );
