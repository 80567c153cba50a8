-- Each helper of the policies reads the settings that belong to it and no other: a second name for
-- the tenant is a way to be two tenants at once, or none. Where the context is signed, they read
-- none and ask for what was signed.
SELECT
    format('%s()', h.proname) AS name,
    format('reads %s', coalesce(array_to_string(s.names, ', '), 'no setting')) AS detail,
    format('Let it read %s.', array_to_string(h.settings, ' and ')) AS remedy
FROM (
    VALUES
    ('current_tenant_id', ARRAY['app.current_tenant_id']),
    ('current_user_id', ARRAY['app.current_user_id']),
    ('acts_for_tenant', ARRAY['app.current_user_id', 'app.current_user_role']),
    ('signed_context', ARRAY['app.signed_context'])
) AS h (proname, settings)
INNER JOIN pg_catalog.pg_proc AS p
    ON h.proname = p.proname AND p.pronamespace = to_regnamespace('ticketing')
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT m.found[1] ORDER BY m.found[1]) AS names
    FROM regexp_matches(p.prosrc, 'current_setting\(\s*''([^'']*)''', 'g') AS m (found)
) AS s
WHERE
    s.names IS DISTINCT FROM h.settings
    AND NOT (s.names IS NULL AND p.prosrc LIKE '%ticketing.signed_context()%')
ORDER BY name;
