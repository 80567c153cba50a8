-- No role and no database gives its sessions a context, switches row security or lets them pass as
-- a replica: a session would begin in a tenant that nobody chose, or without triggers and foreign
-- keys.
SELECT
    q.kind || ' ' || q.place AS name,
    format('fixes %s', q.setting) AS detail,
    format('ALTER %s %s RESET %s;', upper(q.kind), q.place, split_part(q.setting, '=', 1)) AS remedy
FROM (
    SELECT
        c.setting,
        CASE WHEN s.setrole = 0 AND s.setdatabase <> 0 THEN 'database' ELSE 'role' END AS kind,
        coalesce(quote_ident(r.rolname), quote_ident(d.datname), 'ALL') AS place
    FROM pg_catalog.pg_db_role_setting AS s
    CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
    LEFT JOIN pg_catalog.pg_roles AS r ON s.setrole = r.oid
    LEFT JOIN pg_catalog.pg_database AS d ON s.setdatabase = d.oid
    WHERE s.setdatabase = 0 OR d.datname = current_database()
) AS q
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND split_part(q.setting, '=', 1) ~ '^(app[.]|row_security$|session_replication_role$|role$)'
ORDER BY name, detail;
