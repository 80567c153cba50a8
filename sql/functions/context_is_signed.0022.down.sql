DO $down$
BEGIN
    IF ticketing.context_is_signed() THEN
        RAISE EXCEPTION 'the signed context is switched on, and a downgrade would take it away'
            USING
                ERRCODE = 'TK904',
                HINT = 'Switch it off first, knowingly: ticket-schema harden signed-context --off.';
    END IF;
END;
$down$;

DROP FUNCTION ticketing.context_is_signed();
