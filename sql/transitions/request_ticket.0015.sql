INSERT INTO ticketing.state_transitions (
    entity, from_status, to_status, requires_reason, actor_types, description
) VALUES
    ('request_ticket', '*new*', 'pending', FALSE, '{user,system,admin,service}',
        'A new row starts so.'),
    ('request_ticket', 'pending', 'completed', FALSE, '{user,system,admin,service}',
        'Work done.'),
    ('request_ticket', 'pending', 'failed', TRUE, '{user,system,admin,service}',
        'Work given up; the error says why.'),
    ('request_ticket', 'pending', 'cancelled', FALSE, '{user,system,admin,service}',
        'No longer wanted; the row says by whom, and why if anything was said.');
