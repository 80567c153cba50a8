-- One row an object of schema ticketing: what it is, its name, and all that defines it. Nothing
-- here depends on object ids, on the order of creation, or on the contents of tables.
WITH
grants AS (
    SELECT
        a.object_class,
        a.object_id,
        a.column_number,
        jsonb_agg(
            format(
                '%s: %s%s', coalesce(r.rolname, 'PUBLIC'), x.privilege_type,
                CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
            )
            ORDER BY coalesce(r.rolname, 'PUBLIC') COLLATE "C", x.privilege_type COLLATE "C"
        ) AS granted
    FROM (
        SELECT 'pg_class' AS object_class, c.oid AS object_id, 0 AS column_number,
            c.relowner AS owner_id, c.relacl AS acl
        FROM pg_class AS c
        WHERE c.relnamespace = 'ticketing'::regnamespace
        UNION ALL
        SELECT 'pg_class', t.attrelid, t.attnum, c.relowner, t.attacl
        FROM pg_attribute AS t
        INNER JOIN pg_class AS c ON t.attrelid = c.oid
        WHERE c.relnamespace = 'ticketing'::regnamespace
        UNION ALL
        SELECT 'pg_proc', p.oid, 0, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
        FROM pg_proc AS p
        WHERE p.pronamespace = 'ticketing'::regnamespace
        UNION ALL
        SELECT 'pg_namespace', n.oid, 0, n.nspowner, n.nspacl
        FROM pg_namespace AS n
        WHERE n.nspname = 'ticketing'
        UNION ALL
        SELECT 'pg_default_acl', d.oid, 0, 0::oid, d.defaclacl
        FROM pg_default_acl AS d
        WHERE pg_get_userbyid(d.defaclrole) = 'ticketing_owner'
    ) AS a
    CROSS JOIN LATERAL aclexplode(a.acl) AS x
    LEFT JOIN pg_roles AS r ON x.grantee = r.oid
    -- What an owner may do with its own object goes without saying, and grows with each version.
    WHERE x.grantee <> a.owner_id
    GROUP BY a.object_class, a.object_id, a.column_number
),

relations AS (
    SELECT c.*
    FROM pg_class AS c
    WHERE c.relnamespace = 'ticketing'::regnamespace
)

SELECT
    'schema' AS kind,
    n.nspname::text AS name,
    jsonb_build_object(
        'owner', pg_get_userbyid(n.nspowner),
        'grants', g.granted,
        'comment', obj_description(n.oid, 'pg_namespace')
    ) AS definition
FROM pg_namespace AS n
LEFT JOIN grants AS g ON g.object_class = 'pg_namespace' AND g.object_id = n.oid
WHERE n.nspname = 'ticketing'

UNION ALL

SELECT
    'role',
    r.rolname::text,
    jsonb_build_object(
        'login', r.rolcanlogin,
        'superuser', r.rolsuper,
        'bypasses_rls', r.rolbypassrls,
        'creates_roles', r.rolcreaterole,
        'creates_databases', r.rolcreatedb,
        'replicates', r.rolreplication,
        'member_of', (
            SELECT jsonb_agg(b.rolname ORDER BY b.rolname COLLATE "C")
            FROM pg_auth_members AS m
            INNER JOIN pg_roles AS b ON m.roleid = b.oid
            WHERE m.member = r.oid
        )
    )
FROM pg_roles AS r
WHERE r.rolname IN (
    'ticketing_owner', 'ticketing_app', 'ticketing_worker', 'ticketing_readonly'
)

UNION ALL

SELECT
    'default privileges',
    format(
        '%s %s', coalesce(n.nspname::text, 'database'),
        CASE d.defaclobjtype
            WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
            WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE d.defaclobjtype::text
        END
    ),
    jsonb_build_object('grants', g.granted)
FROM pg_default_acl AS d
LEFT JOIN pg_namespace AS n ON d.defaclnamespace = n.oid
LEFT JOIN grants AS g ON g.object_class = 'pg_default_acl' AND g.object_id = d.oid
WHERE pg_get_userbyid(d.defaclrole) = 'ticketing_owner'

UNION ALL

SELECT
    CASE c.relkind
        WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
        WHEN 'f' THEN 'foreign table' ELSE 'table'
    END,
    c.relname::text,
    jsonb_strip_nulls(jsonb_build_object(
        'owner', pg_get_userbyid(c.relowner),
        'comment', obj_description(c.oid, 'pg_class'),
        'grants', g.granted,
        'options', to_jsonb(c.reloptions),
        'owner_lacks', (
            SELECT jsonb_agg(w.right_name ORDER BY w.right_name)
            FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS w (right_name)
            WHERE c.relkind IN ('r', 'p') AND NOT has_table_privilege(c.relowner, c.oid, w.right_name)
        ),
        'children', (
            SELECT jsonb_agg(h.inhrelid::regclass::text ORDER BY h.inhrelid::regclass::text)
            FROM pg_inherits AS h
            WHERE h.inhparent = c.oid
        ),
        'persistence', c.relpersistence,
        'row_security', c.relrowsecurity,
        'row_security_forced', c.relforcerowsecurity,
        'replica_identity', c.relreplident,
        'partition_key', pg_get_partkeydef(c.oid),
        'partition_bound', pg_get_expr(c.relpartbound, c.oid),
        'sequence', (
            SELECT jsonb_build_object(
                'type', format_type(s.seqtypid, NULL), 'start', s.seqstart,
                'increment', s.seqincrement, 'cycle', s.seqcycle
            )
            FROM pg_sequence AS s
            WHERE s.seqrelid = c.oid
        ),
        'query', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END
    ))
FROM relations AS c
LEFT JOIN grants AS g
    ON g.object_class = 'pg_class' AND g.object_id = c.oid AND g.column_number = 0
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')

UNION ALL

SELECT
    'column',
    format('%s.%s', c.relname, t.attname),
    jsonb_strip_nulls(jsonb_build_object(
        -- Counted anew: a dropped column leaves a gap in attnum that no reader should see.
        'position', row_number() OVER (PARTITION BY c.oid ORDER BY t.attnum),
        'type', format_type(t.atttypid, t.atttypmod),
        'not_null', t.attnotnull,
        'default', CASE WHEN t.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
        'generated', CASE WHEN t.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
        'identity', nullif(t.attidentity::text, ''),
        'collation', CASE WHEN t.attcollation <> y.typcollation THEN l.collname END,
        'storage', CASE WHEN t.attstorage <> y.typstorage THEN t.attstorage END,
        'grants', g.granted,
        'comment', col_description(c.oid, t.attnum)
    ))
FROM relations AS c
INNER JOIN pg_attribute AS t ON c.oid = t.attrelid AND t.attnum > 0 AND NOT t.attisdropped
INNER JOIN pg_type AS y ON t.atttypid = y.oid
LEFT JOIN pg_collation AS l ON t.attcollation = l.oid
LEFT JOIN pg_attrdef AS d ON c.oid = d.adrelid AND t.attnum = d.adnum
LEFT JOIN grants AS g
    ON g.object_class = 'pg_class' AND g.object_id = c.oid AND g.column_number = t.attnum
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')

UNION ALL

SELECT
    'constraint',
    format('%s.%s', c.relname, k.conname),
    jsonb_strip_nulls(jsonb_build_object(
        'definition', pg_get_constraintdef(k.oid),
        'validated', k.convalidated,
        'deferrable', k.condeferrable,
        'deferred', k.condeferred,
        -- A foreign key is kept by internal triggers, which DISABLE TRIGGER ALL switches off.
        'switched_off', (
            SELECT nullif(bool_or(t.tgenabled NOT IN ('O', 'A')), FALSE)
            FROM pg_trigger AS t
            WHERE t.tgconstraint = k.oid AND t.tgisinternal
        ),
        'comment', obj_description(k.oid, 'pg_constraint')
    ))
FROM pg_constraint AS k
INNER JOIN relations AS c ON k.conrelid = c.oid
-- From version 18 on, NOT NULL is a constraint as well; the column says it for every version.
WHERE k.contype <> 'n'

UNION ALL

SELECT
    'index',
    i.relname::text,
    jsonb_strip_nulls(jsonb_build_object(
        'table', c.relname,
        'definition', pg_get_indexdef(x.indexrelid),
        'valid', x.indisvalid AND x.indisready AND x.indislive,
        'clustered', nullif(x.indisclustered, FALSE),
        'owner', pg_get_userbyid(i.relowner),
        'comment', obj_description(i.oid, 'pg_class')
    ))
FROM pg_index AS x
INNER JOIN relations AS c ON x.indrelid = c.oid
INNER JOIN pg_class AS i ON x.indexrelid = i.oid

UNION ALL

SELECT
    'trigger',
    format('%s.%s', c.relname, t.tgname),
    jsonb_strip_nulls(jsonb_build_object(
        'definition', pg_get_triggerdef(t.oid),
        'enabled', t.tgenabled,
        'comment', obj_description(t.oid, 'pg_trigger')
    ))
FROM pg_trigger AS t
INNER JOIN relations AS c ON t.tgrelid = c.oid
WHERE NOT t.tgisinternal

UNION ALL

SELECT
    'rule',
    format('%s.%s', c.relname, r.rulename),
    jsonb_build_object(
        'definition', pg_get_ruledef(r.oid),
        'enabled', r.ev_enabled,
        'comment', obj_description(r.oid, 'pg_rewrite')
    )
FROM pg_rewrite AS r
INNER JOIN relations AS c ON r.ev_class = c.oid
WHERE r.rulename <> '_RETURN'

UNION ALL

SELECT
    'policy',
    format('%s.%s', c.relname, p.polname),
    jsonb_strip_nulls(jsonb_build_object(
        'permissive', p.polpermissive,
        'command', CASE p.polcmd
            WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
            WHEN 'd' THEN 'DELETE' ELSE 'ALL'
        END,
        'roles', (
            SELECT
                jsonb_agg(coalesce(r.rolname, 'PUBLIC') ORDER BY coalesce(r.rolname, 'PUBLIC') COLLATE "C")
            FROM unnest(p.polroles) AS m (oid)
            LEFT JOIN pg_roles AS r ON m.oid = r.oid
        ),
        'using', pg_get_expr(p.polqual, p.polrelid),
        'with_check', pg_get_expr(p.polwithcheck, p.polrelid),
        'comment', obj_description(p.oid, 'pg_policy')
    ))
FROM pg_policy AS p
INNER JOIN relations AS c ON p.polrelid = c.oid

UNION ALL

SELECT
    'function',
    format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)),
    jsonb_strip_nulls(jsonb_build_object(
        'definition', CASE
            WHEN p.prokind = 'a' THEN format('aggregate returning %s', p.prorettype::regtype)
            ELSE pg_get_functiondef(p.oid)
        END,
        'owner', pg_get_userbyid(p.proowner),
        'grants', g.granted,
        'comment', obj_description(p.oid, 'pg_proc')
    ))
FROM pg_proc AS p
LEFT JOIN grants AS g ON g.object_class = 'pg_proc' AND g.object_id = p.oid
WHERE p.pronamespace = 'ticketing'::regnamespace

UNION ALL

SELECT
    'type',
    t.typname::text,
    jsonb_strip_nulls(jsonb_build_object(
        'owner', pg_get_userbyid(t.typowner),
        'labels', (
            SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder)
            FROM pg_enum AS e
            WHERE e.enumtypid = t.oid
        ),
        'base', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
        'comment', obj_description(t.oid, 'pg_type')
    ))
FROM pg_type AS t
WHERE t.typnamespace = 'ticketing'::regnamespace AND t.typtype IN ('e', 'd', 'r');
