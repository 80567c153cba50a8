INSERT INTO ticketing.state_transitions (
    entity, from_status, to_status, requires_reason, actor_types, description
) VALUES
    ('hold', '*new*', 'active', FALSE, '{user,system,admin,service}',
        'A new row starts so.'),
    ('hold', 'active', 'confirmed', FALSE, '{user,system,admin,service}',
        'Confirmed with a key before expires_at; exactly one order; held moves to confirmed.'),
    ('hold', 'active', 'released', FALSE, '{user,system,admin,service}',
        'Buyer or service gives it back; held given back.'),
    ('hold', 'active', 'expired', FALSE, '{system,admin,service}',
        'Expires_at passed; held given back.');
