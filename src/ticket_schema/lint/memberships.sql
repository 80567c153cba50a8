-- None of the four roles is a member of any role: a group in another has the rights and the
-- policies of both, and one in the owner can switch the policies off.
SELECT
    m.rolname::text AS name,
    format('is a member of %s', r.rolname) AS detail,
    format('REVOKE %I FROM %I;', r.rolname, m.rolname) AS remedy
FROM pg_catalog.pg_auth_members AS a
INNER JOIN pg_catalog.pg_roles AS r ON a.roleid = r.oid
INNER JOIN pg_catalog.pg_roles AS m ON a.member = m.oid
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND m.rolname IN (
        'ticketing_owner', 'ticketing_app', 'ticketing_worker', 'ticketing_readonly'
    )
ORDER BY m.rolname, detail;
