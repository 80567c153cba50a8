CREATE OR REPLACE FUNCTION ticketing.count_multisig_approval()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Whoever gives the last vote, it is the rule that approves.
    v_actor text := ticketing.act_as('system');
BEGIN
    UPDATE ticketing.multisig_approval_requests AS r
    SET status = 'approved'
    WHERE
        r.tenant_id = NEW.tenant_id
        AND r.id = NEW.request_id
        AND r.status = 'pending'
        AND ticketing.valid_approvals(r) >= r.required_approvals;

    PERFORM ticketing.act_as(v_actor);
    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.count_multisig_approval() IS
    'AFTER INSERT trigger of multisig_approvals: makes the request approved when the approvals '
    'that count suffice. The request is locked by then (guard_multisig_vote), so no vote is '
    'overlooked.';
