CREATE OR REPLACE FUNCTION ticketing.claim_ticket_passes(
    p_claimed_by text,
    p_step text DEFAULT 'produce',
    p_limit integer DEFAULT 10,
    p_lease interval DEFAULT '5 minutes',
    p_channel text DEFAULT NULL,
    p_resend boolean DEFAULT FALSE
)
RETURNS SETOF ticketing.ticket_passes
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_most_passes CONSTANT integer := 100;
    c_longest_lease CONSTANT interval := interval '1 day';
    v_tenant uuid := ticketing.current_tenant_id();
    v_now timestamptz := clock_timestamp();
    v_actor text;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session does not work on passes'
            USING ERRCODE = 'TK745', HINT = 'Use a session that acts for the tenant.';
    END IF;

    IF coalesce(length(p_claimed_by), 0) NOT BETWEEN 1 AND 255 THEN
        RAISE EXCEPTION 'a claim needs a worker''s name of at most 255 characters'
            USING ERRCODE = 'TK001', HINT = 'Pass in p_claimed_by what finds the worker, its host.';
    END IF;

    IF p_step IS NULL OR p_step NOT IN ('produce', 'send') THEN
        RAISE EXCEPTION '% is no step of a pass', coalesce(p_step, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Claim to produce or to send.';
    END IF;

    IF p_limit IS NULL OR p_limit NOT BETWEEN 1 AND c_most_passes THEN
        RAISE EXCEPTION 'a limit of % is not possible', coalesce(p_limit::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = format('Claim 1 to %s passes.', c_most_passes);
    END IF;

    IF p_lease IS NULL OR p_lease NOT BETWEEN interval '1 second' AND c_longest_lease THEN
        RAISE EXCEPTION 'a lease of % is not possible', coalesce(p_lease::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Claim for one second to one day, and extend the claim.';
    END IF;

    IF p_channel NOT IN ('apple_wallet', 'google_wallet') OR p_resend IS NULL THEN
        RAISE EXCEPTION 'the channel is not known, or p_resend is NULL'
            USING ERRCODE = 'TK001', HINT = 'Name apple_wallet, google_wallet, or NULL for both.';
    END IF;

    -- A failed pass is taken up again by the schedule, whoever asks for work.
    v_actor := ticketing.act_as('system');

    IF p_step = 'produce' THEN
        RETURN QUERY
        WITH due AS MATERIALIZED (
            SELECT
                p.tenant_id,
                p.id
            FROM ticketing.ticket_passes AS p
            WHERE
                p.tenant_id = v_tenant
                AND p.status IN ('pending', 'failed')
                AND p.attempts < p.max_attempts
                AND p.next_attempt_at <= v_now
                AND (p.claimed_until IS NULL OR p.claimed_until <= v_now)
                AND (p_channel IS NULL OR p.channel = p_channel)
            ORDER BY p.next_attempt_at ASC, p.id ASC
            LIMIT p_limit
            -- Who meets another caller takes the next ones instead of waiting. A row that changed
            -- since the snapshot is tested again before it is locked.
            FOR NO KEY UPDATE SKIP LOCKED
        ),
        claimed AS (
            UPDATE ticketing.ticket_passes AS p
            SET
                status = 'pending',
                claimed_by = p_claimed_by,
                claimed_until = clock_timestamp() + p_lease,
                attempts = p.attempts + 1
            FROM due AS d
            WHERE p.tenant_id = d.tenant_id AND p.id = d.id
            RETURNING p.*
        )
        SELECT c.*
        FROM claimed AS c
        ORDER BY c.next_attempt_at ASC, c.id ASC;
    ELSE
        RETURN QUERY
        WITH due AS MATERIALIZED (
            SELECT
                p.tenant_id,
                p.id
            FROM ticketing.ticket_passes AS p
            WHERE
                p.tenant_id = v_tenant
                AND p.status = 'produced'
                AND p.attempts < p.max_attempts
                AND p.next_attempt_at <= v_now
                AND (p.claimed_until IS NULL OR p.claimed_until <= v_now)
                AND (p_channel IS NULL OR p.channel = p_channel)
                -- What another worker began to deliver may have arrived, though it died.
                AND (p_resend OR p.sending_version IS DISTINCT FROM p.pass_version)
            ORDER BY p.next_attempt_at ASC, p.id ASC
            LIMIT p_limit
            FOR NO KEY UPDATE SKIP LOCKED
        ),
        claimed AS (
            UPDATE ticketing.ticket_passes AS p
            SET
                sending_version = p.pass_version,
                claimed_by = p_claimed_by,
                claimed_until = clock_timestamp() + p_lease,
                attempts = p.attempts + 1
            FROM due AS d
            WHERE p.tenant_id = d.tenant_id AND p.id = d.id
            RETURNING p.*
        )
        SELECT c.*
        FROM claimed AS c
        ORDER BY c.next_attempt_at ASC, c.id ASC;
    END IF;

    PERFORM ticketing.act_as(v_actor);
END;
$function$;

COMMENT ON FUNCTION ticketing.claim_ticket_passes(
    text, text, integer, interval, text, boolean
) IS
    'Gives a worker the next passes of the tenant to build (p_step produce) or to deliver '
    '(send), at most p_limit (1 to 100), longest waiting first, of p_channel if given; none '
    'is no error. Nobody else is given them until p_lease (1 second to 1 day) has passed; '
    'callers that meet get different ones and do not wait. Commit, read ticket and event, do '
    'the work, then mark, fail, extend or release by claim_number and pass_version of the '
    'row. What a dead worker was to build is built by the next; what it was to deliver is '
    'given to nobody else, as it may have arrived: mark or fail it by hand, or pass p_resend '
    'where a repeated delivery does no harm. TK001 for a wrong argument, TK745 in a '
    'customer''s session, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.claim_ticket_passes(
    text, text, integer, interval, text, boolean
)
TO ticketing_app, ticketing_worker;
