-- The functions that policies call, and those that read the context for others, are STABLE (an
-- IMMUTABLE one stays in a cached plan and answers for the tenant before), without an EXCEPTION
-- block (which cannot run in a parallel worker) and no bar to parallel plans: PARALLEL SAFE, or
-- RESTRICTED where the context is signed. A helper of a policy runs as the caller and never raises.
WITH helpers AS (
    SELECT
        p.*,
        p.oid IN (
            SELECT d.refobjid
            FROM pg_catalog.pg_depend AS d
            WHERE
                d.classid = 'pg_catalog.pg_policy'::regclass
                AND d.refclassid = 'pg_catalog.pg_proc'::regclass
        ) AS in_policy
    FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = to_regnamespace('ticketing')
)

SELECT
    format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
    w.detail,
    format(w.remedy, p.proname, pg_get_function_identity_arguments(p.oid)) AS remedy
FROM helpers AS p
CROSS JOIN LATERAL (
    VALUES
    (p.provolatile <> 's', 'is not STABLE', 'ALTER FUNCTION ticketing.%I(%s) STABLE;'),
    (
        p.proparallel = 'u',
        'is PARALLEL UNSAFE',
        'ALTER FUNCTION ticketing.%I(%s) PARALLEL SAFE;'
    ),
    (
        p.prosrc ~ '\n\s*EXCEPTION\M',
        'has an EXCEPTION block',
        'Test the text of %I(%s) before the cast.'
    ),
    (
        p.in_policy AND p.prosrc ~ '\mRAISE\M',
        'raises inside a policy',
        'Let %I(%s) return NULL or FALSE.'
    ),
    (
        p.in_policy AND p.prosrc ~* '\m(select|execute|perform|table)\M',
        'runs a query inside a policy',
        'Let %I(%s) answer from the session alone.'
    ),
    (
        p.in_policy AND p.prosecdef,
        'runs as its owner inside a policy',
        'ALTER FUNCTION ticketing.%I(%s) SECURITY INVOKER;'
    )
) AS w (is_wrong, detail, remedy)
WHERE
    w.is_wrong
    AND (
        p.in_policy
        OR (p.prosrc ~ 'current_setting\(\s*''app\.' AND p.prosrc NOT LIKE '%set_config%')
    )
ORDER BY name, w.detail;
