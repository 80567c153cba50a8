-- Views on tables with row level security that run as their owner, be it through other views: the
-- policies of the reader do not count. Where the owner is held by the same policies it makes no
-- difference.
WITH RECURSIVE reads AS (
    SELECT
        w.ev_class AS reader,
        d.refobjid AS relation
    FROM pg_rewrite AS w
    INNER JOIN pg_depend AS d
        ON
            d.classid = 'pg_rewrite'::regclass
            AND w.oid = d.objid
            AND d.refclassid = 'pg_class'::regclass
            AND w.ev_class <> d.refobjid
    UNION
    SELECT
        r.reader,
        d.refobjid AS relation
    FROM reads AS r
    INNER JOIN pg_rewrite AS w ON r.relation = w.ev_class
    INNER JOIN pg_depend AS d
        ON
            d.classid = 'pg_rewrite'::regclass
            AND w.oid = d.objid
            AND d.refclassid = 'pg_class'::regclass
            AND w.ev_class <> d.refobjid
)

SELECT
    v.schema,
    v.kind,
    v.name,
    format(
        'runs as its owner %s, so policies of its reader do not hold on %s',
        pg_get_userbyid(v.relowner), string_agg(DISTINCT t.name, ', ' ORDER BY t.name)
    ) AS detail,
    format('ALTER VIEW %I.%I SET (security_invoker = TRUE);', v.schema, v.name) AS mend
FROM own AS v
INNER JOIN reads AS r ON v.oid = r.reader
INNER JOIN own AS t ON r.relation = t.oid
WHERE
    v.relkind = 'v'
    AND t.guarded
    AND NOT EXISTS (
        SELECT
        FROM pg_options_to_table(v.reloptions) AS o
        WHERE o.option_name = 'security_invoker' AND o.option_value::boolean
    )
    AND (
        pg_temp.bypasses(v.relowner)
        OR (t.relowner = v.relowner AND NOT t.forced)
        OR EXISTS (
            SELECT
            FROM policy AS p
            WHERE p.relation = t.oid AND NOT 0::oid = ANY(p.roles) AND NOT v.relowner = ANY(p.roles)
        )
    )
    -- Nobody reads it but who may read the table.
    AND (
        EXISTS (
            SELECT
            FROM granted AS g
            WHERE g.relation = v.oid
        )
        OR NOT EXISTS (
            SELECT
            FROM granted AS g
            WHERE g.relation = t.oid
        )
    )
GROUP BY v.schema, v.kind, v.name, v.relowner
ORDER BY v.schema, v.name;
