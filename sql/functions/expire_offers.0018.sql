CREATE OR REPLACE FUNCTION ticketing.expire_offers(
    p_batch integer DEFAULT 100
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
    v_actor text;
    v_offer record;
    v_status text;
    v_ended integer := 0;
BEGIN
    PERFORM ticketing.require_batch(p_batch);
    v_actor := ticketing.act_as('system');

    -- While its reservation may still be confirmed an offer has not lapsed. In the order of the
    -- counters, and without a limit: offers that cannot end must not stand in front of others.
    FOR v_offer IN
        SELECT w.tenant_id, w.id, w.reservation_id
        FROM ticketing.waitlist AS w
        INNER JOIN ticketing.reservations AS r
            ON w.tenant_id = r.tenant_id AND w.reservation_id = r.id
        WHERE
            w.status = 'notified'
            AND w.offer_expires_at <= v_now
            AND (r.status <> 'pending' OR r.expires_at <= v_now)
            AND (v_tenant_id IS NULL OR w.tenant_id = v_tenant_id)
        ORDER BY w.tenant_id, w.ticket_type_id, w.id
    LOOP
        BEGIN
            SELECT r.status
            INTO v_status
            FROM ticketing.reservations AS r
            WHERE
                r.tenant_id = v_offer.tenant_id
                AND r.id = v_offer.reservation_id
                AND r.status = 'pending'
            FOR NO KEY UPDATE SKIP LOCKED;

            -- It has ended, which is final enough; or somebody is ending it now.
            IF NOT FOUND THEN
                SELECT r.status
                INTO v_status
                FROM ticketing.reservations AS r
                WHERE r.tenant_id = v_offer.tenant_id AND r.id = v_offer.reservation_id;

                CONTINUE WHEN v_status = 'pending';
            END IF;

            PERFORM 1
            FROM ticketing.waitlist AS w
            WHERE
                w.tenant_id = v_offer.tenant_id
                AND w.id = v_offer.id
                AND w.status = 'notified'
                AND w.offer_expires_at <= v_now
                AND w.reservation_id = v_offer.reservation_id
            FOR NO KEY UPDATE SKIP LOCKED;

            CONTINUE WHEN NOT FOUND;

            UPDATE ticketing.waitlist AS w
            SET status = CASE v_status WHEN 'confirmed' THEN 'converted' ELSE 'expired' END
            WHERE w.tenant_id = v_offer.tenant_id AND w.id = v_offer.id;

            UPDATE ticketing.reservations AS r
            SET status = 'expired'
            WHERE
                v_status = 'pending'
                AND r.tenant_id = v_offer.tenant_id
                AND r.id = v_offer.reservation_id;

            v_ended := v_ended + 1;
        EXCEPTION
            WHEN transaction_rollback
                OR object_not_in_prerequisite_state
                OR insufficient_resources
                OR operator_intervention
                OR system_error
            THEN
                RAISE;
            WHEN OTHERS THEN
                RAISE WARNING 'offer % of tenant % could not expire: %',
                    v_offer.id, v_offer.tenant_id, SQLERRM
                    USING
                        ERRCODE = 'TK042',
                        DETAIL = format('SQLSTATE %s', SQLSTATE),
                        HINT = 'The others have expired. Mend this row; each sweep tries it again.';
        END;

        EXIT WHEN v_ended >= p_batch;
    END LOOP;

    PERFORM ticketing.act_as(v_actor);
    RETURN v_ended;
END;
$function$;

COMMENT ON FUNCTION ticketing.expire_offers(integer) IS
    'Ends offers of the waitlist that have lapsed, at most p_batch (1 to 10000, else TK001), and '
    'returns how many. The reservation behind an offer expires in the same transaction and gives '
    'its tickets back; while it may still be confirmed, the offer stays. An offer whose '
    'reservation was confirmed becomes converted. One that cannot end is left with a warning '
    '(TK042). Of the tenant in the context; without one, of every tenant. For background jobs '
    'alone.';

GRANT EXECUTE ON FUNCTION ticketing.expire_offers(integer) TO ticketing_worker;
