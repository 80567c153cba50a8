-- Tables whose policies do not hold those who use them, because they use them as the owner. That
-- is so where nobody else was granted anything, and where the owner is a role that services log in
-- as, or are members of.
SELECT
    o.schema,
    'table' AS kind,
    o.name,
    CASE
        WHEN q.is_migrator
            THEN 'is granted to nobody but its owner, whom its policies do not hold'
        ELSE
            format(
                'belongs to %s, as which services log in, and its policies do not hold it',
                r.rolname
            )
    END AS detail,
    format('ALTER TABLE %I.%I FORCE ROW LEVEL SECURITY;', o.schema, o.name) AS mend
FROM own AS o
INNER JOIN pg_roles AS r ON o.relowner = r.oid
CROSS JOIN LATERAL (
    SELECT o.relowner = d.datdba AS is_migrator
    FROM pg_database AS d
    WHERE d.datname = current_database()
) AS q
WHERE
    o.guarded
    AND NOT o.forced
    AND EXISTS (
        SELECT
        FROM policy AS p
        WHERE p.relation = o.oid
    )
    AND CASE
        WHEN q.is_migrator
            THEN NOT EXISTS (
                SELECT
                FROM granted AS g
                WHERE g.relation = o.oid
            )
        ELSE r.rolcanlogin OR EXISTS (
            SELECT
            FROM pg_auth_members AS m
            INNER JOIN pg_roles AS l ON m.member = l.oid
            INNER JOIN pg_database AS d ON d.datname = current_database()
            -- Who migrates is a member because it must be.
            WHERE m.roleid = o.relowner AND l.rolcanlogin AND NOT l.rolsuper AND l.oid <> d.datdba
        )
    END
ORDER BY o.schema, o.name;
