-- A policy without the tenant test is for ticketing_worker alone, or for ticketing_owner and then
-- says first that the owner itself is asking: a login that is merely a member of the owner sees
-- nothing.
WITH crossing AS (
    SELECT
        c.relname,
        p.polname,
        pg_get_expr(p.polqual, p.polrelid) AS using_text,
        pg_get_expr(p.polwithcheck, p.polrelid) AS check_text,
        format(
            '(%s = ( SELECT ticketing.current_tenant_id() AS current_tenant_id))',
            CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END
        ) AS tenant_test,
        '(CURRENT_USER = ''ticketing_owner''::name)' AS owner_test,
        ARRAY(
            SELECT coalesce(r.rolname, 'PUBLIC')::text
            FROM unnest(p.polroles) AS m (oid)
            LEFT JOIN pg_catalog.pg_roles AS r ON m.oid = r.oid
            ORDER BY coalesce(r.rolname, 'PUBLIC')::text
        ) AS roles
    FROM pg_catalog.pg_policy AS p
    INNER JOIN pg_catalog.pg_class AS c ON p.polrelid = c.oid
    WHERE c.relnamespace = to_regnamespace('ticketing') AND p.polpermissive
)

SELECT DISTINCT
    format('%s.%s', p.relname, p.polname) AS name,
    w.detail,
    w.remedy
FROM crossing AS p
CROSS JOIN LATERAL (VALUES (p.using_text), (p.check_text)) AS t (body)
CROSS JOIN LATERAL (
    VALUES
    (
        p.roles NOT IN (ARRAY['ticketing_worker'], ARRAY['ticketing_owner']),
        format('crosses tenants for %s', array_to_string(p.roles, ', ')),
        format('ALTER POLICY %I ON ticketing.%I TO ticketing_worker;', p.polname, p.relname)
    ),
    (
        p.roles = ARRAY['ticketing_owner']
        AND t.body NOT IN (p.owner_test, 'ticketing.runs_as_owner()')
        AND (
            NOT starts_with(t.body, format('(%s AND ', p.owner_test)) OR t.body LIKE '% OR %'
        ),
        format('does not ask first who is asking: %s', t.body),
        format('Begin its clauses with %s AND ….', p.owner_test)
    )
) AS w (is_wrong, detail, remedy)
WHERE
    t.body <> p.tenant_test
    AND (NOT starts_with(t.body, format('(%s AND ', p.tenant_test)) OR t.body LIKE '% OR %')
    AND w.is_wrong
ORDER BY name, w.detail;
