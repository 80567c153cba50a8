ALTER TABLE ticketing.tickets
    ADD CONSTRAINT chk_tickets_status CHECK (
        status IN (
            'available', 'reserved', 'sold', 'minted', 'active', 'transferred', 'checked_in',
            'used', 'revoked', 'refunded', 'expired', 'cancelled'
        )
    ) NOT VALID;

COMMENT ON CONSTRAINT chk_tickets_status ON ticketing.tickets IS
    'The status is one of the twelve states of a ticket; the rules in state_transitions know no '
    'other.';
