CREATE OR REPLACE FUNCTION ticketing.require_context_key()
RETURNS void
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET row_security = on
AS $function$
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    IF NOT EXISTS (
        SELECT 1
        FROM ticketing.context_keys AS k
        WHERE
            k.retired_at IS NULL
            AND k.valid_from <= v_now
            AND (k.valid_until IS NULL OR k.valid_until > v_now)
    ) THEN
        RAISE EXCEPTION 'no key to sign contexts with is valid'
            USING
                ERRCODE = 'TK718',
                HINT = 'Add one with ticketing.add_context_key(), give it to every service, then '
                    'try again.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_context_key() IS
    'Refuses when no key is valid now (TK718), because a context could not be signed at all. The '
    'command that switches the hardening on asks it, as ticketing_owner.';
