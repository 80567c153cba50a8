CREATE OR REPLACE FUNCTION ticketing.set_tenant_context(
    p_tenant_id uuid,
    p_user_id uuid DEFAULT NULL,
    p_user_role text DEFAULT NULL,
    p_actor_type text DEFAULT NULL,
    p_reason text DEFAULT NULL,
    p_source text DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- The raw settings, spelled as uuid prints them: whatever stands there, however it came there
    -- and well-formed or not, counts as set.
    v_tenant_before text := lower(coalesce(current_setting('app.current_tenant_id', TRUE), ''));
    v_user_before text := lower(coalesce(current_setting('app.current_user_id', TRUE), ''));
    v_role_before text := coalesce(current_setting('app.current_user_role', TRUE), '');
    -- The first call of a transaction decides everything: what it does not give is emptied, so
    -- that nothing an earlier tenant or a session-level SET left behind speaks for this one.
    v_is_first boolean := v_tenant_before = '';
    v_user text := coalesce(p_user_id::text, CASE WHEN NOT v_is_first THEN v_user_before END, '');
    -- A role belongs to its user: it stays while the user does.
    v_role text := coalesce(
        p_user_role,
        CASE WHEN NOT v_is_first AND v_user = v_user_before THEN v_role_before END,
        ''
    );
    v_user_status text;
    v_context text[] := ticketing.signed_context();
BEGIN
    IF v_context IS NULL
        OR v_context[1] <> p_tenant_id::text
        OR v_context[2] <> coalesce(p_user_id::text, v_context[2])
        OR v_context[3] <> coalesce(p_user_role, v_context[3])
    THEN
        RAISE EXCEPTION 'only a signed context counts here, and it does not say this'
            USING
                ERRCODE = 'TK719',
                HINT = 'Call ticketing.set_signed_tenant_context() with a token of the '
                    'application.';
    END IF;

    IF p_tenant_id IS NULL THEN
        RAISE EXCEPTION 'p_tenant_id is NULL'
            USING
                ERRCODE = 'TK001',
                HINT = 'Name the tenant; ticketing.clear_tenant_context() takes it away.';
    END IF;

    IF p_user_role NOT IN ('user', 'staff', 'scanner', 'venue_owner', 'admin', 'superadmin') THEN
        RAISE EXCEPTION 'p_user_role is no role of a user'
            USING
                ERRCODE = 'TK001',
                HINT = 'It is one of user, staff, scanner, venue_owner, admin and superadmin.';
    END IF;

    IF p_actor_type NOT IN ('user', 'system', 'admin', 'service') THEN
        RAISE EXCEPTION 'p_actor_type is no kind of actor'
            USING
                ERRCODE = 'TK001',
                HINT = 'It is one of user, system, admin and service.';
    END IF;

    -- Without a user the session acts for the whole tenant, which is not what somebody who names
    -- the role of a customer means.
    IF p_user_role IS NOT NULL AND v_user = '' THEN
        RAISE EXCEPTION 'p_user_role is given without p_user_id'
            USING
                ERRCODE = 'TK001',
                HINT = 'Name the user whose role it is, or neither.';
    END IF;

    PERFORM ticketing.require_role_security();

    IF v_tenant_before NOT IN ('', p_tenant_id::text) THEN
        RAISE EXCEPTION 'the transaction works for another tenant already'
            USING
                ERRCODE = 'TK703',
                HINT = 'Start a transaction for each tenant, or call '
                    'ticketing.clear_tenant_context() in between.';
    END IF;

    IF v_user_before NOT IN ('', v_user)
        OR (v_role_before <> v_role AND (v_user_before <> '' OR v_role_before <> ''))
    THEN
        RAISE EXCEPTION 'the transaction works for another user or role already'
            USING
                ERRCODE = 'TK703',
                HINT = 'Name user and role together and once, or call '
                    'ticketing.clear_tenant_context() in between.';
    END IF;

    -- Set first and tested after: the policies show a tenant to its own transactions alone. An
    -- error ends the transaction or the savepoint, and that brings back what was set before.
    PERFORM
        set_config('app.current_tenant_id', p_tenant_id::text, TRUE),
        set_config('app.current_user_id', v_user, TRUE),
        set_config('app.current_user_role', v_role, TRUE),
        set_config(
            'app.actor_type',
            coalesce(
                p_actor_type,
                CASE WHEN NOT v_is_first THEN current_setting('app.actor_type', TRUE) END,
                ''
            ),
            TRUE
        ),
        set_config(
            'app.status_change_reason',
            coalesce(
                p_reason,
                CASE WHEN NOT v_is_first THEN current_setting('app.status_change_reason', TRUE) END,
                ''
            ),
            TRUE
        ),
        set_config(
            'app.status_change_source',
            coalesce(
                p_source,
                CASE WHEN NOT v_is_first THEN current_setting('app.status_change_source', TRUE) END,
                ''
            ),
            TRUE
        );

    IF NOT EXISTS (
        SELECT 1
        FROM ticketing.tenants AS t
        WHERE t.id = p_tenant_id AND t.status = 'active'
    ) THEN
        RAISE EXCEPTION 'tenant % is not known here or not active', p_tenant_id
            USING
                ERRCODE = 'TK704',
                HINT = 'Check the id; a new tenant works once its copy has arrived in '
                    'ticketing.tenants.';
    END IF;

    IF p_user_id IS NULL THEN
        RETURN;
    END IF;

    SELECT u.status
    INTO v_user_status
    FROM ticketing.users AS u
    WHERE u.tenant_id = p_tenant_id AND u.id = p_user_id;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'the tenant has no user %', p_user_id
            USING
                ERRCODE = 'TK706',
                HINT = 'Check the id; a new user works once its copy has arrived in '
                    'ticketing.users.';
    END IF;

    IF v_user_status <> 'active' THEN
        RAISE EXCEPTION 'user % is %', p_user_id, v_user_status
            USING
                ERRCODE = 'TK707',
                HINT = 'Only the auth service lifts a block; its change arrives in '
                    'ticketing.users.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.set_tenant_context(uuid, uuid, text, text, text, text) IS
    'The hardening is on: call set_signed_tenant_context(), which calls this. By itself it refuses '
    'what the application has not signed (TK719), and changes actor, reason and source, where NULL '
    'leaves what is. The tenant must be active (TK704), the user known to it (TK706) and active '
    '(TK707), the login bound by row level security (TK705), the words known (TK001).';
