INSERT INTO ticketing.state_transitions (
    entity, from_status, to_status, requires_reason, actor_types, description
) VALUES
    ('reservation', '*new*', 'pending', FALSE, '{user,system,admin,service}',
        'A new row starts so.'),
    ('reservation', 'pending', 'confirmed', FALSE, '{user,system,admin,service}',
        'Paid before expires_at; creates or links the order; reserved moves to sold.'),
    ('reservation', 'pending', 'expired', FALSE, '{system,admin,service}',
        'Expires_at passed; reserved given back.'),
    ('reservation', 'pending', 'cancelled', TRUE, '{user,system,admin,service}',
        'Buyer leaves, payment failed, event cancelled; reserved given back.'),
    ('reservation', 'confirmed', 'cancelled', TRUE, '{system,admin,service}',
        'Order cancelled or refunded; sold given back once.');
