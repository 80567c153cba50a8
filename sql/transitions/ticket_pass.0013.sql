INSERT INTO ticketing.state_transitions (
    entity, from_status, to_status, requires_reason, actor_types, description
) VALUES
    ('ticket_pass', '*new*', 'pending', FALSE, '{user,system,admin,service}',
        'A new row starts so.'),
    ('ticket_pass', 'pending', 'produced', FALSE, '{system,admin,service}',
        'Artifact built.'),
    ('ticket_pass', 'pending', 'failed', TRUE, '{system,admin,service}',
        'Build error; the error message says why.'),
    ('ticket_pass', 'produced', 'sent', FALSE, '{system,admin,service}',
        'Delivered to the purchaser or pushed.'),
    ('ticket_pass', 'produced', 'failed', TRUE, '{system,admin,service}',
        'Delivery error; the error message says why.'),
    ('ticket_pass', 'produced', 'pending', FALSE, '{system,admin,service}',
        'Ticket changed before delivery: rebuild.'),
    ('ticket_pass', 'failed', 'pending', FALSE, '{system,admin,service}',
        'Retry.'),
    ('ticket_pass', 'sent', 'pending', FALSE, '{system,admin,service}',
        'Ticket changed (new code, event moved, ended): rebuild, pass_version + 1.');
