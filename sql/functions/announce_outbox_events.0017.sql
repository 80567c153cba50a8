CREATE OR REPLACE FUNCTION ticketing.announce_outbox_events()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Before the first row, so that whoever holds a seq holds a transaction number that is older.
    -- read_outbox_log proves from it that nobody can add an event below its bound any more.
    PERFORM pg_current_xact_id();

    -- Transactions that notify commit one after the other, in the whole cluster. Only one of those
    -- that run side by side does: while it runs, the relay is about to be woken anyway.
    IF pg_try_advisory_xact_lock(hashtext('ticketing.outbox'), 0) THEN
        PERFORM pg_notify('ticketing_outbox', '');
    END IF;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.announce_outbox_events() IS
    'BEFORE INSERT statement trigger of outbox: gives the transaction its number before the events '
    'get theirs, and sends one NOTIFY ticketing_outbox at commit, unless a transaction beside it '
    'does. The wake-up is a hint that may be missing or late: a relay polls as well. A transaction '
    'that wrote an event cannot be prepared for two-phase commit, which NOTIFY does not allow.';
