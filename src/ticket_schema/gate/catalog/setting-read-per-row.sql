-- Policies that ask a setting or a function of the session for every row, instead of once in a
-- sub-select.
SELECT
    p.schema,
    'policy' AS kind,
    format('%s.%s', p.table_name, p.name) AS name,
    format('calls %s for every row', string_agg(DISTINCT f.found[1], ', ')) AS detail
FROM policy AS p
CROSS JOIN LATERAL (VALUES (p.shows), (p.lets_in)) AS c (text)
CROSS JOIN LATERAL regexp_matches(
    pg_temp.for_each_row(c.text), '(current_setting|[a-z_][\w.]*)(?:⟨⟩|(?<=current_setting)⟨)', 'g'
) AS f (found)
WHERE f.found[1] NOT IN ('now', 'clock_timestamp')
GROUP BY p.schema, p.table_name, p.name
ORDER BY p.schema, name;
