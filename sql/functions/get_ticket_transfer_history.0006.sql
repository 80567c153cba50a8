CREATE OR REPLACE FUNCTION ticketing.get_ticket_transfer_history(
    p_ticket_id uuid
)
RETURNS TABLE (
    "position" integer,
    transfer_id uuid,
    from_user_id uuid,
    to_user_id uuid,
    transfer_type text,
    price_cents bigint,
    currency text,
    transferred_at timestamptz,
    tx_signature text,
    follows_previous boolean
)
LANGUAGE plpgsql
STABLE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
BEGIN
    RETURN QUERY
    SELECT
        (row_number() OVER chain)::integer,
        r.id,
        r.from_user_id,
        r.to_user_id,
        r.transfer_type,
        r.price_cents,
        r.currency,
        r.transferred_at,
        r.tx_signature,
        -- The first sender bought the ticket; a ticket that came from elsewhere has no purchaser.
        r.from_user_id = coalesce(
            lag(r.to_user_id) OVER chain, t.original_purchaser_id, r.from_user_id
        )
    FROM ticketing.ticket_transfers AS r
    INNER JOIN ticketing.tickets AS t
        ON r.tenant_id = t.tenant_id AND r.ticket_id = t.id
    WHERE r.tenant_id = v_tenant AND r.ticket_id = p_ticket_id AND r.status = 'completed'
    WINDOW chain AS (ORDER BY r.transferred_at, r.created_at, r.id)
    ORDER BY r.transferred_at, r.created_at, r.id;
END;
$function$;

COMMENT ON FUNCTION ticketing.get_ticket_transfer_history(uuid) IS
    'The chain of holders of a ticket: its completed transfers, oldest first, numbered from 1. '
    'follows_previous is false where the sender is not the one who received the ticket before, or '
    'for the first transfer not the purchaser: then a link is missing or wrong. Empty for a ticket '
    'that never changed hands or that the session cannot see.';

GRANT EXECUTE ON FUNCTION ticketing.get_ticket_transfer_history(uuid)
TO ticketing_app, ticketing_worker, ticketing_readonly;
