CREATE OR REPLACE FUNCTION ticketing.retire_context_key(
    p_key_id text
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = on
AS $function$
BEGIN
    UPDATE ticketing.context_keys AS k
    SET
        retired_at = coalesce(k.retired_at, clock_timestamp()),
        inner_pad = NULL,
        outer_pad = NULL,
        seal_inner_pad = NULL,
        seal_outer_pad = NULL
    WHERE k.key_id = p_key_id;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no key of this name'
            USING
                ERRCODE = 'TK717',
                HINT = 'Look into ticketing.context_keys, as ticketing_owner.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.retire_context_key(text) IS
    'Ends a key for good: deletes its secrets, so that its tokens are refused and the contexts '
    'opened with it are void from the next statement on, also in transactions that are running. '
    'Only one that is REPEATABLE READ or SERIALIZABLE, with a snapshot from before, goes on with '
    'the key until it ends. Repeating it changes nothing; an unknown name is refused (TK717). In a '
    'rotation let every service sign with the new key first. For those who migrate, granted to '
    'nobody.';
