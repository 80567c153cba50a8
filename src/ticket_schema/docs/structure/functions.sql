-- One row a function, by name and argument types: all that its signature and header say.
SELECT
    format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
    jsonb_build_object(
        'function', p.proname,
        'kind', CASE p.prokind
            WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window function'
            ELSE 'function'
        END,
        'arguments', coalesce((
            SELECT
                jsonb_agg(
                    jsonb_build_object(
                        'name', nullif(a.name, ''),
                        'type', format_type(a.type_id, NULL),
                        'mode', CASE coalesce(a.mode, 'i')
                            WHEN 'i' THEN 'in' WHEN 'o' THEN 'out' WHEN 'b' THEN 'inout'
                            WHEN 'v' THEN 'variadic' ELSE 'table'
                        END,
                        'default', pg_get_function_arg_default(p.oid, a.place::integer)
                    )
                    ORDER BY a.place
                )
            FROM unnest(
                coalesce(p.proallargtypes, p.proargtypes::oid[]),
                p.proargnames,
                p.proargmodes::text[]
            ) WITH ORDINALITY AS a (type_id, name, mode, place)
        ), '[]'),
        'returns', pg_get_function_result(p.oid),
        'is_trigger', p.prorettype = 'trigger'::regtype,
        'language', l.lanname,
        'volatility', CASE p.provolatile
            WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE 'VOLATILE'
        END,
        'parallel', CASE p.proparallel
            WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' ELSE 'UNSAFE'
        END,
        'strict', p.proisstrict,
        'leakproof', p.proleakproof,
        'security', CASE WHEN p.prosecdef THEN 'DEFINER' ELSE 'INVOKER' END,
        'settings', coalesce(to_jsonb(p.proconfig), '[]'),
        'execute', coalesce((
            SELECT
                jsonb_agg(
                    DISTINCT coalesce(r.rolname, 'PUBLIC')
                    ORDER BY coalesce(r.rolname, 'PUBLIC')
                )
            FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x
            LEFT JOIN pg_roles AS r ON x.grantee = r.oid
            WHERE x.grantee <> p.proowner
        ), '[]')
    ) AS facts
FROM pg_proc AS p
INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
INNER JOIN pg_language AS l ON p.prolang = l.oid
WHERE n.nspname = $1;
