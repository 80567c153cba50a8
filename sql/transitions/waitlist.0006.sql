INSERT INTO ticketing.state_transitions (
    entity, from_status, to_status, requires_reason, actor_types, description
) VALUES
    ('waitlist', '*new*', 'active', FALSE, '{user,system,admin,service}',
        'A new row starts so.'),
    ('waitlist', 'active', 'notified', FALSE, '{system,admin,service}',
        'Offer made; a reservation holds the places.'),
    ('waitlist', 'active', 'cancelled', FALSE, '{user,system,admin,service}',
        'Person leaves the list.'),
    ('waitlist', 'active', 'expired', FALSE, '{system,admin,service}',
        'Sale or event ended.'),
    ('waitlist', 'notified', 'converted', FALSE, '{system,admin,service}',
        'Offer bought.'),
    ('waitlist', 'notified', 'expired', FALSE, '{system,admin,service}',
        'Offer lapsed; its reservation is expired in the same transaction.'),
    ('waitlist', 'notified', 'active', TRUE, '{system,admin}',
        'Offer withdrawn by the organiser, place in the queue kept.'),
    ('waitlist', 'notified', 'cancelled', FALSE, '{user,system,admin,service}',
        'Person declines or leaves.');
