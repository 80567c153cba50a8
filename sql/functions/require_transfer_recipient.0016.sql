CREATE OR REPLACE FUNCTION ticketing.require_transfer_recipient(
    p_transfer_id uuid,
    p_user_id uuid,
    p_acceptance_code_hash text
)
RETURNS void
LANGUAGE plpgsql
STABLE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
    v_transfer record;
BEGIN
    SELECT
        r.from_user_id,
        r.to_user_id,
        r.acceptance_code_hash,
        u.email = r.to_email AS has_address
    INTO v_transfer
    FROM ticketing.ticket_transfers AS r
    LEFT JOIN ticketing.users AS u
        ON r.tenant_id = u.tenant_id AND u.id = p_user_id
    WHERE r.tenant_id = v_tenant AND r.id = p_transfer_id;

    IF v_transfer.acceptance_code_hash IS NOT NULL
        AND p_acceptance_code_hash IS DISTINCT FROM v_transfer.acceptance_code_hash
    THEN
        RAISE EXCEPTION 'this is not the acceptance code of transfer %', p_transfer_id
            USING
                ERRCODE = 'TK222',
                HINT = 'Present the code that was sent with the offer; count failures with '
                    'record_failed_attempt.';
    END IF;

    -- The code is proof enough where nobody is named; without one the address must be.
    IF p_user_id = v_transfer.from_user_id
        OR NOT (
            CASE
                WHEN v_transfer.to_user_id IS NOT NULL
                    THEN p_user_id IS NOT DISTINCT FROM v_transfer.to_user_id
                WHEN v_transfer.acceptance_code_hash IS NOT NULL THEN TRUE
                ELSE coalesce(v_transfer.has_address, FALSE)
            END
        )
    THEN
        RAISE EXCEPTION 'transfer % is for somebody else', p_transfer_id
            USING
                ERRCODE = 'TK223',
                HINT = 'Only the user whom the offer names, or who has its address or its code, '
                    'may answer it, and never its sender.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_transfer_recipient(uuid, uuid, text) IS
    'Refuses whoever may not answer an offer. An offer with an acceptance code wants its hash '
    '(TK222). One that names a user is for that user; one that does not, for whoever has its code, '
    'or without a code for the user of its e-mail address; never for the sender (TK223). Part of '
    'accept_transfer and reject_transfer, which lock the offer first; an offer that does not exist '
    'is refused as somebody else''s.';

GRANT EXECUTE ON FUNCTION ticketing.require_transfer_recipient(uuid, uuid, text)
TO ticketing_app, ticketing_worker;
