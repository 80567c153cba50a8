CREATE POLICY webhook_nonces_worker_select ON ticketing.webhook_nonces
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY webhook_nonces_worker_insert ON ticketing.webhook_nonces
    FOR INSERT TO ticketing_worker
    WITH CHECK (TRUE);
CREATE POLICY webhook_nonces_worker_delete ON ticketing.webhook_nonces
    FOR DELETE TO ticketing_worker
    USING (TRUE);

COMMENT ON POLICY webhook_nonces_worker_select ON ticketing.webhook_nonces IS
    'Not a tenant table: a webhook proves itself fresh before its tenant is known, so only the '
    'platform''s own workers see nonces.';
COMMENT ON POLICY webhook_nonces_worker_insert ON ticketing.webhook_nonces IS
    'Not a tenant table: a webhook proves itself fresh before its tenant is known, so only the '
    'platform''s own workers see nonces.';
COMMENT ON POLICY webhook_nonces_worker_delete ON ticketing.webhook_nonces IS
    'Not a tenant table: a webhook proves itself fresh before its tenant is known, so only the '
    'platform''s own workers see nonces.';
