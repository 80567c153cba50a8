-- A function that runs as its owner says in its text which tenant it works for: a trigger by the
-- tenant of the row that fired it, any other by the tenant of the transaction.
SELECT
    format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
    CASE p.prorettype
        WHEN 'trigger'::regtype THEN 'does not name the tenant of its row'
        ELSE 'does not ask for the tenant of the transaction'
    END AS detail,
    CASE p.prorettype
        WHEN 'trigger'::regtype THEN 'Compare tenant_id with NEW.tenant_id in every statement.'
        ELSE 'Compare tenant_id with ticketing.current_tenant_id() in every statement.'
    END AS remedy
FROM pg_catalog.pg_proc AS p
WHERE
    p.pronamespace = to_regnamespace('ticketing')
    AND p.prosecdef
    AND p.prosrc !~ CASE p.prorettype
        WHEN 'trigger'::regtype THEN '\m(NEW|OLD|n|v_move|v_buyer|v_change)\.tenant_id\M'
        ELSE
            '\mticketing\.(current_tenant_id|require_tenant|require_tenant_context)\('
            '|\mticketing\.require_principal\('
    END
ORDER BY name;
