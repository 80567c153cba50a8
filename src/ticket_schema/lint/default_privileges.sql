-- What the owner makes next is nobody else's until it is granted: PUBLIC does not get EXECUTE on
-- its new functions, and no default hands new objects of this schema to anybody.
SELECT
    coalesce(n.nspname::text, 'database') AS name,
    format(
        'new %s of %s give %s to %s',
        CASE d.defaclobjtype
            WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
            WHEN 'T' THEN 'types' ELSE 'schemas'
        END,
        pg_get_userbyid(d.defaclrole), x.privilege_type, coalesce(r.rolname, 'PUBLIC')
    ) AS detail,
    format(
        'ALTER DEFAULT PRIVILEGES FOR ROLE %I%s REVOKE %s … FROM %s;',
        pg_get_userbyid(d.defaclrole), ' IN SCHEMA ' || quote_ident(n.nspname), x.privilege_type,
        coalesce(r.rolname, 'PUBLIC')
    ) AS remedy
FROM pg_catalog.pg_default_acl AS d
LEFT JOIN pg_catalog.pg_namespace AS n ON d.defaclnamespace = n.oid
CROSS JOIN LATERAL aclexplode(d.defaclacl) AS x
LEFT JOIN pg_catalog.pg_roles AS r ON x.grantee = r.oid
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND x.grantee <> d.defaclrole
    AND (
        n.nspname = 'ticketing'
        OR (n.oid IS NULL AND pg_get_userbyid(d.defaclrole) = 'ticketing_owner')
    )
UNION ALL
SELECT
    'database' AS name,
    'new functions of ticketing_owner give EXECUTE to PUBLIC' AS detail,
    'ALTER DEFAULT PRIVILEGES FOR ROLE ticketing_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;'
        AS remedy
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_default_acl AS d
        WHERE
            d.defaclnamespace = 0
            AND d.defaclobjtype = 'f'
            AND pg_get_userbyid(d.defaclrole) = 'ticketing_owner'
    )
ORDER BY name, detail;
