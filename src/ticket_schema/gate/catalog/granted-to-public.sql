-- What every login of the cluster may do, by a grant or by a default for what is made next. What
-- PostgreSQL itself gives everybody is left out.
SELECT
    o.schema,
    o.kind,
    o.name,
    format('lets everybody %s', string_agg(g.command, ', ' ORDER BY g.command)) AS detail,
    format(
        'REVOKE ALL ON %s%I.%I FROM PUBLIC;',
        CASE o.relkind WHEN 'S' THEN 'SEQUENCE ' END,
        o.schema,
        o.name
    )
        AS mend
FROM granted AS g
INNER JOIN own AS o ON g.relation = o.oid
WHERE g.grantee = 0
GROUP BY o.schema, o.kind, o.name, o.relkind
UNION ALL
SELECT
    n.nspname::text AS schema,
    'schema' AS kind,
    n.nspname::text AS name,
    'lets everybody make objects in it' AS detail,
    format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC;', n.nspname) AS mend
FROM pg_namespace AS n
CROSS JOIN LATERAL aclexplode(n.nspacl) AS x
WHERE
    x.grantee = 0
    AND x.privilege_type = 'CREATE'
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'gate_nested')
UNION ALL
SELECT
    coalesce(n.nspname::text, 'database') AS schema,
    'default privileges' AS kind,
    format(
        '%s %s', coalesce(n.nspname::text, 'database'),
        CASE d.defaclobjtype
            WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
            WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE d.defaclobjtype::text
        END
    ) AS name,
    format('gives everybody %s on what is made next', string_agg(x.privilege_type, ', ')) AS detail,
    'ALTER DEFAULT PRIVILEGES … REVOKE … FROM PUBLIC;' AS mend
FROM pg_default_acl AS d
LEFT JOIN pg_namespace AS n ON d.defaclnamespace = n.oid
CROSS JOIN LATERAL aclexplode(d.defaclacl) AS x
WHERE
    x.grantee = 0
    AND NOT (d.defaclobjtype IN ('f', 'T') AND d.defaclnamespace = 0)
GROUP BY n.nspname, d.defaclobjtype
ORDER BY schema, name;
