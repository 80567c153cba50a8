-- What the other queries of this folder read, made for the one transaction that looks. They run
-- with pg_catalog as their search path, so that expressions are printed with all names in full.
CREATE FUNCTION pg_temp.bypasses(p_role oid) RETURNS boolean
LANGUAGE sql
RETURN coalesce((
    SELECT r.rolsuper OR r.rolbypassrls
    FROM pg_roles AS r
    WHERE r.oid = p_role
), FALSE);

-- Whether what one role is granted or shown is the other's as well. 0 is PUBLIC.
CREATE FUNCTION pg_temp.overlap(p_roles oid[], p_others oid[]) RETURNS boolean
LANGUAGE sql
RETURN EXISTS (
    SELECT
    FROM unnest(p_roles) AS a (role)
    CROSS JOIN unnest(p_others) AS b (role)
    WHERE
        0 IN (a.role, b.role)
        OR a.role = b.role
        OR pg_has_role(a.role, b.role, 'USAGE')
        OR pg_has_role(b.role, a.role, 'USAGE')
);

-- The expression without its sub-selects, which are asked once and not for each row. Its round
-- brackets are angular then.
CREATE FUNCTION pg_temp.for_each_row(p_text text) RETURNS text
LANGUAGE plpgsql STRICT AS $$
DECLARE
    v_text text := p_text;
    v_before text;
BEGIN
    LOOP
        v_before := v_text;
        v_text := regexp_replace(v_text, '\((?! SELECT )([^()]*)\)', '⟨\1⟩', 'g');
        v_text := regexp_replace(v_text, '\( SELECT [^()]*\)', '', 'g');
        EXIT WHEN v_text = v_before;
    END LOOP;
    RETURN v_text;
END $$;

-- Tables and views of the project, what extensions brought left out.
CREATE TEMPORARY VIEW own AS
SELECT
    c.oid,
    c.relname::text AS name,
    c.relkind,
    c.relowner,
    c.relacl,
    c.relrowsecurity AS guarded,
    c.relforcerowsecurity AS forced,
    c.relispartition,
    c.reloptions,
    n.nspname::text AS schema,
    CASE c.relkind
        WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized view'
        WHEN 'S' THEN 'sequence'
        WHEN 'f' THEN 'foreign table'
        ELSE 'table'
    END AS kind
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE
    c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    AND c.relpersistence <> 't'
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'gate_nested')
    AND NOT EXISTS (
        SELECT
        FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    );

-- Who but the owner may do what with its rows. 0 is PUBLIC.
CREATE TEMPORARY VIEW granted AS
SELECT DISTINCT
    o.oid AS relation,
    x.grantee,
    x.privilege_type AS command
FROM own AS o
CROSS JOIN LATERAL (
    SELECT o.relacl AS acl
    UNION ALL
    SELECT a.attacl AS acl
    FROM pg_attribute AS a
    WHERE a.attrelid = o.oid
) AS g
CROSS JOIN LATERAL aclexplode(g.acl) AS x
WHERE x.grantee <> o.relowner;

CREATE TEMPORARY TABLE policy ON COMMIT DROP AS
SELECT
    o.schema,
    p.polrelid AS relation,
    o.name AS table_name,
    p.oid,
    p.polname::text AS name,
    p.polpermissive AS permissive,
    p.polroles AS roles,
    pg_get_expr(p.polqual, p.polrelid) AS shows,
    -- PostgreSQL takes USING for a missing WITH CHECK.
    pg_get_expr(coalesce(p.polwithcheck, p.polqual), p.polrelid) AS lets_in,
    p.polwithcheck IS NOT NULL AS has_check,
    CASE p.polcmd
        WHEN 'r' THEN ARRAY['SELECT']
        WHEN 'a' THEN ARRAY['INSERT']
        WHEN 'w' THEN ARRAY['UPDATE']
        WHEN 'd' THEN ARRAY['DELETE']
        ELSE ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']
    END AS commands,
    concat_ws(' AND ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        AS body
FROM pg_policy AS p
INNER JOIN own AS o ON p.polrelid = o.oid;

-- Columns that a policy compares with something of the session: a setting, a function without
-- arguments, or the role.
CREATE TEMPORARY TABLE guard ON COMMIT DROP AS
SELECT DISTINCT
    p.relation,
    p.oid AS policy,
    a.attname::text AS name,
    a.atttypid AS type,
    c.is_check,
    a.attname ~* '(^|_)(tenant|org|workspace|compan|account|client|customer)' AS is_of_tenants
FROM policy AS p
CROSS JOIN LATERAL (VALUES (p.shows, FALSE), (p.lets_in, TRUE)) AS c (text, is_check)
INNER JOIN pg_attribute AS a
    ON p.relation = a.attrelid AND a.attnum > 0 AND strpos(c.text, a.attname::text) > 0
WHERE
    c.text ~ 'current_setting\(|\w\(\)|CURRENT_USER|SESSION_USER|auth\.'
    AND (
        c.text ~ pg_catalog.format(
            '\m%s"?\)*(::[a-z ]+)?\)* (= (?!''|\d|true|false|ANY \(ARRAY)|IN \()', a.attname
        )
        OR c.text ~ pg_catalog.format(
            '(\)|CURRENT_USER|SESSION_USER)(::[a-z]+)?\)* = \(*"?%s\M', a.attname
        )
    );
