-- No rewrite rules: a rule runs its action as the owner of the table, past the caller's rights,
-- and can turn one statement into another that nobody wrote.
SELECT
    format('%s.%s', c.relname, r.rulename) AS name,
    'rewrites statements' AS detail,
    format('DROP RULE %I ON ticketing.%I;', r.rulename, c.relname) AS remedy
FROM pg_catalog.pg_rewrite AS r
INNER JOIN pg_catalog.pg_class AS c ON r.ev_class = c.oid
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND NOT (c.relkind IN ('v', 'm') AND r.rulename = '_RETURN')
ORDER BY name;
