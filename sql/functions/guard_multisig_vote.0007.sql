CREATE OR REPLACE FUNCTION ticketing.guard_multisig_vote()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Both tables of votes call their columns after it.
    c_voter CONSTANT text := TG_ARGV[0];
    c_is_approval CONSTANT boolean := c_voter = 'approver';
    v_vote jsonb := to_jsonb(NEW);
    v_voter_id uuid := (v_vote ->> (c_voter || '_id'))::uuid;
    v_request ticketing.multisig_approval_requests;
    v_user record;
    v_withdraws boolean;
BEGIN
    -- The parent first: of two last votes the second waits here and counts the first. An update
    -- and not a lock, so that a transaction with an older snapshot (REPEATABLE READ) fails with
    -- 40001 instead of counting without the votes that it cannot see.
    UPDATE ticketing.multisig_approval_requests AS r
    SET status = r.status
    WHERE r.tenant_id = NEW.tenant_id AND r.id = NEW.request_id
    RETURNING r.* INTO v_request;

    -- What the tenant does not have is the foreign keys' to refuse, here and for the user below.
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;

    IF v_request.status IN ('pending', 'approved')
        AND clock_timestamp() >= v_request.expires_at
    THEN
        RAISE EXCEPTION 'request % expired at %', v_request.id, v_request.expires_at
            USING ERRCODE = 'TK733', HINT = 'Ask anew.';
    END IF;

    IF v_request.status <> 'pending' AND (c_is_approval OR v_request.status <> 'approved') THEN
        RAISE EXCEPTION 'request % is % and takes no such vote', v_request.id, v_request.status
            USING ERRCODE = 'TK732', HINT = 'Read the request again; it has been decided.';
    END IF;

    PERFORM ticketing.require_session_user(v_voter_id);

    IF c_is_approval AND v_voter_id = v_request.requested_by THEN
        RAISE EXCEPTION 'request % cannot be approved by the one who made it', v_request.id
            USING ERRCODE = 'TK734', HINT = 'Let other people approve it.';
    END IF;

    IF c_is_approval AND v_vote ->> 'operation_hash' IS DISTINCT FROM v_request.operation_hash THEN
        RAISE EXCEPTION 'the approval is of another operation than that of request %', v_request.id
            USING
                ERRCODE = 'TK737',
                HINT = 'Read the request and approve with its operation_hash.';
    END IF;

    SELECT u.role, u.status
    INTO v_user
    FROM ticketing.users AS u
    WHERE u.tenant_id = v_request.tenant_id AND u.id = v_voter_id;

    IF NOT FOUND THEN
        RETURN jsonb_populate_record(NEW, jsonb_build_object(c_voter || '_role', 'unknown'));
    END IF;

    v_withdraws := v_voter_id = v_request.requested_by AND v_user.status = 'active';

    IF NOT v_withdraws AND ticketing.approver_role(v_request, v_voter_id) IS NULL THEN
        RAISE EXCEPTION 'user % may not vote on request %', v_voter_id, v_request.id
            USING
                ERRCODE = 'TK735',
                HINT = 'Active users vote whose role is among the request''s approver_roles.';
    END IF;

    IF EXISTS (
        SELECT 1
        FROM ticketing.multisig_approvals AS a
        WHERE
            a.tenant_id = v_request.tenant_id
            AND a.request_id = v_request.id
            AND a.approver_id = v_voter_id
        UNION ALL
        SELECT 1
        FROM ticketing.multisig_rejections AS x
        WHERE
            x.tenant_id = v_request.tenant_id
            AND x.request_id = v_request.id
            AND x.rejecter_id = v_voter_id
    ) THEN
        RAISE EXCEPTION 'user % has voted on request % already', v_voter_id, v_request.id
            USING ERRCODE = 'TK736', HINT = 'A vote stands; let somebody else vote.';
    END IF;

    RETURN jsonb_populate_record(NEW, jsonb_build_object(c_voter || '_role', v_user.role));
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_multisig_vote() IS
    'BEFORE INSERT trigger of multisig_approvals and multisig_rejections; its argument is the name '
    'of the voter there, approver or rejecter. Locks the request and refuses a vote that comes too '
    'late (TK732, TK733), in another''s name (TK738), by the requester for their own request '
    '(TK734), for another operation (TK737), by somebody who may not vote (TK735), or a second one '
    'of the same person on either side (TK736). Stamps the voter''s role.';
