INSERT INTO ticketing.state_transitions (
    entity, from_status, to_status, requires_reason, actor_types, description
) VALUES
    ('idempotency_key', '*new*', 'processing', FALSE, '{user,system,admin,service}',
        'A request takes an unused key; the request of a customer takes its own.'),
    ('idempotency_key', '*new*', 'completed', FALSE, '{user,system,admin,service}',
        'Written once, with its answer, in the transaction of the work itself.'),
    ('idempotency_key', 'processing', 'completed', FALSE, '{user,system,admin,service}',
        'The holder stores the answer, in the session that did the work, a customer''s too.'),
    ('idempotency_key', 'processing', 'failed', FALSE, '{user,system,admin,service}',
        'The holder reports a failure that may be tried again.'),
    ('idempotency_key', 'failed', 'processing', FALSE, '{user,system,admin,service}',
        'The same request is tried again.');
