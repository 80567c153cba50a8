CREATE OR REPLACE FUNCTION ticketing.create_request_ticket(
    p_priority integer,
    p_tags text[],
    p_description text,
    p_dest_path text,
    p_created_by uuid DEFAULT NULL
)
RETURNS ticketing.request_tickets
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
    v_creator uuid := coalesce(p_created_by, ticketing.current_user_id());
    v_fault text;
    v_ticket ticketing.request_tickets;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    v_fault := CASE
        WHEN p_priority IS NULL OR p_priority NOT BETWEEN 0 AND 65535
            THEN 'the priority is a number from 0 to 65535'
        WHEN p_tags IS NULL
            OR cardinality(p_tags) > 64
            OR array_position(p_tags, NULL) IS NOT NULL
            OR array_position(p_tags, '') IS NOT NULL
            THEN 'the tags are an array of at most 64 words'
        WHEN p_description IS NULL OR length(p_description) > 10000
            THEN 'the description is a text of at most 10000 characters'
        WHEN p_dest_path IS NULL OR btrim(p_dest_path) = '' OR length(p_dest_path) > 4096
            THEN 'the destination is a path of at most 4096 characters'
        WHEN v_creator IS NULL
            THEN 'a request ticket needs a user who makes it'
    END;

    IF v_fault IS NOT NULL THEN
        RAISE EXCEPTION '%', v_fault
            USING
                ERRCODE = 'TK001',
                HINT = CASE WHEN v_creator IS NULL
                    THEN 'Pass p_created_by, or name the user in the context.'
                    ELSE 'Correct the argument; an empty array and an empty description are fine.'
                END;
    END IF;

    INSERT INTO ticketing.request_tickets AS t (
        tenant_id, created_by, priority, tags, description, dest_path
    )
    VALUES (v_tenant, v_creator, p_priority, p_tags, p_description, p_dest_path)
    RETURNING t.* INTO v_ticket;

    RETURN v_ticket;
END;
$function$;

COMMENT ON FUNCTION ticketing.create_request_ticket(integer, text[], text, text, uuid) IS
    'Makes a pending request ticket in the name of p_created_by, else of the user of the '
    'transaction, and returns it. TK001 for an argument that is NULL, malformed or out of range; '
    '23503 for a user whom the tenant does not have; TK145 when a customer''s session names '
    'somebody else; TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.create_request_ticket(integer, text[], text, text, uuid)
TO ticketing_app, ticketing_worker;
