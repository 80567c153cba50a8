CREATE OR REPLACE FUNCTION ticketing.log_tenant_violation(
    p_attempted_tenant_id uuid,
    p_actual_tenant_id uuid,
    p_table_name text,
    p_operation text,
    p_details jsonb DEFAULT '{}'::jsonb
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = on
AS $function$
DECLARE
    c_details_bytes CONSTANT integer := 8192;
    c_rows_per_hour CONSTANT integer := 1000;
    v_now timestamptz := clock_timestamp();
    v_actual uuid := coalesce(p_actual_tenant_id, ticketing.current_tenant_id());
    v_table_name text := left(p_table_name, 127);
    v_word text := left(btrim(p_operation), 63);
    v_operation text := CASE
        WHEN upper(v_word) IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CONTEXT') THEN upper(v_word)
    END;
    v_unknown jsonb := '{}'::jsonb;
    v_details jsonb := coalesce(p_details, '{}'::jsonb);
    v_id uuid;
BEGIN
    -- Whoever reports is handling an incident: nothing about the report is worth an error, nor is
    -- a session that has row_security off.
    IF v_operation IS NULL AND v_word <> '' THEN
        v_unknown := jsonb_build_object('operation', v_word);
    END IF;

    IF jsonb_typeof(v_details) <> 'object' THEN
        v_details := jsonb_build_object('details', v_details);
    END IF;

    v_details := v_details || v_unknown;

    IF octet_length(v_details::text) > c_details_bytes THEN
        v_details := jsonb_build_object('omitted_bytes', octet_length(v_details::text))
            || v_unknown;
    END IF;

    -- A session that only reads, and a login that floods the table, leave their line in the log
    -- alone. Callers at the same moment may pass the limit by a few.
    IF NOT current_setting('transaction_read_only')::boolean
        AND NOT EXISTS (
            SELECT 1
            FROM ticketing.tenant_access_violations AS a
            WHERE a.user_name = session_user::text AND a.occurred_at > v_now - interval '1 hour'
            -- In this order so that no plan reads the rows of last year to find that out.
            ORDER BY a.occurred_at DESC
            OFFSET c_rows_per_hour - 1
        )
    THEN
        INSERT INTO ticketing.tenant_access_violations (
            occurred_at,
            attempted_tenant_id,
            actual_tenant_id,
            table_name,
            operation,
            user_id,
            user_name,
            client_addr,
            application_name,
            details
        )
        VALUES (
            v_now,
            p_attempted_tenant_id,
            v_actual,
            v_table_name,
            v_operation,
            ticketing.current_user_id(),
            session_user,
            inet_client_addr(),
            current_setting('application_name'),
            v_details
        )
        RETURNING id INTO v_id;
    END IF;

    -- As JSON, in which a line break of the caller's cannot start a line of its own.
    RAISE LOG 'tenant access violation: %', jsonb_build_object(
        'id', v_id,
        'attempted_tenant_id', p_attempted_tenant_id,
        'actual_tenant_id', v_actual,
        'table_name', v_table_name,
        'operation', v_word,
        'user_id', ticketing.current_user_id(),
        'user_name', session_user,
        'client_addr', inet_client_addr()
    );

    RETURN v_id;
END;
$function$;

COMMENT ON FUNCTION ticketing.log_tenant_violation(uuid, uuid, text, text, jsonb) IS
    'Reports an attempt to reach another tenant: a row in tenant_access_violations, whose id it '
    'returns, and a line in the server log. It does not raise; a caller that must refuse commits '
    'the report first, because an error takes the row along and leaves only the line. Without '
    'p_actual_tenant_id it is the tenant of the transaction. An unknown operation and details over '
    '8 kB are noted, not refused. After about 1000 rows of a login in an hour, and in a read-only '
    'transaction, it writes the line alone and returns NULL. SECURITY DEFINER because no role may '
    'write the table by hand.';

GRANT EXECUTE ON FUNCTION ticketing.log_tenant_violation(uuid, uuid, text, text, jsonb)
TO ticketing_app, ticketing_worker, ticketing_readonly;
