INSERT INTO ticketing.state_transitions (
    entity, from_status, to_status, requires_reason, actor_types, description
) VALUES
    ('idempotency_key', '*new*', 'processing', FALSE, '{user,system,admin,service}',
        'A new row starts so.'),
    ('idempotency_key', 'processing', 'completed', FALSE, '{system,admin,service}',
        'Response stored by the lock holder.'),
    ('idempotency_key', 'processing', 'failed', FALSE, '{system,admin,service}',
        'Lock holder reports a retryable failure.'),
    ('idempotency_key', 'failed', 'processing', FALSE, '{system,admin,service}',
        'Same key, same hash retried.');
