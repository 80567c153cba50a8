CREATE OR REPLACE FUNCTION ticketing.retire_ticket_code()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_has_ended boolean := NEW.status IN ('revoked', 'refunded', 'cancelled', 'expired');
    v_reason text := CASE
        WHEN v_has_ended THEN NEW.status
        WHEN NEW.user_id IS DISTINCT FROM OLD.user_id THEN 'transfer'
        WHEN NEW.qr_code IS NULL THEN 'withdrawn'
        ELSE 'replaced'
    END;
BEGIN
    IF v_has_ended OR NEW.credential_version > OLD.credential_version THEN
        UPDATE ticketing.ticket_credentials AS c
        SET status = 'revoked', revoked_reason = v_reason, revoked_at = v_now
        WHERE c.tenant_id = NEW.tenant_id AND c.ticket_id = NEW.id AND c.status = 'active';

        -- A code from before the table was there is remembered now, when it dies.
        INSERT INTO ticketing.ticket_credentials (
            tenant_id, ticket_id, code_hash, credential_version, status, revoked_reason,
            created_at, revoked_at
        )
        SELECT
            NEW.tenant_id,
            NEW.id,
            encode(sha256(convert_to(OLD.qr_code, 'UTF8')), 'hex'),
            OLD.credential_version,
            'revoked',
            v_reason,
            v_now,
            v_now
        WHERE OLD.qr_code <> ''
        ON CONFLICT DO NOTHING;
    END IF;

    IF NEW.qr_code IS DISTINCT FROM OLD.qr_code AND NEW.qr_code <> '' THEN
        INSERT INTO ticketing.ticket_credentials (
            tenant_id, ticket_id, code_hash, credential_version, status, revoked_reason,
            created_at, revoked_at
        ) VALUES (
            NEW.tenant_id,
            NEW.id,
            encode(sha256(convert_to(NEW.qr_code, 'UTF8')), 'hex'),
            NEW.credential_version,
            CASE WHEN v_has_ended THEN 'revoked' ELSE 'active' END,
            CASE WHEN v_has_ended THEN v_reason END,
            v_now,
            CASE WHEN v_has_ended THEN v_now END
        );
    END IF;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.retire_ticket_code() IS
    'AFTER UPDATE trigger of tickets, for another code or version and for the end of a ticket '
    '(revoked, refunded, cancelled, expired): revokes the active code, remembers one that was '
    'never registered, and registers a new qr_code. A qr_code that is, or ever was, a code of the '
    'tenant is refused (23505, uq_ticket_credentials_code). SECURITY DEFINER because no role may '
    'write codes by hand; it takes the tenant from the row, NEW.tenant_id.';
