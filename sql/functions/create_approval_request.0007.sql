CREATE OR REPLACE FUNCTION ticketing.create_approval_request(
    p_operation_type text,
    p_operation_data jsonb,
    p_requested_by uuid,
    p_required_approvals integer DEFAULT 2,
    p_required_rejections integer DEFAULT 1,
    p_approver_roles text[] DEFAULT '{}',
    p_expires_in interval DEFAULT '24 hours'
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_now timestamptz := clock_timestamp();
    v_id uuid;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF length(btrim(coalesce(p_operation_type, ''))) NOT BETWEEN 1 AND 100
        OR p_operation_data IS NULL
        OR p_requested_by IS NULL
        OR coalesce(p_required_approvals, 0) NOT BETWEEN 1 AND 20
        OR coalesce(p_required_rejections, 0) NOT BETWEEN 1 AND 20
        OR p_approver_roles IS NULL
        OR NOT p_approver_roles <@ ARRAY[
            'user', 'staff', 'scanner', 'venue_owner', 'admin', 'superadmin'
        ]
        OR coalesce(p_expires_in, '0') <= interval '0'
        OR p_expires_in > interval '30 days'
    THEN
        RAISE EXCEPTION 'an argument is missing or out of range'
            USING
                ERRCODE = 'TK001',
                HINT = 'Name an operation and a requester, 1 to 20 votes a side, roles that users '
                    'have, and up to 30 days.';
    END IF;

    INSERT INTO ticketing.multisig_approval_requests AS r (
        tenant_id, operation_type, operation_data, requested_by, requested_at, required_approvals,
        required_rejections, approver_roles, expires_at
    ) VALUES (
        v_tenant_id, p_operation_type, p_operation_data, p_requested_by, v_now,
        p_required_approvals, p_required_rejections, p_approver_roles, v_now + p_expires_in
    )
    RETURNING r.id INTO v_id;

    RETURN v_id;
END;
$function$;

COMMENT ON FUNCTION
    ticketing.create_approval_request(text, jsonb, uuid, integer, integer, text[], interval) IS
    'Asks for the approval of an operation and returns the id of the request. Nothing of it can be '
    'changed afterwards. No roles means staff, venue_owner, admin and superadmin. Raises TK001 for '
    'what is missing or out of range, TK738 in another person''s name.';

GRANT EXECUTE ON FUNCTION
    ticketing.create_approval_request(text, jsonb, uuid, integer, integer, text[], interval)
TO ticketing_app, ticketing_worker;
