CREATE TABLE ticketing.ticket_transfers (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_id uuid NOT NULL,
    from_user_id uuid NOT NULL,
    to_user_id uuid,
    to_email text NOT NULL,
    transfer_code text,
    acceptance_code_hash text,
    transfer_type text NOT NULL DEFAULT 'gift',
    transfer_method text NOT NULL DEFAULT 'email',
    is_gift boolean GENERATED ALWAYS AS (transfer_type = 'gift') STORED,
    price_cents bigint NOT NULL DEFAULT 0,
    currency text NOT NULL DEFAULT 'USD',
    message text,
    notes text,
    status text NOT NULL DEFAULT 'pending',
    expires_at timestamptz NOT NULL DEFAULT (now() + interval '7 days'),
    accepted_at timestamptz,
    rejected_at timestamptz,
    cancelled_at timestamptz,
    cancellation_reason text,
    transferred_at timestamptz,
    tx_signature text,
    blockchain_confirmed boolean NOT NULL DEFAULT FALSE,
    blockchain_confirmed_at timestamptz,
    blockchain_transferred_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_ticket_transfers PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_ticket_transfers_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_transfers_ticket_id FOREIGN KEY (tenant_id, ticket_id)
        REFERENCES ticketing.tickets (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_transfers_from_user_id FOREIGN KEY (tenant_id, from_user_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_transfers_to_user_id FOREIGN KEY (tenant_id, to_user_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_transfers_status CHECK (
        status IN ('pending', 'accepted', 'rejected', 'cancelled', 'completed', 'expired')
    ),
    CONSTRAINT chk_ticket_transfers_different_users CHECK (
        to_user_id IS NULL
        OR from_user_id <> to_user_id
    ),
    CONSTRAINT chk_ticket_transfers_price_positive CHECK (price_cents >= 0),
    CONSTRAINT chk_ticket_transfers_type CHECK (
        transfer_type IN ('gift', 'resale', 'admin', 'correction')
    ),
    CONSTRAINT chk_ticket_transfers_method CHECK (
        transfer_method IN ('direct', 'email', 'link', 'qr', 'blockchain')
    ),
    CONSTRAINT chk_ticket_transfers_gift_free CHECK (transfer_type <> 'gift' OR price_cents = 0),
    CONSTRAINT chk_ticket_transfers_email CHECK (to_email = lower(to_email)),
    CONSTRAINT chk_ticket_transfers_expiry CHECK (expires_at > created_at),
    CONSTRAINT chk_ticket_transfers_accepted CHECK (
        status NOT IN ('accepted', 'completed')
        OR (to_user_id IS NOT NULL AND accepted_at IS NOT NULL)
    ),
    CONSTRAINT chk_ticket_transfers_completed CHECK (
        (status = 'completed') = (transferred_at IS NOT NULL)
    ),
    CONSTRAINT chk_ticket_transfers_cancelled CHECK (
        (status = 'cancelled') = (cancelled_at IS NOT NULL)
    ),
    CONSTRAINT chk_ticket_transfers_rejected CHECK (
        (status = 'rejected') = (rejected_at IS NOT NULL)
    ),
    CONSTRAINT chk_ticket_transfers_chain CHECK (
        blockchain_confirmed = (blockchain_confirmed_at IS NOT NULL)
        AND (NOT blockchain_confirmed OR tx_signature IS NOT NULL)
    ),
    CONSTRAINT chk_ticket_transfers_currency CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE UNIQUE INDEX uq_ticket_transfers_code
    ON ticketing.ticket_transfers (tenant_id, transfer_code)
    WHERE transfer_code IS NOT NULL;
CREATE UNIQUE INDEX uq_ticket_transfers_one_open
    ON ticketing.ticket_transfers (tenant_id, ticket_id)
    WHERE status IN ('pending', 'accepted');
CREATE INDEX idx_ticket_transfers_expiry
    ON ticketing.ticket_transfers (expires_at)
    WHERE status = 'pending';
CREATE INDEX idx_ticket_transfers_ticket_id
    ON ticketing.ticket_transfers (tenant_id, ticket_id);
CREATE INDEX idx_ticket_transfers_from_user_id
    ON ticketing.ticket_transfers (tenant_id, from_user_id);
CREATE INDEX idx_ticket_transfers_to_user_id
    ON ticketing.ticket_transfers (tenant_id, to_user_id)
    WHERE to_user_id IS NOT NULL;

ALTER TABLE ticketing.ticket_transfers ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_transfers FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_transfers IS
    'One row is one offer to hand a ticket to another person, open until it is completed or falls '
    'through. Services and workers write it; rows are never deleted, since the completed ones are '
    'the ticket''s chain of holders. Never set a row to completed by hand: that alone changes '
    'neither the ticket''s holder nor its code.';
COMMENT ON COLUMN ticketing.ticket_transfers.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_transfers.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.ticket_transfers.ticket_id IS
    'Ticket on offer; it has at most one open transfer.';
COMMENT ON COLUMN ticketing.ticket_transfers.from_user_id IS
    'Holder who gives the ticket away; fixed when the offer is made.';
COMMENT ON COLUMN ticketing.ticket_transfers.to_user_id IS
    'User who receives the ticket. NULL while the invited address has no account; required once '
    'the offer is accepted.';
COMMENT ON COLUMN ticketing.ticket_transfers.to_email IS
    'Lower-case e-mail address of the invited recipient. Personal data.';
COMMENT ON COLUMN ticketing.ticket_transfers.transfer_code IS
    'Public handle of the offer, for links and support; knowing it does not allow acceptance. '
    'NULL when the offer has none.';
COMMENT ON COLUMN ticketing.ticket_transfers.acceptance_code_hash IS
    'Hash of the secret code that the recipient presents to accept; the code itself is never '
    'stored. NULL when no code is asked for.';
COMMENT ON COLUMN ticketing.ticket_transfers.transfer_type IS
    'Why the ticket changes hands: gift (free of charge), resale (against price_cents), admin '
    '(moved by staff), correction (repair of a mistake).';
COMMENT ON COLUMN ticketing.ticket_transfers.transfer_method IS
    'How the offer reaches the recipient: direct (no acceptance step), email, link, qr (code '
    'shown in person), blockchain (token moved on the chain).';
COMMENT ON COLUMN ticketing.ticket_transfers.is_gift IS
    'True when transfer_type is gift; generated, never written.';
COMMENT ON COLUMN ticketing.ticket_transfers.price_cents IS
    'Price the recipient pays for the ticket, in minor units of currency; 0 for a gift.';
COMMENT ON COLUMN ticketing.ticket_transfers.currency IS
    'ISO 4217 code of the amounts in this row.';
COMMENT ON COLUMN ticketing.ticket_transfers.message IS
    'Words of the sender, shown to the recipient. NULL when there are none.';
COMMENT ON COLUMN ticketing.ticket_transfers.notes IS
    'Internal remarks of staff, not shown to sender or recipient. NULL when there are none.';
COMMENT ON COLUMN ticketing.ticket_transfers.status IS
    'State of the offer: pending (waiting for the recipient), accepted (agreed, holder not yet '
    'changed), or a final one: completed (holder changed), rejected (recipient declined), '
    'cancelled (withdrawn), expired (not accepted in time). Pending and accepted are open.';
COMMENT ON COLUMN ticketing.ticket_transfers.expires_at IS
    'Moment after which the offer can no longer be accepted; seven days after the insert unless '
    'given. The clock decides even while the status is still pending.';
COMMENT ON COLUMN ticketing.ticket_transfers.accepted_at IS
    'When the recipient accepted; a transfer without that step carries it too before it is '
    'completed. NULL until then.';
COMMENT ON COLUMN ticketing.ticket_transfers.rejected_at IS
    'When the recipient declined; set exactly when the status is rejected, else NULL.';
COMMENT ON COLUMN ticketing.ticket_transfers.cancelled_at IS
    'When the offer was withdrawn; set exactly when the status is cancelled, else NULL.';
COMMENT ON COLUMN ticketing.ticket_transfers.cancellation_reason IS
    'Why the offer was withdrawn, in words. NULL when it was not.';
COMMENT ON COLUMN ticketing.ticket_transfers.transferred_at IS
    'When the ticket got its new holder; set exactly when the status is completed, else NULL.';
COMMENT ON COLUMN ticketing.ticket_transfers.tx_signature IS
    'Signature of the Solana transaction that moves the token, base58. NULL when the transfer has '
    'no part on the chain or nothing was sent yet.';
COMMENT ON COLUMN ticketing.ticket_transfers.blockchain_confirmed IS
    'Whether the transaction on the chain is final; true exactly when blockchain_confirmed_at is '
    'set.';
COMMENT ON COLUMN ticketing.ticket_transfers.blockchain_confirmed_at IS
    'When the transaction was found to be final. NULL before that, and for a transfer that is not '
    'on the chain.';
COMMENT ON COLUMN ticketing.ticket_transfers.blockchain_transferred_at IS
    'Time at which the token moved on the chain. NULL until known, and for a transfer that is not '
    'on the chain.';
COMMENT ON COLUMN ticketing.ticket_transfers.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.ticket_transfers.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.ticket_transfers.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_ticket_transfers ON ticketing.ticket_transfers IS
    'One row per transfer offer of a tenant.';
COMMENT ON CONSTRAINT fk_ticket_transfers_tenant_id ON ticketing.ticket_transfers IS
    'Every transfer belongs to a known tenant; a tenant cannot be deleted while it has transfers.';
COMMENT ON CONSTRAINT fk_ticket_transfers_ticket_id ON ticketing.ticket_transfers IS
    'The ticket belongs to the same tenant; it cannot be deleted while transfers refer to it.';
COMMENT ON CONSTRAINT fk_ticket_transfers_from_user_id ON ticketing.ticket_transfers IS
    'The sender is a user of the same tenant, who cannot be deleted while offers name that user.';
COMMENT ON CONSTRAINT fk_ticket_transfers_to_user_id ON ticketing.ticket_transfers IS
    'The recipient, once known, is a user of the same tenant, who cannot be deleted while offers '
    'name that user.';
COMMENT ON CONSTRAINT chk_ticket_transfers_status ON ticketing.ticket_transfers IS
    'The status is one of the six states of an offer.';
COMMENT ON CONSTRAINT chk_ticket_transfers_different_users ON ticketing.ticket_transfers IS
    'Sender and recipient differ; a transfer to oneself would use up a transfer and a code for '
    'nothing.';
COMMENT ON CONSTRAINT chk_ticket_transfers_price_positive ON ticketing.ticket_transfers IS
    'The price is zero or more.';
COMMENT ON CONSTRAINT chk_ticket_transfers_type ON ticketing.ticket_transfers IS
    'The transfer is a gift, a resale, an act of the organiser or a correction.';
COMMENT ON CONSTRAINT chk_ticket_transfers_method ON ticketing.ticket_transfers IS
    'The way the offer reaches the recipient is one of the known ones.';
COMMENT ON CONSTRAINT chk_ticket_transfers_gift_free ON ticketing.ticket_transfers IS
    'A gift costs nothing; prevents a sale that is booked as a gift.';
COMMENT ON CONSTRAINT chk_ticket_transfers_email ON ticketing.ticket_transfers IS
    'The recipient''s address is stored in lower case, so that a plain comparison finds it.';
COMMENT ON CONSTRAINT chk_ticket_transfers_expiry ON ticketing.ticket_transfers IS
    'An offer ends after it was made.';
COMMENT ON CONSTRAINT chk_ticket_transfers_accepted ON ticketing.ticket_transfers IS
    'An accepted or completed transfer names its recipient and the moment of acceptance.';
COMMENT ON CONSTRAINT chk_ticket_transfers_completed ON ticketing.ticket_transfers IS
    'The moment of handing over is set exactly when the transfer is completed.';
COMMENT ON CONSTRAINT chk_ticket_transfers_cancelled ON ticketing.ticket_transfers IS
    'The moment of withdrawal is set exactly when the transfer is cancelled.';
COMMENT ON CONSTRAINT chk_ticket_transfers_rejected ON ticketing.ticket_transfers IS
    'The moment of refusal is set exactly when the transfer is rejected.';
COMMENT ON CONSTRAINT chk_ticket_transfers_chain ON ticketing.ticket_transfers IS
    'The confirmed flag and its time go together, and a confirmed transfer names its transaction.';
COMMENT ON CONSTRAINT chk_ticket_transfers_currency ON ticketing.ticket_transfers IS
    'The currency has the form of an ISO 4217 code: three capital letters.';
COMMENT ON INDEX ticketing.uq_ticket_transfers_code IS
    'Finds an offer by its public handle; no two offers of a tenant share one.';
COMMENT ON INDEX ticketing.uq_ticket_transfers_one_open IS
    'A ticket has at most one open transfer; prevents two recipients from both accepting the same '
    'ticket.';
COMMENT ON INDEX ticketing.idx_ticket_transfers_expiry IS
    'Serves the expiry sweep: overdue pending offers, oldest first.';
COMMENT ON INDEX ticketing.idx_ticket_transfers_ticket_id IS
    'Covers the foreign key to tickets: finds all transfers of a ticket, closed ones included.';
COMMENT ON INDEX ticketing.idx_ticket_transfers_from_user_id IS
    'Covers the foreign key to users: finds the offers a user has made.';
COMMENT ON INDEX ticketing.idx_ticket_transfers_to_user_id IS
    'Covers the foreign key to users: finds the offers a user has received.';

GRANT SELECT ON ticketing.ticket_transfers TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.ticket_transfers TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    to_user_id, to_email, transfer_code, acceptance_code_hash, transfer_type,
    transfer_method, price_cents, currency, message, notes, status, expires_at,
    accepted_at, rejected_at, cancelled_at, cancellation_reason, transferred_at,
    tx_signature, blockchain_confirmed, blockchain_confirmed_at, blockchain_transferred_at
) ON ticketing.ticket_transfers TO ticketing_app, ticketing_worker;
