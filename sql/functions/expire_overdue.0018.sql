CREATE OR REPLACE FUNCTION ticketing.expire_overdue(
    p_table text,
    p_deadline_column text,
    p_open_statuses text[],
    p_lock_column text,
    p_batch integer
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_actor text := ticketing.act_as('system');
    v_find text;
    v_expire text;
    v_tenants uuid[];
    v_rows uuid[];
    v_left_tenants uuid[] := ARRAY[]::uuid[];
    v_left_rows uuid[] := ARRAY[]::uuid[];
    v_expired integer := 0;
    v_count integer;
    v_all_well boolean;
BEGIN
    -- The oldest first, but worked on in the order in which everybody locks counters.
    v_find := format(
        $sql$
        SELECT
            array_agg(d.tenant_id ORDER BY d.tenant_id, d.place, d.id),
            array_agg(d.id ORDER BY d.tenant_id, d.place, d.id)
        FROM (
            SELECT t.tenant_id, t.id, t.%2$I AS place
            FROM ticketing.%1$I AS t
            WHERE
                t.status = ANY (%3$L::text[])
                AND t.%4$I <= $1
                AND ($2 IS NULL OR t.tenant_id = $2)
                AND NOT EXISTS (
                    SELECT
                    FROM unnest($3, $4) AS l (tenant_id, id)
                    WHERE l.tenant_id = t.tenant_id AND l.id = t.id
                )
            ORDER BY t.%4$I
            LIMIT $5
            FOR NO KEY UPDATE OF t SKIP LOCKED
        ) AS d
        $sql$,
        p_table, p_lock_column, p_open_statuses, p_deadline_column
    );
    v_expire := format(
        $sql$
        UPDATE ticketing.%I AS t
        SET status = 'expired'
        FROM unnest($1, $2) AS d (tenant_id, id)
        WHERE t.tenant_id = d.tenant_id AND t.id = d.id
        $sql$,
        p_table
    );

    LOOP
        EXECUTE v_find
        INTO v_tenants, v_rows
        USING v_now, v_tenant_id, v_left_tenants, v_left_rows, p_batch - v_expired;

        EXIT WHEN v_rows IS NULL;

        -- All in one statement, so that a counter moves once. What the server or another
        -- transaction is to blame for is the caller's to try again; anything else may be the fault
        -- of a single row, which must not keep the others from expiring for ever.
        BEGIN
            EXECUTE v_expire USING v_tenants, v_rows;
            GET DIAGNOSTICS v_count = ROW_COUNT;
            v_expired := v_expired + v_count;
            v_all_well := TRUE;
        EXCEPTION
            WHEN transaction_rollback
                OR object_not_in_prerequisite_state
                OR insufficient_resources
                OR operator_intervention
                OR system_error
            THEN
                RAISE;
            WHEN OTHERS THEN
                v_all_well := FALSE;
        END;

        EXIT WHEN v_all_well;

        FOR i IN 1 .. cardinality(v_rows) LOOP
            BEGIN
                EXECUTE v_expire USING v_tenants[i:i], v_rows[i:i];
                GET DIAGNOSTICS v_count = ROW_COUNT;
                v_expired := v_expired + v_count;
            EXCEPTION
                WHEN transaction_rollback
                    OR object_not_in_prerequisite_state
                    OR insufficient_resources
                    OR operator_intervention
                    OR system_error
                THEN
                    RAISE;
                WHEN OTHERS THEN
                    RAISE WARNING '% of tenant % in % could not expire: %',
                        v_rows[i], v_tenants[i], p_table, SQLERRM
                        USING
                            ERRCODE = 'TK042',
                            DETAIL = format('SQLSTATE %s', SQLSTATE),
                            HINT = 'The others have expired. Mend this row; each sweep tries it '
                                'again.';
            END;
        END LOOP;

        EXIT WHEN v_expired >= p_batch;

        v_left_tenants := v_left_tenants || v_tenants;
        v_left_rows := v_left_rows || v_rows;
    END LOOP;

    PERFORM ticketing.act_as(v_actor);
    RETURN v_expired;
END;
$function$;

COMMENT ON FUNCTION ticketing.expire_overdue(text, text, text[], text, integer) IS
    'What the sweepers of one table have in common: sets status to expired, as the system, for at '
    'most p_batch rows in p_open_statuses whose p_deadline_column has passed, the oldest first, '
    'and returns how many. Passes over rows that somebody has locked. A row that cannot expire is '
    'left with a warning (TK042) that names it, and the others expire. Fewer than p_batch means '
    'that nothing more can expire now. Works in the order of p_lock_column, so that counters are '
    'locked in one order by all. The caller''s own rights decide what it reaches; the arguments '
    'other than p_batch are the sweepers'' to choose.';

GRANT EXECUTE ON FUNCTION ticketing.expire_overdue(text, text, text[], text, integer)
TO ticketing_worker;
