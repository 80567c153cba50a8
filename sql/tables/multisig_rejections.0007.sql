CREATE TABLE ticketing.multisig_rejections (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    request_id uuid NOT NULL,
    rejecter_id uuid NOT NULL,
    rejecter_role text NOT NULL,
    rejected_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason text NOT NULL,
    CONSTRAINT pk_multisig_rejections PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_multisig_rejections_vote UNIQUE (tenant_id, request_id, rejecter_id),
    CONSTRAINT fk_multisig_rejections_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_multisig_rejections_request_id FOREIGN KEY (tenant_id, request_id)
        REFERENCES ticketing.multisig_approval_requests (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_multisig_rejections_rejecter_id FOREIGN KEY (tenant_id, rejecter_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_multisig_rejections_reason CHECK (length(btrim(reason)) > 0)
);

CREATE INDEX idx_multisig_rejections_rejecter_id
    ON ticketing.multisig_rejections (tenant_id, rejecter_id);

ALTER TABLE ticketing.multisig_rejections ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.multisig_rejections FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.multisig_rejections IS
    'One row is one person''s vote against a request; the requester''s own row withdraws it, and '
    'one that comes after the approval is an administrator''s veto. A trigger locks the request, '
    'tests the voter and counts, as for approvals. Never change or delete a row: a vote once given '
    'stands.';
COMMENT ON COLUMN ticketing.multisig_rejections.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.multisig_rejections.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.multisig_rejections.request_id IS
    'Request that the vote is against; locked while the vote is counted.';
COMMENT ON COLUMN ticketing.multisig_rejections.rejecter_id IS
    'Person who rejects, or who withdraws what they had asked for.';
COMMENT ON COLUMN ticketing.multisig_rejections.rejecter_role IS
    'Role the person had when voting; read from users by trigger, whatever the caller says.';
COMMENT ON COLUMN ticketing.multisig_rejections.rejected_at IS
    'When the person voted.';
COMMENT ON COLUMN ticketing.multisig_rejections.reason IS
    'Why, in words; the request carries the reason of the rejection that decided.';
COMMENT ON CONSTRAINT pk_multisig_rejections ON ticketing.multisig_rejections IS
    'One row per rejection of a tenant.';
COMMENT ON CONSTRAINT uq_multisig_rejections_vote ON ticketing.multisig_rejections IS
    'A person rejects a request at most once.';
COMMENT ON CONSTRAINT fk_multisig_rejections_tenant_id ON ticketing.multisig_rejections IS
    'Every vote belongs to a known tenant, which cannot be deleted while it has votes.';
COMMENT ON CONSTRAINT fk_multisig_rejections_request_id ON ticketing.multisig_rejections IS
    'The request is one of the same tenant; it cannot be deleted while votes refer to it.';
COMMENT ON CONSTRAINT fk_multisig_rejections_rejecter_id ON ticketing.multisig_rejections IS
    'The voter is a user of the same tenant, who cannot be deleted while votes name that user.';
COMMENT ON CONSTRAINT chk_multisig_rejections_reason ON ticketing.multisig_rejections IS
    'A rejection says why.';
COMMENT ON INDEX ticketing.idx_multisig_rejections_rejecter_id IS
    'Covers the foreign key to users: finds what a person has rejected.';

GRANT SELECT ON ticketing.multisig_rejections
TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.multisig_rejections TO ticketing_app, ticketing_worker;
