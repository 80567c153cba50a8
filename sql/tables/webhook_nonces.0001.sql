CREATE TABLE ticketing.webhook_nonces (
    tenant_id uuid,
    endpoint text NOT NULL,
    nonce text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz,
    expires_at timestamptz NOT NULL DEFAULT (now() + interval '15 minutes'),
    payload_hash text,
    CONSTRAINT pk_webhook_nonces PRIMARY KEY (endpoint, nonce),
    CONSTRAINT fk_webhook_nonces_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT chk_webhook_nonces_expiry CHECK (expires_at > received_at),
    CONSTRAINT chk_webhook_nonces_length CHECK (length(nonce) BETWEEN 1 AND 255)
);

CREATE INDEX idx_webhook_nonces_expires
    ON ticketing.webhook_nonces (expires_at);
CREATE INDEX idx_webhook_nonces_tenant_id
    ON ticketing.webhook_nonces (tenant_id)
    WHERE tenant_id IS NOT NULL;

ALTER TABLE ticketing.webhook_nonces ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.webhook_nonces FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.webhook_nonces IS
    'One row is one webhook call already taken, remembered so that a replay is refused. Workers '
    'insert it in the same transaction as the handler''s work, so a failed handler frees the '
    'nonce for the sender''s next try, and delete it after expires_at. Never delete a row before '
    'that: the same call could then run again.';
COMMENT ON COLUMN ticketing.webhook_nonces.tenant_id IS
    'Tenant the call concerns; not part of the key. NULL when the tenant is not known at receipt.';
COMMENT ON COLUMN ticketing.webhook_nonces.endpoint IS
    'Provider or route that the call came in by; part of the key, so two providers may send the '
    'same nonce.';
COMMENT ON COLUMN ticketing.webhook_nonces.nonce IS
    'Value that the sender uses once only, as received, 1 to 255 characters.';
COMMENT ON COLUMN ticketing.webhook_nonces.received_at IS
    'When the call was taken; start of the handler''s transaction.';
COMMENT ON COLUMN ticketing.webhook_nonces.sent_at IS
    'Time stamp that the sender signed. NULL when the provider sends none.';
COMMENT ON COLUMN ticketing.webhook_nonces.expires_at IS
    'Moment after which the row may be deleted; 15 minutes after receipt unless given. Keep it at '
    'least twice the clock difference that is accepted in sent_at.';
COMMENT ON COLUMN ticketing.webhook_nonces.payload_hash IS
    'Hash of the body, to tell a replay from another message with the same nonce. NULL when none '
    'was taken.';
COMMENT ON CONSTRAINT pk_webhook_nonces ON ticketing.webhook_nonces IS
    'One row per nonce of an endpoint, across tenants, because the tenant may be unknown at '
    'receipt; of two copies that arrive together, one fails here.';
COMMENT ON CONSTRAINT fk_webhook_nonces_tenant_id ON ticketing.webhook_nonces IS
    'The tenant, once known, exists; it cannot be deleted while nonces refer to it.';
COMMENT ON CONSTRAINT chk_webhook_nonces_expiry ON ticketing.webhook_nonces IS
    'A nonce is remembered for some time after its receipt; prevents rows that protect nothing.';
COMMENT ON CONSTRAINT chk_webhook_nonces_length ON ticketing.webhook_nonces IS
    'A nonce is not empty and has at most 255 characters.';
COMMENT ON INDEX ticketing.idx_webhook_nonces_expires IS
    'Serves the clean-up: nonces past their time, oldest first.';
COMMENT ON INDEX ticketing.idx_webhook_nonces_tenant_id IS
    'Covers the foreign key to tenants: finds the nonces of a tenant.';

GRANT SELECT ON ticketing.webhook_nonces TO ticketing_worker;
GRANT INSERT ON ticketing.webhook_nonces TO ticketing_worker;
GRANT DELETE ON ticketing.webhook_nonces TO ticketing_worker;
