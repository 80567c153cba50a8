CREATE OR REPLACE FUNCTION ticketing.rotate_ticket_code()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_is_new_code boolean := NEW.qr_code IS DISTINCT FROM OLD.qr_code;
    v_ends_code boolean;
BEGIN
    -- A door that compares versions would take an older code for the current one.
    IF NEW.credential_version < OLD.credential_version THEN
        RAISE EXCEPTION 'the codes of ticket % stand at version %, which is never lowered',
            OLD.id, OLD.credential_version
            USING
                ERRCODE = 'TK241',
                HINT = 'Leave credential_version alone; reissue_ticket gives the ticket a new '
                    'code.';
    END IF;

    -- Whoever had the ticket had its code. A place that was never sold has shown it to nobody.
    v_ends_code := (
        OLD.user_id IS NOT NULL
        AND NEW.user_id IS DISTINCT FROM OLD.user_id
        AND OLD.status NOT IN ('available', 'reserved')
    ) OR (
        v_is_new_code
        AND (
            OLD.qr_code IS NOT NULL
            OR EXISTS (
                SELECT 1
                FROM ticketing.ticket_credentials AS c
                WHERE
                    c.tenant_id = NEW.tenant_id
                    AND c.ticket_id = NEW.id
                    AND c.credential_version >= OLD.credential_version
            )
        )
    );

    IF v_ends_code AND NEW.credential_version = OLD.credential_version THEN
        NEW.credential_version := OLD.credential_version + 1;
    END IF;

    -- What the statement does not replace must not stay where a door might look it up.
    IF NEW.credential_version > OLD.credential_version THEN
        IF NOT v_is_new_code THEN
            NEW.qr_code := NULL;
        END IF;

        IF NEW.barcode IS NOT DISTINCT FROM OLD.barcode THEN
            NEW.barcode := NULL;
        END IF;
    END IF;

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.rotate_ticket_code() IS
    'BEFORE UPDATE trigger of tickets, for another holder, code or credential_version: the code '
    'that there was ends, whoever writes. The version rises, and qr_code and barcode are emptied '
    'unless the statement gives new ones, so a ticket that changes hands never keeps a code that '
    'its former holder knows. The version is never lowered (TK241). SECURITY DEFINER because a '
    'customer''s session sees no codes; it takes the tenant from the row, NEW.tenant_id.';
