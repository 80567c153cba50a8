CREATE OR REPLACE FUNCTION ticketing.fail_ticket_pass(
    p_pass_id uuid,
    p_claim_number integer,
    p_pass_version integer,
    p_error text,
    p_metadata jsonb DEFAULT '{}',
    p_retry_after interval DEFAULT NULL,
    p_give_up boolean DEFAULT FALSE
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_first_pause CONSTANT interval := interval '30 seconds';
    c_longest_pause CONSTANT interval := interval '6 hours';
    c_most_doublings CONSTANT integer := 10;
    v_pass ticketing.ticket_passes := ticketing.lock_claimed_ticket_pass(
        p_pass_id, p_claim_number, 'failed'
    );
BEGIN
    IF p_pass_version IS NULL OR p_pass_version NOT BETWEEN 1 AND v_pass.pass_version THEN
        RAISE EXCEPTION 'pass % has no version %', v_pass.id, coalesce(p_pass_version::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Pass the pass_version that the claim came with.';
    END IF;

    IF p_metadata IS NULL OR jsonb_typeof(p_metadata) <> 'object' THEN
        RAISE EXCEPTION 'what is to be noted of pass % is no JSON object', v_pass.id
            USING ERRCODE = 'TK001', HINT = 'Pass an object, {} for nothing.';
    END IF;

    IF coalesce(btrim(p_error), '') = '' THEN
        RAISE EXCEPTION 'a failure needs an error that says why'
            USING ERRCODE = 'TK001', HINT = 'Pass in p_error what went wrong.';
    END IF;

    IF p_retry_after NOT BETWEEN interval '0' AND interval '30 days' OR p_give_up IS NULL THEN
        RAISE EXCEPTION 'a pause of % is not possible, or p_give_up is NULL', p_retry_after
            USING ERRCODE = 'TK001', HINT = 'Pause for up to 30 days, NULL for the usual pause.';
    END IF;

    IF p_pass_version < v_pass.pass_version THEN
        -- What failed is not wanted any more. If it was the first delivery, and the pass is void
        -- by now, nobody has it and nobody is to be told.
        UPDATE ticketing.ticket_passes AS p
        SET
            claimed_by = NULL,
            claimed_until = NULL,
            sending_version = nullif(p.sending_version, p_pass_version),
            max_attempts = CASE
                WHEN p.voided_at IS NOT NULL
                    AND p.delivered_at IS NULL
                    AND nullif(p.sending_version, p_pass_version) IS NULL
                    THEN 0
                ELSE p.max_attempts
            END,
            metadata = p.metadata || p_metadata
        WHERE p.tenant_id = v_pass.tenant_id AND p.id = v_pass.id;

        RETURN 'outdated';
    END IF;

    IF v_pass.status = 'failed' THEN
        RETURN 'failed';
    END IF;

    UPDATE ticketing.ticket_passes AS p
    SET
        status = 'failed',
        error_message = p_error,
        sending_version = nullif(p.sending_version, p_pass_version),
        max_attempts = CASE WHEN p_give_up THEN p.attempts ELSE p.max_attempts END,
        next_attempt_at = clock_timestamp() + coalesce(
            p_retry_after,
            least(
                c_first_pause * power(2, least(greatest(p.attempts - 1, 0), c_most_doublings)),
                c_longest_pause
            )
        ),
        metadata = p.metadata || p_metadata
    WHERE p.tenant_id = v_pass.tenant_id AND p.id = v_pass.id;

    RETURN 'failed';
END;
$function$;

COMMENT ON FUNCTION ticketing.fail_ticket_pass(
    uuid, integer, integer, text, jsonb, interval, boolean
) IS
    'Notes that a claimed pass could not be built, or is known not to have been delivered, '
    'and ends the claim. Returns failed, or outdated when p_pass_version is not the pass''s '
    'any more. A failed pass is built again after p_retry_after, by default after 30 seconds '
    'and twice as long each time, up to 6 hours; never by itself after max_attempts, or with '
    'p_give_up, until it changes or retry_ticket_pass. Where a delivery may have arrived, do '
    'not fail it: let the claim run out. TK740 unknown, TK744 not the last claim, or over; '
    'TK001 for a wrong argument, TK745 in a customer''s session, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.fail_ticket_pass(
    uuid, integer, integer, text, jsonb, interval, boolean
)
TO ticketing_app, ticketing_worker;
