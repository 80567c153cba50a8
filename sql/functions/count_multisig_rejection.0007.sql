CREATE OR REPLACE FUNCTION ticketing.count_multisig_rejection()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    UPDATE ticketing.multisig_approval_requests AS r
    SET
        status = 'rejected',
        decision_reason = NEW.reason
    WHERE
        r.tenant_id = NEW.tenant_id
        AND r.id = NEW.request_id
        AND (
            r.status = 'approved'
            OR r.requested_by = NEW.rejecter_id
            OR (
                SELECT count(*)
                FROM ticketing.multisig_rejections AS x
                WHERE x.tenant_id = r.tenant_id AND x.request_id = r.id
            ) >= r.required_rejections
        )
        AND r.status IN ('pending', 'approved');

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.count_multisig_rejection() IS
    'AFTER INSERT trigger of multisig_rejections: ends the request when the rejections suffice, '
    'when the requester withdraws, or as a veto after the approval, which state_transitions leaves '
    'to administrators (TK202). The request is locked by then (guard_multisig_vote).';
