-- The four roles exist and have no power of their own: a superuser or BYPASSRLS role is filtered
-- by no policy, and one that makes roles can make itself such a one. Nobody logs in as a group.
SELECT
    n.rolname AS name,
    w.detail,
    format(w.remedy, n.rolname) AS remedy
FROM (
    VALUES ('ticketing_owner'), ('ticketing_app'), ('ticketing_worker'), ('ticketing_readonly')
) AS n (rolname)
LEFT JOIN pg_catalog.pg_roles AS r ON n.rolname = r.rolname
CROSS JOIN LATERAL (
    VALUES
    (r.oid IS NULL, 'is missing', 'CREATE ROLE %I NOLOGIN;'),
    (r.rolsuper, 'is a superuser', 'ALTER ROLE %I NOSUPERUSER;'),
    (r.rolbypassrls, 'bypasses row level security', 'ALTER ROLE %I NOBYPASSRLS;'),
    (r.rolcanlogin, 'may log in', 'ALTER ROLE %I NOLOGIN;'),
    (r.rolcreaterole, 'may make roles', 'ALTER ROLE %I NOCREATEROLE;'),
    (r.rolcreatedb, 'may make databases', 'ALTER ROLE %I NOCREATEDB;'),
    (r.rolreplication, 'may read the log of every database', 'ALTER ROLE %I NOREPLICATION;')
) AS w (is_wrong, detail, remedy)
WHERE to_regnamespace('ticketing') IS NOT NULL AND w.is_wrong
ORDER BY n.rolname, w.detail;
