CREATE OR REPLACE FUNCTION ticketing.lock_lockout(
    p_tenant_id uuid,
    p_identifier text,
    p_identifier_type text
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Addresses in a name space of their own: each transaction takes an account, then an address,
    -- and even two keys that hash alike cannot make that order a circle.
    PERFORM pg_advisory_xact_lock(
        hashtext(
            CASE p_identifier_type
                WHEN 'ip' THEN 'ticketing.lockout_of_address'
                ELSE 'ticketing.lockout'
            END
        ),
        hashtext(format('%s %s %s', p_tenant_id, p_identifier_type, p_identifier))
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.lock_lockout(uuid, text, text) IS
    'Makes whoever writes events of the same identifier in the same tenant wait until the '
    'transaction ends; rows that do not exist yet cannot be locked. Called by the lockout '
    'functions alone.';
