CREATE POLICY context_keys_owner_select ON ticketing.context_keys
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY context_keys_owner_insert ON ticketing.context_keys
    FOR INSERT TO ticketing_owner
    WITH CHECK (current_user = 'ticketing_owner');
CREATE POLICY context_keys_owner_update ON ticketing.context_keys
    FOR UPDATE TO ticketing_owner
    USING (current_user = 'ticketing_owner')
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY context_keys_owner_select ON ticketing.context_keys IS
    'Keys are read by functions that run as the owner: accept_context_token() checks a token, '
    'signed_context() the context that came of it. They return no part of a key.';
COMMENT ON POLICY context_keys_owner_insert ON ticketing.context_keys IS
    'For add_context_key(), which runs as the owner.';
COMMENT ON POLICY context_keys_owner_update ON ticketing.context_keys IS
    'For retire_context_key(), which runs as the owner.';
