-- What belongs to the schema calls functions and operators of this schema and of PostgreSQL alone.
-- A trigger, a default, an index or a policy that calls somebody else's function shows it the rows
-- of every tenant, with the rights of whoever writes them.
WITH parts AS (
    SELECT
        'pg_catalog.pg_class'::regclass AS classid,
        c.oid AS objid,
        c.relname::text AS name
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = to_regnamespace('ticketing')
    UNION ALL
    SELECT
        'pg_catalog.pg_proc'::regclass AS classid,
        p.oid AS objid,
        format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name
    FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = to_regnamespace('ticketing')
    UNION ALL
    SELECT
        q.classid,
        q.objid,
        format('%s.%s', c.relname, q.part) AS name
    FROM (
        SELECT
            'pg_catalog.pg_trigger'::regclass AS classid,
            t.oid AS objid,
            t.tgrelid AS relation,
            t.tgname AS part
        FROM pg_catalog.pg_trigger AS t
        UNION ALL
        SELECT
            'pg_catalog.pg_policy'::regclass AS classid,
            p.oid AS objid,
            p.polrelid AS relation,
            p.polname AS part
        FROM pg_catalog.pg_policy AS p
        UNION ALL
        SELECT
            'pg_catalog.pg_constraint'::regclass AS classid,
            k.oid AS objid,
            k.conrelid AS relation,
            k.conname AS part
        FROM pg_catalog.pg_constraint AS k
        UNION ALL
        SELECT
            'pg_catalog.pg_rewrite'::regclass AS classid,
            w.oid AS objid,
            w.ev_class AS relation,
            w.rulename AS part
        FROM pg_catalog.pg_rewrite AS w
        UNION ALL
        SELECT
            'pg_catalog.pg_attrdef'::regclass AS classid,
            f.oid AS objid,
            f.adrelid AS relation,
            a.attname AS part
        FROM pg_catalog.pg_attrdef AS f
        INNER JOIN pg_catalog.pg_attribute AS a ON f.adrelid = a.attrelid AND f.adnum = a.attnum
    ) AS q
    INNER JOIN pg_catalog.pg_class AS c ON q.relation = c.oid
    WHERE c.relnamespace = to_regnamespace('ticketing')
),

codes AS (
    SELECT
        'pg_catalog.pg_proc'::regclass AS classid,
        p.oid AS objid,
        p.pronamespace AS namespace,
        p.proname::text AS name
    FROM pg_catalog.pg_proc AS p
    UNION ALL
    SELECT
        'pg_catalog.pg_operator'::regclass AS classid,
        o.oid AS objid,
        o.oprnamespace AS namespace,
        o.oprname::text AS name
    FROM pg_catalog.pg_operator AS o
    UNION ALL
    SELECT
        'pg_catalog.pg_opclass'::regclass AS classid,
        o.oid AS objid,
        o.opcnamespace AS namespace,
        o.opcname::text AS name
    FROM pg_catalog.pg_opclass AS o
)

SELECT DISTINCT
    p.name,
    format('uses %s.%s', k.namespace::regnamespace, k.name) AS detail,
    format('Take it out, or bring %s into schema ticketing by a revision.', k.name) AS remedy
FROM parts AS p
INNER JOIN pg_catalog.pg_depend AS d ON p.classid = d.classid AND p.objid = d.objid
INNER JOIN codes AS k ON d.refclassid = k.classid AND d.refobjid = k.objid
WHERE k.namespace NOT IN ('pg_catalog'::regnamespace, to_regnamespace('ticketing'))
ORDER BY p.name, detail;
