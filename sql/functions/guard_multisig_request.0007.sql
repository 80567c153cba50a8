CREATE OR REPLACE FUNCTION ticketing.guard_multisig_request()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_hash text;
    v_votes integer;
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM ticketing.require_session_user(NEW.requested_by);

        v_hash := encode(sha256(convert_to(NEW.operation_data::text, 'UTF8')), 'hex');

        IF NEW.operation_hash <> v_hash THEN
            RAISE EXCEPTION 'the hash is not that of the operation'
                USING
                    ERRCODE = 'TK737',
                    HINT = 'Leave operation_hash out; it is computed here.';
        END IF;

        NEW.operation_hash := v_hash;
        RETURN NEW;
    END IF;

    -- Else one could have the harmless approved and the harmful executed.
    IF (
        NEW.tenant_id, NEW.id, NEW.operation_type, NEW.operation_data, NEW.operation_hash,
        NEW.requested_by, NEW.requested_at, NEW.required_approvals, NEW.required_rejections,
        NEW.approver_roles, NEW.expires_at, NEW.created_at
    ) IS DISTINCT FROM (
        OLD.tenant_id, OLD.id, OLD.operation_type, OLD.operation_data, OLD.operation_hash,
        OLD.requested_by, OLD.requested_at, OLD.required_approvals, OLD.required_rejections,
        OLD.approver_roles, OLD.expires_at, OLD.created_at
    ) THEN
        RAISE EXCEPTION 'what request % asks for, and of whom, cannot change', OLD.id
            USING ERRCODE = 'TK002', HINT = 'Withdraw it and ask anew.';
    END IF;

    IF NEW.status = OLD.status THEN
        IF (NEW.decided_at, NEW.decision_reason, NEW.executed_at, NEW.executed_by)
            IS DISTINCT FROM
            (OLD.decided_at, OLD.decision_reason, OLD.executed_at, OLD.executed_by)
            OR (
                OLD.execution_result IS NOT NULL
                AND NEW.execution_result IS DISTINCT FROM OLD.execution_result
            )
        THEN
            RAISE EXCEPTION 'what became of request % cannot change', OLD.id
                USING ERRCODE = 'TK002', HINT = 'Only a result that is still missing may be added.';
        END IF;

        RETURN NEW;
    END IF;

    IF NEW.status IN ('approved', 'executed') THEN
        IF v_now >= OLD.expires_at THEN
            RAISE EXCEPTION 'request % expired at %', OLD.id, OLD.expires_at
                USING ERRCODE = 'TK733', HINT = 'Ask anew.';
        END IF;

        v_votes := ticketing.valid_approvals(OLD);

        IF v_votes < OLD.required_approvals THEN
            RAISE EXCEPTION 'request % has % of % approvals that count',
                OLD.id, v_votes, OLD.required_approvals
                USING
                    ERRCODE = 'TK739',
                    HINT = 'Only votes of people count who still are active and in an allowed '
                        'role. A pending request takes more votes; for an approved one ask anew.';
        END IF;
    END IF;

    CASE NEW.status
        WHEN 'approved' THEN
            NEW.decided_at := v_now;
        WHEN 'executed' THEN
            PERFORM ticketing.require_session_user(NEW.executed_by);

            IF ticketing.approver_role(OLD, NEW.executed_by) IS NULL
                AND NOT EXISTS (
                    SELECT 1
                    FROM ticketing.users AS u
                    WHERE
                        u.tenant_id = OLD.tenant_id
                        AND u.id = NEW.executed_by
                        AND u.id = OLD.requested_by
                        AND u.status = 'active'
                )
            THEN
                RAISE EXCEPTION 'user % may not execute request %',
                    coalesce(NEW.executed_by::text, 'NULL'), OLD.id
                    USING
                        ERRCODE = 'TK735',
                        HINT = 'The requester or somebody in an approver''s role executes, as an '
                            'active user.';
            END IF;

            NEW.executed_at := v_now;
        WHEN 'rejected' THEN
            SELECT count(*)::integer
            INTO v_votes
            FROM ticketing.multisig_rejections AS x
            WHERE x.tenant_id = OLD.tenant_id AND x.request_id = OLD.id;

            -- After the approval one voice is a veto, and state_transitions says whose.
            IF OLD.status = 'pending'
                AND v_votes < OLD.required_rejections
                AND NOT EXISTS (
                    SELECT 1
                    FROM ticketing.multisig_rejections AS x
                    WHERE
                        x.tenant_id = OLD.tenant_id
                        AND x.request_id = OLD.id
                        AND x.rejecter_id = OLD.requested_by
                )
            THEN
                RAISE EXCEPTION 'request % has % of % rejections',
                    OLD.id, v_votes, OLD.required_rejections
                    USING
                        ERRCODE = 'TK739',
                        HINT = 'Reject it by votes: ticketing.reject_request(). The requester''s '
                            'own withdraws it.';
            END IF;

            NEW.decided_at := v_now;
            NEW.decision_reason := coalesce(NEW.decision_reason, ticketing.status_change_reason());
        ELSE
            NULL;
    END CASE;

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_multisig_request() IS
    'BEFORE INSERT OR UPDATE trigger of multisig_approval_requests. Nobody asks in another''s name '
    '(TK738), and the hash is that of the operation (TK737). What is asked and what became of it '
    'never change (TK002). Approved and executed need the time for it (TK733) and votes that count '
    'at this moment (TK739), executed a person who may (TK735, TK738), rejected its rejections '
    '(TK739). Stamps when and why.';
