INSERT INTO ticketing.state_transitions (
    entity, from_status, to_status, requires_reason, actor_types, description
) VALUES
    ('pending_transaction', '*new*', 'pending', FALSE, '{user,system,admin,service}',
        'A new row starts so.'),
    ('pending_transaction', 'pending', 'confirming', FALSE, '{system,admin,service}',
        'Seen at processed or confirmed commitment.'),
    ('pending_transaction', 'pending', 'confirmed', FALSE, '{system,admin,service}',
        'Seen finalized without error.'),
    ('pending_transaction', 'pending', 'failed', TRUE, '{system,admin,service}',
        'Landed with an error, or rejected before any broadcast.'),
    ('pending_transaction', 'pending', 'expired', FALSE, '{system,admin,service}',
        'Signature absent at a finalized height above last_valid_block_height.'),
    ('pending_transaction', 'confirming', 'confirmed', FALSE, '{system,admin,service}',
        'Finalized without error.'),
    ('pending_transaction', 'confirming', 'failed', TRUE, '{system,admin,service}',
        'Finalized with an error.'),
    ('pending_transaction', 'confirming', 'pending', FALSE, '{system,admin,service}',
        'Fork dropped it, blockhash still valid: rebroadcast the same bytes.'),
    ('pending_transaction', 'confirming', 'expired', FALSE, '{system,admin,service}',
        'Fork dropped it and the height passed.'),
    ('pending_transaction', 'expired', 'confirmed', TRUE, '{system,admin,service}',
        'Late landing found (lagging RPC node); only if no replacement is open or '
        'confirmed.'),
    ('pending_transaction', 'expired', 'replaced', FALSE, '{system,admin,service}',
        'A newly signed transaction takes over.'),
    ('pending_transaction', 'failed', 'replaced', FALSE, '{system,admin,service}',
        'A newly signed transaction takes over.');
