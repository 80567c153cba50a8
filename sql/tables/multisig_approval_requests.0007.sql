CREATE TABLE ticketing.multisig_approval_requests (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    operation_type text NOT NULL,
    operation_data jsonb NOT NULL,
    operation_hash text NOT NULL,
    requested_by uuid NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    required_approvals integer NOT NULL DEFAULT 2,
    required_rejections integer NOT NULL DEFAULT 1,
    approver_roles text[] NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'pending',
    decided_at timestamptz,
    decision_reason text,
    expires_at timestamptz NOT NULL DEFAULT (clock_timestamp() + interval '24 hours'),
    executed_at timestamptz,
    executed_by uuid,
    execution_result jsonb,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_multisig_approval_requests PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_multisig_approval_requests_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_multisig_approval_requests_requested_by FOREIGN KEY (tenant_id, requested_by)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_multisig_status_valid CHECK (
        status IN ('pending', 'approved', 'rejected', 'expired', 'executed')
    ),
    CONSTRAINT chk_required_approvals CHECK (
        required_approvals BETWEEN 1 AND 20 AND required_rejections BETWEEN 1 AND 20
    ),
    CONSTRAINT chk_multisig_executed CHECK (
        (status = 'executed') = (executed_at IS NOT NULL)
        AND (executed_at IS NULL) = (executed_by IS NULL)
    ),
    CONSTRAINT chk_multisig_decided CHECK (
        status NOT IN ('approved', 'rejected', 'executed')
        OR decided_at IS NOT NULL
    ),
    CONSTRAINT chk_multisig_expiry CHECK (expires_at > requested_at),
    CONSTRAINT chk_multisig_approval_requests_operation CHECK (
        length(btrim(operation_type)) BETWEEN 1 AND 100
    ),
    CONSTRAINT chk_multisig_approval_requests_hash CHECK (operation_hash ~ '^[0-9a-f]{64}$'),
    CONSTRAINT chk_multisig_approval_requests_roles CHECK (
        approver_roles <@ ARRAY[
            'user', 'staff', 'scanner', 'venue_owner', 'admin', 'superadmin'
        ]
    ),
    CONSTRAINT chk_multisig_approval_requests_reason CHECK (
        (status = 'rejected') = (decision_reason IS NOT NULL)
    ),
    CONSTRAINT chk_multisig_approval_requests_result CHECK (
        execution_result IS NULL
        OR status = 'executed'
    )
);

CREATE INDEX idx_multisig_requests_status
    ON ticketing.multisig_approval_requests (tenant_id, expires_at)
    WHERE status IN ('pending', 'approved');
CREATE INDEX idx_multisig_approval_requests_requested_by
    ON ticketing.multisig_approval_requests (tenant_id, requested_by);

ALTER TABLE ticketing.multisig_approval_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.multisig_approval_requests FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.multisig_approval_requests IS
    'One row is an operation that several people must approve before it is done, such as a large '
    'refund or the end of an event. create_approval_request makes it, approve_request and '
    'reject_request collect the votes, execute_request hands the operation out, once. What is to '
    'be done is frozen from the start, and triggers hold the rules against whoever writes the '
    'tables directly too. Never delete a row: it says who answers for what was done.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.operation_type IS
    'Kind of operation, a word that the executing service knows, 1 to 100 characters. Frozen.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.operation_data IS
    'All that the executing service needs to know, as JSON. Frozen: the vote is about this.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.operation_hash IS
    'SHA-256 of operation_data as PostgreSQL prints it, in hexadecimal digits; computed by '
    'trigger. Approvers and the executor say it back, to show that they mean the same operation. '
    'Read it from here instead of computing it elsewhere.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.requested_by IS
    'Person who asks; may withdraw the request and may execute it, but not approve it. Frozen.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.requested_at IS
    'When the request was made. Frozen.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.required_approvals IS
    'How many people must approve, 1 to 20. Frozen.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.required_rejections IS
    'How many rejections end the request, 1 to 20; 1 gives each voter a veto. Frozen.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.approver_roles IS
    'Roles of users who may vote; {} for staff, venue_owner, admin and superadmin. Frozen.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.status IS
    'pending (votes are taken), approved (may be executed), executed, rejected, expired. The last '
    'three are final. Past expires_at a pending or approved request is as good as expired, sweeper '
    'or not.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.decided_at IS
    'When it was approved or rejected; set by trigger. NULL while undecided and for a request that '
    'expired undecided.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.decision_reason IS
    'Why it was rejected: the reason of the rejection that decided. Set exactly for rejected, else '
    'NULL.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.expires_at IS
    'End of voting and of execution; a day after the request unless told. Frozen.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.executed_at IS
    'When the operation was handed out for execution; set by trigger, else NULL.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.executed_by IS
    'Person who executed: the requester or somebody who may vote. NULL until then.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.execution_result IS
    'What came of it, as the executing service reports, with the execution or once afterwards. '
    'NULL until then.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.version IS
    'Raised by trigger with every update, and so with every vote; compare it to refuse a stale '
    'write.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.multisig_approval_requests.updated_at IS
    'When the row was last changed, or voted upon; set by trigger.';
COMMENT ON CONSTRAINT pk_multisig_approval_requests ON ticketing.multisig_approval_requests IS
    'One row per request of a tenant.';
COMMENT ON CONSTRAINT fk_multisig_approval_requests_tenant_id
ON ticketing.multisig_approval_requests IS
    'Every request belongs to a known tenant, which cannot be deleted while it has requests.';
COMMENT ON CONSTRAINT fk_multisig_approval_requests_requested_by
ON ticketing.multisig_approval_requests IS
    'Who asks is a user of the same tenant, who cannot be deleted while requests name that user.';
COMMENT ON CONSTRAINT chk_multisig_status_valid ON ticketing.multisig_approval_requests IS
    'The status is one of the five states of a request.';
COMMENT ON CONSTRAINT chk_required_approvals ON ticketing.multisig_approval_requests IS
    'One to twenty people approve, and one to twenty rejections end it; nothing approves itself.';
COMMENT ON CONSTRAINT chk_multisig_executed ON ticketing.multisig_approval_requests IS
    'Exactly an executed request says when and by whom.';
COMMENT ON CONSTRAINT chk_multisig_decided ON ticketing.multisig_approval_requests IS
    'A request that was approved or rejected says when.';
COMMENT ON CONSTRAINT chk_multisig_expiry ON ticketing.multisig_approval_requests IS
    'A request ends after it was made; none stays open for ever.';
COMMENT ON CONSTRAINT chk_multisig_approval_requests_operation
ON ticketing.multisig_approval_requests IS
    'The operation is named, in at most 100 characters.';
COMMENT ON CONSTRAINT chk_multisig_approval_requests_hash
ON ticketing.multisig_approval_requests IS
    'The hash has the form of a SHA-256: 64 hexadecimal digits in lower case.';
COMMENT ON CONSTRAINT chk_multisig_approval_requests_roles
ON ticketing.multisig_approval_requests IS
    'Voters are sought among the six roles that users have; a misspelt role would find nobody.';
COMMENT ON CONSTRAINT chk_multisig_approval_requests_reason
ON ticketing.multisig_approval_requests IS
    'Exactly a rejected request says why.';
COMMENT ON CONSTRAINT chk_multisig_approval_requests_result
ON ticketing.multisig_approval_requests IS
    'Only an executed request has a result.';
COMMENT ON INDEX ticketing.idx_multisig_requests_status IS
    'Serves the list of open requests of a tenant and the expiry sweep: by deadline.';
COMMENT ON INDEX ticketing.idx_multisig_approval_requests_requested_by IS
    'Covers the foreign key to users: finds the requests that a person has made.';

GRANT SELECT ON ticketing.multisig_approval_requests
TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.multisig_approval_requests TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    status, decision_reason, executed_by, execution_result
) ON ticketing.multisig_approval_requests TO ticketing_app, ticketing_worker;
