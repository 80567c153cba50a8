CREATE OR REPLACE FUNCTION ticketing.retention_cutoff(
    p_keep interval,
    p_least interval
)
RETURNS timestamptz
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    IF p_keep IS NULL THEN
        RAISE EXCEPTION 'p_keep is NULL'
            USING ERRCODE = 'TK001', HINT = 'Say for how long rows are kept.';
    END IF;

    -- By the calendar, not by the length of an interval: a month is not always 30 days.
    IF v_now - p_keep > v_now - p_least THEN
        RAISE EXCEPTION 'rows of this kind are kept for at least %', p_least
            USING
                ERRCODE = 'TK041',
                HINT = format('Keep them for %s or longer; %s is too short.', p_least, p_keep);
    END IF;

    RETURN v_now - p_keep;
END;
$function$;

COMMENT ON FUNCTION ticketing.retention_cutoff(interval, interval) IS
    'The moment up to which rows may be deleted that are kept for p_keep. Raises TK041 when that '
    'is less than p_least, below which no caller may go, and TK001 for NULL. For the functions of '
    'retention.';

GRANT EXECUTE ON FUNCTION ticketing.retention_cutoff(interval, interval) TO ticketing_worker;
