INSERT INTO ticketing.state_transitions (
    entity, from_status, to_status, requires_reason, actor_types, description
) VALUES
    ('ticket_transfer', '*new*', 'pending', FALSE, '{user,system,admin,service}',
        'A new row starts so.'),
    ('ticket_transfer', 'pending', 'accepted', FALSE, '{user,system,admin,service}',
        'Recipient presents the code before expires_at.'),
    ('ticket_transfer', 'pending', 'completed', FALSE, '{system,admin,service}',
        'Direct transfer, no acceptance step.'),
    ('ticket_transfer', 'pending', 'rejected', FALSE, '{user,system,admin,service}',
        'Recipient declines.'),
    ('ticket_transfer', 'pending', 'cancelled', TRUE, '{user,system,admin,service}',
        'Sender withdraws; ticket became unusable.'),
    ('ticket_transfer', 'pending', 'expired', FALSE, '{system,admin,service}',
        'Expires_at passed.'),
    ('ticket_transfer', 'accepted', 'completed', FALSE, '{system,admin,service}',
        'Holder changed (compare-and-swap on from_user_id); chain leg finalized when '
        'NFT.'),
    ('ticket_transfer', 'accepted', 'cancelled', TRUE, '{system,admin}',
        'Chain leg failed for good; ticket revoked meanwhile.');
