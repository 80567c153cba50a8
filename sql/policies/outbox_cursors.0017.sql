CREATE POLICY outbox_cursors_worker_select ON ticketing.outbox_cursors
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY outbox_cursors_worker_insert ON ticketing.outbox_cursors
    FOR INSERT TO ticketing_worker
    WITH CHECK (TRUE);
CREATE POLICY outbox_cursors_worker_update ON ticketing.outbox_cursors
    FOR UPDATE TO ticketing_worker
    USING (TRUE)
    WITH CHECK (TRUE);
CREATE POLICY outbox_cursors_worker_delete ON ticketing.outbox_cursors
    FOR DELETE TO ticketing_worker
    USING (TRUE);

COMMENT ON POLICY outbox_cursors_worker_select ON ticketing.outbox_cursors IS
    'Not a tenant table: a consumer reads the events of every tenant in one order, so only the '
    'platform''s own workers see cursors.';
COMMENT ON POLICY outbox_cursors_worker_insert ON ticketing.outbox_cursors IS
    'Not a tenant table: a consumer reads the events of every tenant in one order, so only the '
    'platform''s own workers see cursors.';
COMMENT ON POLICY outbox_cursors_worker_update ON ticketing.outbox_cursors IS
    'Not a tenant table: a consumer reads the events of every tenant in one order, so only the '
    'platform''s own workers see cursors.';
COMMENT ON POLICY outbox_cursors_worker_delete ON ticketing.outbox_cursors IS
    'Not a tenant table: a consumer reads the events of every tenant in one order, so only the '
    'platform''s own workers see cursors.';
