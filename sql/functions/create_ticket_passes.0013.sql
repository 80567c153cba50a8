CREATE OR REPLACE FUNCTION ticketing.create_ticket_passes(
    p_ticket_id uuid,
    p_channels text[] DEFAULT '{apple_wallet,google_wallet}'
)
RETURNS SETOF ticketing.ticket_passes
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    IF p_channels IS NULL
        OR array_position(p_channels, NULL) IS NOT NULL
        OR NOT p_channels <@ ARRAY['apple_wallet', 'google_wallet']
    THEN
        RAISE EXCEPTION 'the channels of a pass are not known'
            USING ERRCODE = 'TK001', HINT = 'Name apple_wallet, google_wallet or both.';
    END IF;

    IF NOT EXISTS (
        SELECT 1
        FROM ticketing.tickets AS t
        WHERE t.tenant_id = v_tenant AND t.id = p_ticket_id
    ) THEN
        RAISE EXCEPTION 'there is no ticket %', coalesce(p_ticket_id::text, 'NULL')
            USING ERRCODE = 'TK741', HINT = 'Check the id and the tenant.';
    END IF;

    INSERT INTO ticketing.ticket_passes (tenant_id, ticket_id, channel)
    SELECT DISTINCT
        v_tenant,
        p_ticket_id,
        c.channel
    FROM unnest(p_channels) AS c (channel)
    -- Those that are there are not even tried: a batch that is run again locks nothing.
    WHERE NOT EXISTS (
        SELECT 1
        FROM ticketing.ticket_passes AS p
        WHERE
            p.tenant_id = v_tenant
            AND p.ticket_id = p_ticket_id
            AND p.channel = c.channel
            AND p.voided_at IS NULL
    )
    ORDER BY c.channel
    ON CONFLICT (tenant_id, ticket_id, channel) WHERE voided_at IS NULL DO NOTHING;

    RETURN QUERY
    SELECT p.*
    FROM ticketing.ticket_passes AS p
    WHERE
        p.tenant_id = v_tenant
        AND p.ticket_id = p_ticket_id
        AND p.channel = ANY (p_channels)
        AND p.voided_at IS NULL
    ORDER BY p.channel;
END;
$function$;

COMMENT ON FUNCTION ticketing.create_ticket_passes(uuid, text[]) IS
    'Makes the passes of a ticket that it does not have yet, one a channel, and returns all '
    'of them; called again it changes nothing. Workers build them then (claim_ticket_passes). '
    'TK741 unknown ticket, or not the customer''s own; TK742 a ticket that nobody holds or '
    'that has ended; TK001 unknown channel, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.create_ticket_passes(uuid, text[])
TO ticketing_app, ticketing_worker;
