INSERT INTO ticketing.state_transitions (
    entity, from_status, to_status, requires_reason, actor_types, description
) VALUES
    ('ticket_credential', '*new*', 'active', FALSE, '{user,system,admin,service}',
        'A new code of a ticket.'),
    ('ticket_credential', '*new*', 'revoked', FALSE, '{user,system,admin,service}',
        'A code from before this table that dies, or comes with a ticket that has ended.'),
    ('ticket_credential', 'active', 'revoked', FALSE, '{user,system,admin,service}',
        'Transferred, reissued, lost, replaced, or the ticket ended; never taken back.');
