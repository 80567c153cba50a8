-- A login that was given one of the groups is one that row level security holds: neither it nor a
-- role that it may become is a superuser, bypasses row level security, owns the schema or the
-- database, makes roles, or is one of PostgreSQL's own, which read all data or what others ask.
-- Logins that a managed service's console makes often are. Nor does one that serves tenants become
-- ticketing_worker, which crosses them: jobs have a login of their own.
WITH RECURSIVE may_be AS (
    SELECT
        r.oid AS login,
        r.oid AS other
    FROM pg_catalog.pg_roles AS r
    UNION
    SELECT
        b.login,
        a.roleid AS other
    FROM may_be AS b
    INNER JOIN pg_catalog.pg_auth_members AS a ON b.other = a.member
    -- From version 16 on a membership may give the right to hand it on and nothing else.
    WHERE
        coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, TRUE)
        OR coalesce((to_jsonb(a) ->> 'set_option')::boolean, TRUE)
)

SELECT
    l.rolname::text AS name,
    CASE
        WHEN p.oid = l.oid THEN format('serves as %s and ', g.rolname)
        ELSE format('serves as %s and may act as %s, which ', g.rolname, p.rolname)
    END
    || CASE
        WHEN p.rolsuper THEN 'is a superuser'
        WHEN p.rolbypassrls THEN 'bypasses row level security'
        WHEN p.rolcreaterole THEN 'may make roles, and on PostgreSQL 15 become any of them'
        WHEN p.rolreplication THEN 'may read the log of every database'
        WHEN p.rolname = 'ticketing_owner' THEN 'owns the schema'
        WHEN p.rolname = 'ticketing_worker' THEN 'crosses tenants'
        WHEN p.oid = d.datdba THEN 'owns the database, and may fix a context for its sessions'
        ELSE 'sees or does more than rows'
    END AS detail,
    format('Give services a login of their own; REVOKE %I FROM %I;', g.rolname, l.rolname) AS remedy
FROM may_be AS b
INNER JOIN may_be AS s ON b.login = s.login
INNER JOIN pg_catalog.pg_roles AS l ON b.login = l.oid
INNER JOIN pg_catalog.pg_roles AS g ON b.other = g.oid
INNER JOIN pg_catalog.pg_roles AS p ON s.other = p.oid
INNER JOIN pg_catalog.pg_database AS d ON d.datname = current_database()
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND l.rolcanlogin
    AND g.rolname IN ('ticketing_app', 'ticketing_worker', 'ticketing_readonly')
    -- What a group itself may become is told of the group.
    AND NOT EXISTS (
        SELECT
        FROM may_be AS m
        WHERE m.login = g.oid AND m.other = p.oid
    )
    AND (
        p.rolsuper
        OR p.rolbypassrls
        OR p.rolcreaterole
        OR p.rolreplication
        OR p.rolname IN ('ticketing_owner', 'ticketing_worker')
        OR p.oid = d.datdba
        OR starts_with(p.rolname, 'pg_')
    )
ORDER BY name, detail;
