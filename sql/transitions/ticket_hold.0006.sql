INSERT INTO ticketing.state_transitions (
    entity, from_status, to_status, requires_reason, actor_types, description
) VALUES
    ('ticket_hold', '*new*', 'active', FALSE, '{user,system,admin,service}',
        'A new row starts so.'),
    ('ticket_hold', 'active', 'released', FALSE, '{system,admin}',
        'Organiser puts the rest back on sale, or everything was issued.'),
    ('ticket_hold', 'active', 'expired', FALSE, '{system,admin,service}',
        'Expires_at passed.');
