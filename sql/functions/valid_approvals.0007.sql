CREATE OR REPLACE FUNCTION ticketing.valid_approvals(
    p_request ticketing.multisig_approval_requests
)
RETURNS integer
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN (
        SELECT count(*)::integer
        FROM ticketing.multisig_approvals AS a
        WHERE
            a.tenant_id = p_request.tenant_id
            AND a.request_id = p_request.id
            AND ticketing.approver_role(p_request, a.approver_id) IS NOT NULL
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.valid_approvals(ticketing.multisig_approval_requests) IS
    'How many approvals of a request count at this moment: those whose voter still is an active '
    'user with an allowed role. To show "2 of 3", select it with the row: '
    'ticketing.valid_approvals(r).';

GRANT EXECUTE ON FUNCTION ticketing.valid_approvals(ticketing.multisig_approval_requests)
TO ticketing_app, ticketing_worker, ticketing_readonly;
