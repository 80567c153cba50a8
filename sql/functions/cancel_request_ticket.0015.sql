CREATE OR REPLACE FUNCTION ticketing.cancel_request_ticket(
    p_request_ticket_id uuid,
    p_reason text DEFAULT NULL,
    p_cancelled_by uuid DEFAULT NULL,
    p_expected_version bigint DEFAULT NULL
)
RETURNS ticketing.request_tickets
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_canceller uuid := coalesce(p_cancelled_by, ticketing.current_user_id());
    v_ticket ticketing.request_tickets := ticketing.lock_request_ticket(
        p_request_ticket_id, p_expected_version
    );
BEGIN
    IF v_canceller IS NULL THEN
        RAISE EXCEPTION 'a cancellation needs a user who cancels'
            USING
                ERRCODE = 'TK001',
                HINT = 'Pass p_cancelled_by, or name the user in the context.';
    END IF;

    UPDATE ticketing.request_tickets AS t
    SET
        state = 'cancelled',
        cancelled_by = v_canceller,
        cancel_reason = p_reason
    WHERE t.tenant_id = v_ticket.tenant_id AND t.id = v_ticket.id
    RETURNING t.* INTO v_ticket;

    RETURN v_ticket;
END;
$function$;

COMMENT ON FUNCTION ticketing.cancel_request_ticket(uuid, text, uuid, bigint) IS
    'Cancels a pending request ticket, claimed or not, in the name of p_cancelled_by, else of the '
    'user of the transaction, and returns it; the worker that has it learns so when it is done '
    '(TK142). TK001 without a canceller, TK141 unknown, TK142 closed already, TK143 no longer at '
    'p_expected_version, TK145 somebody else''s, for a customer''s session; TK701 without a '
    'tenant.';

GRANT EXECUTE ON FUNCTION ticketing.cancel_request_ticket(uuid, text, uuid, bigint)
TO ticketing_app, ticketing_worker;
