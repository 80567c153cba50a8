INSERT INTO ticketing.state_transitions (
    entity, from_status, to_status, requires_reason, actor_types, description
) VALUES
    ('multisig_request', '*new*', 'pending', FALSE, '{user,system,admin,service}',
        'A new row starts so.'),
    ('multisig_request', 'pending', 'approved', FALSE, '{system,admin,service}',
        'Approvals reached required_approvals, counted under the request row lock.'),
    ('multisig_request', 'pending', 'rejected', TRUE, '{user,system,admin,service}',
        'Rejections reached required_rejections; or requester withdraws.'),
    ('multisig_request', 'pending', 'expired', FALSE, '{system,admin,service}',
        'Expires_at passed without a quorum.'),
    ('multisig_request', 'approved', 'executed', FALSE, '{system,admin,service}',
        'Executed once, before expires_at, operation_hash unchanged.'),
    ('multisig_request', 'approved', 'expired', FALSE, '{system,admin,service}',
        'Expires_at passed before execution.'),
    ('multisig_request', 'approved', 'rejected', TRUE, '{system,admin}',
        'Veto after approval and before execution.');
