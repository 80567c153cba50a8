CREATE OR REPLACE FUNCTION ticketing.check_state_transition(
    p_entity text,
    p_from_status text,
    p_to_status text,
    p_reason text
)
RETURNS void
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_rule record;
    v_actor text;
    v_allowed text;
BEGIN
    SELECT t.requires_reason, t.actor_types
    INTO v_rule
    FROM ticketing.state_transitions AS t
    WHERE
        t.entity = p_entity
        AND t.from_status = p_from_status
        AND t.to_status = p_to_status;

    IF NOT FOUND THEN
        SELECT string_agg(t.to_status, ', ' ORDER BY t.to_status)
        INTO v_allowed
        FROM ticketing.state_transitions AS t
        WHERE t.entity = p_entity AND t.from_status = p_from_status;

        RAISE EXCEPTION 'a % cannot go from % to %', p_entity, p_from_status, p_to_status
            USING
                ERRCODE = 'TK201',
                HINT = CASE
                    WHEN v_allowed IS NULL THEN format('%s is final.', p_from_status)
                    WHEN p_from_status = '*new*' THEN format('It may start as %s.', v_allowed)
                    ELSE format('From %s it may become %s.', p_from_status, v_allowed)
                END;
    END IF;

    v_actor := ticketing.current_actor_type();

    IF v_actor <> ALL (v_rule.actor_types) THEN
        RAISE EXCEPTION 'actor type % may not take a % from % to %',
            v_actor, p_entity, p_from_status, p_to_status
            USING
                ERRCODE = 'TK202',
                HINT = format(
                    'Only %s may; app.actor_type says who acts.',
                    array_to_string(v_rule.actor_types, ', ')
                );
    END IF;

    IF v_rule.requires_reason AND coalesce(btrim(p_reason), '') = '' THEN
        RAISE EXCEPTION 'a % goes from % to % only for a reason',
            p_entity, p_from_status, p_to_status
            USING
                ERRCODE = 'TK203',
                HINT = 'Set app.status_change_reason in the transaction.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.check_state_transition(text, text, text, text) IS
    'Refuses a change of status that state_transitions does not list (TK201), that the acting kind '
    'of actor may not make (TK202), or that lacks its reason (TK203). From *new* it tests the '
    'status in which a row starts. Triggers call it before every change; a service may call it to '
    'ask beforehand. It writes nothing.';

GRANT EXECUTE ON FUNCTION ticketing.check_state_transition(text, text, text, text)
TO ticketing_app, ticketing_worker;
