CREATE TABLE ticketing.multisig_approvals (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    request_id uuid NOT NULL,
    approver_id uuid NOT NULL,
    approver_role text NOT NULL,
    approved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    operation_hash text NOT NULL,
    signature text,
    signature_algorithm text,
    CONSTRAINT pk_multisig_approvals PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_multisig_approvals_vote UNIQUE (tenant_id, request_id, approver_id),
    CONSTRAINT fk_multisig_approvals_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_multisig_approvals_request_id FOREIGN KEY (tenant_id, request_id)
        REFERENCES ticketing.multisig_approval_requests (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_multisig_approvals_approver_id FOREIGN KEY (tenant_id, approver_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_multisig_approvals_signature CHECK (
        (signature IS NULL) = (signature_algorithm IS NULL)
    )
);

CREATE INDEX idx_multisig_approvals_approver_id
    ON ticketing.multisig_approvals (tenant_id, approver_id);

ALTER TABLE ticketing.multisig_approvals ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.multisig_approvals FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.multisig_approvals IS
    'One row is one person''s approval of a request. A trigger locks the request, tests the voter '
    'and counts, so that it makes no difference whether approve_request or a direct insert '
    'brings it. Never change or delete a row: a vote once given stands; it stops counting when its '
    'voter is no longer an active user with an allowed role.';
COMMENT ON COLUMN ticketing.multisig_approvals.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.multisig_approvals.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.multisig_approvals.request_id IS
    'Request that the vote is for; locked while the vote is counted.';
COMMENT ON COLUMN ticketing.multisig_approvals.approver_id IS
    'Person who approves; never the one who asks.';
COMMENT ON COLUMN ticketing.multisig_approvals.approver_role IS
    'Role the person had when voting; read from users by trigger, whatever the caller says.';
COMMENT ON COLUMN ticketing.multisig_approvals.approved_at IS
    'When the person voted.';
COMMENT ON COLUMN ticketing.multisig_approvals.operation_hash IS
    'Hash of the operation that the person saw; refused when the request''s is another.';
COMMENT ON COLUMN ticketing.multisig_approvals.signature IS
    'Signature of the approver over the hash, kept as evidence and not verified here. NULL when '
    'none was given.';
COMMENT ON COLUMN ticketing.multisig_approvals.signature_algorithm IS
    'How to verify the signature, such as ed25519. Set exactly when there is a signature.';
COMMENT ON CONSTRAINT pk_multisig_approvals ON ticketing.multisig_approvals IS
    'One row per approval of a tenant.';
COMMENT ON CONSTRAINT uq_multisig_approvals_vote ON ticketing.multisig_approvals IS
    'A person approves a request at most once; two votes of one person are no quorum.';
COMMENT ON CONSTRAINT fk_multisig_approvals_tenant_id ON ticketing.multisig_approvals IS
    'Every vote belongs to a known tenant, which cannot be deleted while it has votes.';
COMMENT ON CONSTRAINT fk_multisig_approvals_request_id ON ticketing.multisig_approvals IS
    'The request is one of the same tenant; it cannot be deleted while votes refer to it.';
COMMENT ON CONSTRAINT fk_multisig_approvals_approver_id ON ticketing.multisig_approvals IS
    'The voter is a user of the same tenant, who cannot be deleted while votes name that user.';
COMMENT ON CONSTRAINT chk_multisig_approvals_signature ON ticketing.multisig_approvals IS
    'Signature and algorithm go together; one without the other proves nothing.';
COMMENT ON INDEX ticketing.idx_multisig_approvals_approver_id IS
    'Covers the foreign key to users: finds what a person has approved.';

GRANT SELECT ON ticketing.multisig_approvals
TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.multisig_approvals TO ticketing_app, ticketing_worker;
