-- Roles belong to the cluster, not to the database, so another database may have made them
-- already, perhaps in this very second. They outlive a downgrade for the same reason.
DO $roles$
DECLARE
    v_role text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY[
        'ticketing_owner', 'ticketing_app', 'ticketing_worker', 'ticketing_readonly'
    ] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = v_role);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', v_role);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL;
        END;
    END LOOP;

    -- The one who migrates acts as the owner, so that every object belongs to it. From version 16
    -- on, whoever made a role is a member that may hand it on, but may not act as it.
    IF NOT pg_catalog.pg_has_role(
        current_user,
        'ticketing_owner',
        CASE WHEN current_setting('server_version_num')::integer >= 160000
            THEN 'SET' ELSE 'MEMBER' END
    ) THEN
        BEGIN
            EXECUTE format('GRANT ticketing_owner TO %I', current_user);
        EXCEPTION
            WHEN unique_violation OR internal_error THEN
                NULL; -- the run of another database granted it in this very second
        END;
    END IF;
END;
$roles$;
