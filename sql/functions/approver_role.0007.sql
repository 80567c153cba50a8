CREATE OR REPLACE FUNCTION ticketing.approver_role(
    p_request ticketing.multisig_approval_requests,
    p_user_id uuid
)
RETURNS text
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_roles text[] := CASE
        WHEN p_request.approver_roles = '{}' THEN '{staff,venue_owner,admin,superadmin}'
        ELSE p_request.approver_roles
    END;
BEGIN
    RETURN (
        SELECT u.role
        FROM ticketing.users AS u
        WHERE
            u.tenant_id = p_request.tenant_id
            AND u.id = p_user_id
            AND u.status = 'active'
            AND u.role = ANY (v_roles)
    );
END;
$function$;

COMMENT ON FUNCTION
    ticketing.approver_role(ticketing.multisig_approval_requests, uuid) IS
    'The role by which a person may vote on a request at this moment; NULL when the person may '
    'not: unknown, not active, or in another role than the request names (staff, venue_owner, '
    'admin and superadmin when it names none). Says nothing about the requester, whose vote is '
    'refused elsewhere.';

GRANT EXECUTE ON FUNCTION
    ticketing.approver_role(ticketing.multisig_approval_requests, uuid)
TO ticketing_app, ticketing_worker, ticketing_readonly;
