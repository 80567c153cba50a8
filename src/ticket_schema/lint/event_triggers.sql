-- An event trigger runs its function as whoever changes the schema, the owner included. Its
-- function belongs to a superuser and stands outside this schema, where no revision replaces it.
SELECT
    e.evtname::text AS name,
    format(
        'runs %s.%s of %s in every change of the schema',
        p.pronamespace::regnamespace, p.proname, pg_get_userbyid(p.proowner)
    ) AS detail,
    format('DROP EVENT TRIGGER %I;', e.evtname) AS remedy
FROM pg_catalog.pg_event_trigger AS e
INNER JOIN pg_catalog.pg_proc AS p ON e.evtfoid = p.oid
INNER JOIN pg_catalog.pg_roles AS r ON p.proowner = r.oid
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND (NOT r.rolsuper OR p.pronamespace = to_regnamespace('ticketing'))
ORDER BY name;
