CREATE OR REPLACE FUNCTION ticketing.read_outbox_log(
    p_consumer text,
    p_limit integer DEFAULT 100
)
RETURNS TABLE (
    tenant_id uuid,
    id uuid,
    seq bigint,
    aggregate_type text,
    aggregate_id text,
    event_type text,
    event_version integer,
    payload jsonb,
    headers jsonb,
    created_at timestamptz,
    cursor_seq bigint
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_has_number boolean := pg_current_xact_id_if_assigned() IS NOT NULL;
    v_cursor record;
    v_newest bigint;
    v_number xid8;
    v_safe bigint;
BEGIN
    IF p_consumer IS NULL OR p_limit IS NULL OR p_limit NOT BETWEEN 1 AND 10000 THEN
        RAISE EXCEPTION '%', CASE
            WHEN p_consumer IS NULL THEN 'p_consumer is NULL' ELSE 'p_limit is not 1 to 10000'
        END
            USING ERRCODE = 'TK001', HINT = 'Name the consumer and ask for 1 to 10000 events.';
    END IF;

    SELECT c.seq, c.safe_seq, c.candidate_seq, c.candidate_xact
    INTO v_cursor
    FROM ticketing.outbox_cursors AS c
    WHERE c.consumer = p_consumer;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'no consumer % is known', quote_literal(p_consumer)
            USING
                ERRCODE = 'TK182',
                HINT = 'Insert its name into ticketing.outbox_cursors once.';
    END IF;

    v_safe := v_cursor.safe_seq;

    -- How far the log is complete is asked only when it is needed: an idle consumer, and one that
    -- works off a backlog, write nothing here.
    IF v_safe - v_cursor.seq < p_limit THEN
        SELECT o.seq
        INTO v_newest
        FROM ticketing.outbox AS o
        ORDER BY o.seq DESC
        LIMIT 1;

        IF v_newest > v_safe AND NOT v_has_number THEN
            SELECT c.seq, c.safe_seq, c.candidate_seq, c.candidate_xact
            INTO v_cursor
            FROM ticketing.outbox_cursors AS c
            WHERE c.consumer = p_consumer
            FOR NO KEY UPDATE;

            -- Every seq up to the newest was taken by then, each by a transaction that already had
            -- its number; ours is given out afterwards and is greater than all of those.
            v_number := pg_current_xact_id();
            v_safe := v_cursor.safe_seq;

            -- What is awaited stays until it has come: a younger one each time would never come
            -- under a steady load. One from the future came here with a dump of another cluster.
            IF v_cursor.candidate_xact >= pg_snapshot_xmax(pg_current_snapshot()) THEN
                v_cursor.candidate_xact := NULL;
            ELSIF v_cursor.candidate_xact <= pg_snapshot_xmin(pg_current_snapshot()) THEN
                v_safe := v_cursor.candidate_seq;
                v_cursor.candidate_xact := NULL;
            END IF;

            IF v_cursor.candidate_xact IS NULL THEN
                v_cursor.candidate_seq := NULL;

                IF v_newest > v_safe THEN
                    IF v_number <= pg_snapshot_xmin(pg_current_snapshot()) THEN
                        v_safe := v_newest;
                    ELSE
                        v_cursor.candidate_seq := v_newest;
                        v_cursor.candidate_xact := v_number;
                    END IF;
                END IF;
            END IF;

            UPDATE ticketing.outbox_cursors AS c
            SET
                safe_seq = v_safe,
                candidate_seq = v_cursor.candidate_seq,
                candidate_xact = v_cursor.candidate_xact
            WHERE
                c.consumer = p_consumer
                AND (c.safe_seq, c.candidate_seq, c.candidate_xact)
                IS DISTINCT FROM (v_safe, v_cursor.candidate_seq, v_cursor.candidate_xact);
        ELSIF v_newest > v_safe AND v_safe = v_cursor.seq THEN
            RAISE EXCEPTION 'this transaction has written before it reads the log'
                USING
                    ERRCODE = 'TK184',
                    HINT = 'Read the log first, or in a transaction of its own: how far it is '
                        'complete cannot be told by a transaction that is older than its question.';
        END IF;
    END IF;

    RETURN QUERY
    SELECT
        o.tenant_id, o.id, o.seq, o.aggregate_type, o.aggregate_id, o.event_type,
        o.event_version, o.payload, o.headers, o.created_at, v_cursor.seq
    FROM ticketing.outbox AS o
    WHERE o.seq > v_cursor.seq AND o.seq <= v_safe
    ORDER BY o.seq
    LIMIT p_limit;
END;
$function$;

COMMENT ON FUNCTION ticketing.read_outbox_log(text, integer) IS
    'Gives a consumer the next events of every tenant, whatever their status, in the order in '
    'which they were written. Never one while a running transaction may still add one before '
    'it: a long transaction holds the log back, and no rows may mean "not yet". Commit, deal '
    'with the events, then call advance_outbox_cursor with cursor_seq and the last seq; until '
    'then the same events come again. One process a consumer; a second one repeats events, but '
    'loses none. TK001 for an argument out of range (1 to 10000 events), TK182 for an unknown '
    'consumer, TK184 when the transaction wrote before it read.';

GRANT EXECUTE ON FUNCTION ticketing.read_outbox_log(text, integer) TO ticketing_worker;
