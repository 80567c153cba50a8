CREATE OR REPLACE FUNCTION ticketing.refresh_ticket_passes()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NEW.status <> OLD.status
        AND NEW.status IN ('revoked', 'refunded', 'cancelled', 'expired')
    THEN
        UPDATE ticketing.ticket_passes AS p
        SET voided_at = clock_timestamp()
        WHERE p.tenant_id = NEW.tenant_id AND p.ticket_id = NEW.id AND p.voided_at IS NULL;

        RETURN NULL;
    END IF;

    -- A ticket that has an account for its holder is not handed on by a corrected address.
    IF NEW.user_id IS DISTINCT FROM OLD.user_id
        OR (NEW.user_id IS NULL AND NEW.purchaser_email IS DISTINCT FROM OLD.purchaser_email)
    THEN
        UPDATE ticketing.ticket_passes AS p
        SET pass_version = p.pass_version + 1
        WHERE
            p.tenant_id = NEW.tenant_id
            AND p.ticket_id = NEW.id
            AND p.voided_at IS NULL
            AND p.delivered_at IS NULL
            AND p.sending_version IS NULL;

        -- What is on the former holder's devices would follow every change: the new code would go
        -- to them as well. So that pass ends, and the new holder's has another serial number.
        WITH ended AS (
            UPDATE ticketing.ticket_passes AS p
            SET voided_at = clock_timestamp()
            WHERE
                p.tenant_id = NEW.tenant_id
                AND p.ticket_id = NEW.id
                AND p.voided_at IS NULL
                AND (p.delivered_at IS NOT NULL OR p.sending_version IS NOT NULL)
            RETURNING p.channel, p.pass_type_id, p.pass_version
        )
        INSERT INTO ticketing.ticket_passes (
            tenant_id, ticket_id, channel, pass_type_id, pass_version
        )
        SELECT
            NEW.tenant_id,
            NEW.id,
            e.channel,
            e.pass_type_id,
            e.pass_version
        FROM ended AS e
        -- Whom nobody holds any more, as an available place, has no pass either.
        WHERE NEW.status IN ('sold', 'minted', 'active', 'transferred', 'checked_in')
        ORDER BY e.channel;

        RETURN NULL;
    END IF;

    UPDATE ticketing.ticket_passes AS p
    SET pass_version = p.pass_version + 1
    WHERE p.tenant_id = NEW.tenant_id AND p.ticket_id = NEW.id AND p.voided_at IS NULL;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.refresh_ticket_passes() IS
    'AFTER UPDATE row trigger of tickets, for changes that a pass shows: voids the passes of '
    'a ticket that ends; voids those that its former holder may have and gives the new holder '
    'passes of their own; else has them built anew. SECURITY DEFINER because a ticket changes '
    'in sessions that may not write passes, such as a customer''s; it takes the tenant from '
    'the row, NEW.tenant_id.';
