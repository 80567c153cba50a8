CREATE TABLE ticketing.pending_transactions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    network text NOT NULL DEFAULT 'solana-mainnet',
    tx_signature text NOT NULL,
    tx_type text NOT NULL,
    ticket_id uuid,
    event_id uuid,
    transfer_id uuid,
    from_user_id uuid,
    to_user_id uuid,
    status text NOT NULL DEFAULT 'pending',
    commitment text,
    slot numeric(20, 0),
    block_time timestamptz,
    confirmation_count integer NOT NULL DEFAULT 0,
    required_confirmations integer NOT NULL DEFAULT 1,
    blockhash text,
    last_valid_block_height numeric(20, 0),
    last_checked_block_height numeric(20, 0),
    not_found_at_height numeric(20, 0),
    replaces_id uuid,
    attempt integer NOT NULL DEFAULT 1,
    retry_count integer NOT NULL DEFAULT 0,
    max_retries integer NOT NULL DEFAULT 3,
    last_retry_at timestamptz,
    error_code text,
    error_message text,
    error_details jsonb NOT NULL DEFAULT '{}'::jsonb,
    submitted_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,
    failed_at timestamptz,
    expired_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_pending_transactions PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_pending_tx_signature UNIQUE (tenant_id, network, tx_signature),
    CONSTRAINT fk_pending_transactions_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_pending_transactions_ticket_id FOREIGN KEY (tenant_id, ticket_id)
        REFERENCES ticketing.tickets (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_pending_transactions_event_id FOREIGN KEY (tenant_id, event_id)
        REFERENCES ticketing.events (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_pending_transactions_transfer_id FOREIGN KEY (tenant_id, transfer_id)
        REFERENCES ticketing.ticket_transfers (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_pending_transactions_replaces_id FOREIGN KEY (tenant_id, replaces_id)
        REFERENCES ticketing.pending_transactions (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_pending_tx_network CHECK (network ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    CONSTRAINT chk_pending_tx_type CHECK (
        tx_type IN ('mint', 'transfer', 'burn', 'metadata_update', 'verify')
    ),
    CONSTRAINT chk_pending_tx_status CHECK (
        status IN ('pending', 'confirming', 'confirmed', 'failed', 'expired', 'replaced')
    ),
    CONSTRAINT chk_pending_tx_commitment CHECK (
        commitment IS NULL
        OR commitment IN ('processed', 'confirmed', 'finalized')
    ),
    CONSTRAINT chk_pending_tx_signature_base58 CHECK (
        tx_signature ~ '^[1-9A-HJ-NP-Za-km-z]{64,88}$'
    ),
    CONSTRAINT chk_pending_tx_blockhash_base58 CHECK (
        blockhash IS NULL
        OR blockhash ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$'
    ),
    CONSTRAINT chk_pending_tx_block_height_positive CHECK (
        last_valid_block_height IS NULL
        OR last_valid_block_height > 0
    ),
    CONSTRAINT chk_pending_tx_u64 CHECK (
        (slot IS NULL OR slot BETWEEN 0 AND 18446744073709551615)
        AND (
            last_valid_block_height IS NULL
            OR last_valid_block_height <= 18446744073709551615
        )
        AND (
            last_checked_block_height IS NULL
            OR last_checked_block_height BETWEEN 0 AND 18446744073709551615
        )
        AND (
            not_found_at_height IS NULL
            OR not_found_at_height BETWEEN 0 AND 18446744073709551615
        )
    ),
    CONSTRAINT chk_pending_tx_retry_count_positive CHECK (
        retry_count >= 0
        AND max_retries >= 0
        AND attempt >= 1
        AND confirmation_count >= 0
        AND required_confirmations >= 1
    ),
    CONSTRAINT chk_pending_tx_retries_bounded CHECK (
        retry_count <= max_retries
        AND attempt - 1 <= max_retries
    ),
    -- A comparison with NULL lets a CHECK pass, hence IS NOT NULL and coalesce below.
    CONSTRAINT chk_pending_tx_unseen CHECK (
        status <> 'pending'
        OR (
            commitment IS NULL
            AND slot IS NULL
            AND confirmation_count = 0
            AND error_code IS NULL
        )
    ),
    CONSTRAINT chk_pending_tx_confirming CHECK (
        status <> 'confirming'
        OR (coalesce(commitment, '') IN ('processed', 'confirmed') AND slot IS NOT NULL)
    ),
    CONSTRAINT chk_pending_tx_confirmed CHECK (
        status <> 'confirmed'
        OR (
            confirmed_at IS NOT NULL
            AND slot IS NOT NULL
            AND coalesce(commitment, '') = 'finalized'
            AND error_code IS NULL
        )
    ),
    CONSTRAINT chk_pending_tx_failed CHECK (
        status <> 'failed'
        OR (failed_at IS NOT NULL AND error_code IS NOT NULL)
    ),
    CONSTRAINT chk_pending_tx_expired CHECK (
        status <> 'expired'
        OR (
            expired_at IS NOT NULL
            AND last_valid_block_height IS NOT NULL
            AND not_found_at_height IS NOT NULL
            AND not_found_at_height > last_valid_block_height
        )
    ),
    CONSTRAINT chk_pending_tx_finalized CHECK (
        commitment IS NULL
        OR commitment <> 'finalized'
        OR status IN ('confirmed', 'failed', 'replaced')
    ),
    CONSTRAINT chk_pending_tx_ticket_scope CHECK (tx_type = 'verify' OR ticket_id IS NOT NULL),
    CONSTRAINT chk_pending_tx_not_self CHECK (replaces_id IS NULL OR replaces_id <> id)
);

CREATE UNIQUE INDEX uq_pending_tx_one_open_per_ticket
    ON ticketing.pending_transactions (tenant_id, ticket_id)
    WHERE ticket_id IS NOT NULL
        AND status IN ('pending', 'confirming')
        AND tx_type <> 'verify';
CREATE UNIQUE INDEX uq_pending_tx_one_confirmed_mint
    ON ticketing.pending_transactions (tenant_id, ticket_id)
    WHERE tx_type = 'mint' AND status = 'confirmed';
CREATE UNIQUE INDEX uq_pending_tx_replaces
    ON ticketing.pending_transactions (tenant_id, replaces_id)
    WHERE replaces_id IS NOT NULL;
CREATE INDEX idx_pending_tx_status
    ON ticketing.pending_transactions (status, submitted_at)
    WHERE status IN ('pending', 'confirming');
CREATE INDEX idx_pending_tx_expired
    ON ticketing.pending_transactions (last_valid_block_height)
    WHERE status = 'pending';
CREATE INDEX idx_pending_tx_ticket_id
    ON ticketing.pending_transactions (tenant_id, ticket_id)
    WHERE ticket_id IS NOT NULL;
CREATE INDEX idx_pending_tx_event_id
    ON ticketing.pending_transactions (tenant_id, event_id)
    WHERE event_id IS NOT NULL;
CREATE INDEX idx_pending_tx_transfer_id
    ON ticketing.pending_transactions (tenant_id, transfer_id)
    WHERE transfer_id IS NOT NULL;

ALTER TABLE ticketing.pending_transactions ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.pending_transactions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.pending_transactions IS
    'One row is one signed Solana transaction, written and committed before it is first sent, so '
    'that a crash after the send loses nothing. The chain relay writes it through the functions of '
    'the schema; rows are never deleted and stay after their transaction is final. Never set a row '
    'to failed, expired or replaced by hand to get a stuck ticket moving: if the old transaction '
    'lands after all, the ticket is minted twice.';
COMMENT ON COLUMN ticketing.pending_transactions.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.pending_transactions.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.pending_transactions.network IS
    'Chain and cluster the transaction is for, in lower case, such as solana-mainnet or '
    'solana-devnet.';
COMMENT ON COLUMN ticketing.pending_transactions.tx_signature IS
    'First signature of the transaction, base58 of 64 bytes: mostly 87 or 88 characters, rarely '
    'fewer. It is known before the send and is what an explorer or an RPC node is asked for.';
COMMENT ON COLUMN ticketing.pending_transactions.tx_type IS
    'What the transaction does: mint, transfer, burn, metadata_update, or verify, which writes '
    'nothing that matters to a ticket.';
COMMENT ON COLUMN ticketing.pending_transactions.ticket_id IS
    'Ticket whose token the transaction touches. NULL only for verify.';
COMMENT ON COLUMN ticketing.pending_transactions.event_id IS
    'Event of the ticket, copied here so that the transactions of an event are found without a '
    'join. NULL when it was not given.';
COMMENT ON COLUMN ticketing.pending_transactions.transfer_id IS
    'Transfer offer whose part on the chain this is; gets its chain flags when the transaction is '
    'confirmed. NULL for everything else.';
COMMENT ON COLUMN ticketing.pending_transactions.from_user_id IS
    'User whose wallet gives the token; not tied to users. NULL when there is none, as for a mint.';
COMMENT ON COLUMN ticketing.pending_transactions.to_user_id IS
    'User whose wallet receives the token; not tied to users. NULL when there is none, as for a '
    'burn.';
COMMENT ON COLUMN ticketing.pending_transactions.status IS
    'State of the transaction: pending (signed, not seen on the chain), confirming (seen, not yet '
    'final), confirmed (finalized without error), failed (landed with an error, or rejected before '
    'any broadcast), expired (proved absent after its last valid height), replaced (given up for a '
    'newly signed one). Pending and confirming are open; failed and expired rest until replaced.';
COMMENT ON COLUMN ticketing.pending_transactions.commitment IS
    'Highest commitment at which the chain was seen to hold it: processed (may be rolled back), '
    'confirmed (two thirds of the stake voted), finalized. NULL when not seen, or dropped by a '
    'fork. On an expired or replaced row it means that it turned up after all.';
COMMENT ON COLUMN ticketing.pending_transactions.slot IS
    'Slot in which it was seen, a u64. Provisional while commitment is processed. NULL when not '
    'seen.';
COMMENT ON COLUMN ticketing.pending_transactions.block_time IS
    'Time of the block that holds it, as the chain estimates it. NULL until final, and when the '
    'node did not say.';
COMMENT ON COLUMN ticketing.pending_transactions.confirmation_count IS
    'Blocks on top of the one that holds it, as last reported; 0 when not seen. For display: '
    'finality alone decides the status.';
COMMENT ON COLUMN ticketing.pending_transactions.required_confirmations IS
    'How many confirmations a service wants to see before it shows the transaction as good as '
    'done. A hint to readers; no status depends on it.';
COMMENT ON COLUMN ticketing.pending_transactions.blockhash IS
    'Recent blockhash that was signed, base58 of 32 bytes. NULL for a transaction without one, '
    'which never expires here.';
COMMENT ON COLUMN ticketing.pending_transactions.last_valid_block_height IS
    'Last block height, not slot, at which the chain still accepts it, about 60 to 90 seconds '
    'after signing. NULL when unknown; then it never expires here.';
COMMENT ON COLUMN ticketing.pending_transactions.last_checked_block_height IS
    'Highest finalized height at which it was looked for and not found; never lowered. An answer '
    'from a lower height is older and says nothing. NULL when it never was.';
COMMENT ON COLUMN ticketing.pending_transactions.not_found_at_height IS
    'Evidence of absence: the highest finalized height at which the signature was not on the '
    'chain. Above last_valid_block_height it proves that the transaction is dead. Emptied when the '
    'transaction is seen.';
COMMENT ON COLUMN ticketing.pending_transactions.replaces_id IS
    'Transaction that this one was signed to take over from, always an expired or failed one. NULL '
    'for a first attempt.';
COMMENT ON COLUMN ticketing.pending_transactions.attempt IS
    'Counts the signed attempts at the same thing, from 1; at most max_retries + 1.';
COMMENT ON COLUMN ticketing.pending_transactions.retry_count IS
    'How often the same bytes were sent again, which is harmless; at most max_retries.';
COMMENT ON COLUMN ticketing.pending_transactions.max_retries IS
    'How often the same bytes may be sent again, and how many newly signed replacements may follow '
    'the first attempt.';
COMMENT ON COLUMN ticketing.pending_transactions.last_retry_at IS
    'When the same bytes were last sent again. NULL when they never were.';
COMMENT ON COLUMN ticketing.pending_transactions.error_code IS
    'Error with which it landed or was rejected, as the chain or the node names it. On a '
    'confirming row an error that was seen and is not final yet. NULL when none is known.';
COMMENT ON COLUMN ticketing.pending_transactions.error_message IS
    'Text that came with the error. NULL when there was none.';
COMMENT ON COLUMN ticketing.pending_transactions.error_details IS
    'Further details of the error as JSON, such as program logs; empty when there are none, never '
    'read by this schema.';
COMMENT ON COLUMN ticketing.pending_transactions.submitted_at IS
    'When the signed transaction was recorded, right before its first send.';
COMMENT ON COLUMN ticketing.pending_transactions.confirmed_at IS
    'When the transaction was found to be final. NULL until then.';
COMMENT ON COLUMN ticketing.pending_transactions.failed_at IS
    'When it landed with an error, or was rejected before it was ever sent. NULL when it did '
    'not fail.';
COMMENT ON COLUMN ticketing.pending_transactions.expired_at IS
    'When the transaction was given up on evidence; kept if it landed late. NULL when it was not.';
COMMENT ON COLUMN ticketing.pending_transactions.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.pending_transactions.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.pending_transactions.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_pending_transactions ON ticketing.pending_transactions IS
    'One row per signed transaction of a tenant.';
COMMENT ON CONSTRAINT uq_pending_tx_signature ON ticketing.pending_transactions IS
    'A signature is recorded once per tenant and network. Never across tenants: whoever watches '
    'the public chain could else block a tenant by recording its signature first.';
COMMENT ON CONSTRAINT fk_pending_transactions_tenant_id ON ticketing.pending_transactions IS
    'Every transaction belongs to a known tenant; a tenant cannot be deleted while it has '
    'transactions.';
COMMENT ON CONSTRAINT fk_pending_transactions_ticket_id ON ticketing.pending_transactions IS
    'The ticket belongs to the same tenant and cannot be deleted while transactions refer to it.';
COMMENT ON CONSTRAINT fk_pending_transactions_event_id ON ticketing.pending_transactions IS
    'The event belongs to the same tenant and cannot be deleted while transactions refer to it.';
COMMENT ON CONSTRAINT fk_pending_transactions_transfer_id ON ticketing.pending_transactions IS
    'The transfer belongs to the same tenant and cannot be deleted while transactions refer to it.';
COMMENT ON CONSTRAINT fk_pending_transactions_replaces_id ON ticketing.pending_transactions IS
    'The replaced transaction belongs to the same tenant and stays as long as its successor.';
COMMENT ON CONSTRAINT chk_pending_tx_network ON ticketing.pending_transactions IS
    'The network is a plain lower-case name, so that one network has one spelling and a signature '
    'one row.';
COMMENT ON CONSTRAINT chk_pending_tx_type ON ticketing.pending_transactions IS
    'The transaction is of one of the five known types.';
COMMENT ON CONSTRAINT chk_pending_tx_status ON ticketing.pending_transactions IS
    'The status is one of the six states of a transaction.';
COMMENT ON CONSTRAINT chk_pending_tx_commitment ON ticketing.pending_transactions IS
    'The commitment, once known, is one of the three of the chain.';
COMMENT ON CONSTRAINT chk_pending_tx_signature_base58 ON ticketing.pending_transactions IS
    'The signature has the form of 64 bytes in base58: 64 characters when all bytes are zero, 88 '
    'at most. A bound of 87 would refuse one real signature in 300.';
COMMENT ON CONSTRAINT chk_pending_tx_blockhash_base58 ON ticketing.pending_transactions IS
    'The blockhash has the form of 32 bytes in base58.';
COMMENT ON CONSTRAINT chk_pending_tx_block_height_positive ON ticketing.pending_transactions IS
    'The last valid height is above zero.';
COMMENT ON CONSTRAINT chk_pending_tx_u64 ON ticketing.pending_transactions IS
    'Slots and heights fit the unsigned 64 bits of the chain.';
COMMENT ON CONSTRAINT chk_pending_tx_retry_count_positive ON ticketing.pending_transactions IS
    'Counters do not go below their start.';
COMMENT ON CONSTRAINT chk_pending_tx_retries_bounded ON ticketing.pending_transactions IS
    'Neither resending nor signing anew goes past max_retries.';
COMMENT ON CONSTRAINT chk_pending_tx_unseen ON ticketing.pending_transactions IS
    'A pending transaction is not on the chain, so nothing is known of a slot or an error.';
COMMENT ON CONSTRAINT chk_pending_tx_confirming ON ticketing.pending_transactions IS
    'A confirming transaction was seen in a slot that is not final yet.';
COMMENT ON CONSTRAINT chk_pending_tx_confirmed ON ticketing.pending_transactions IS
    'Confirmed means finalized, in a known slot, without an error: a failed transaction is final '
    'on the chain as well and must not pass for a confirmed one.';
COMMENT ON CONSTRAINT chk_pending_tx_failed ON ticketing.pending_transactions IS
    'A failed transaction says when and with which error.';
COMMENT ON CONSTRAINT chk_pending_tx_expired ON ticketing.pending_transactions IS
    'Expiry needs evidence: the signature was absent at a finalized height above the last valid '
    'one. Prevents signing anew while the old transaction may still land.';
COMMENT ON CONSTRAINT chk_pending_tx_finalized ON ticketing.pending_transactions IS
    'What is final on the chain is no longer open here, and did not expire.';
COMMENT ON CONSTRAINT chk_pending_tx_ticket_scope ON ticketing.pending_transactions IS
    'Whatever writes to the chain names its ticket; else one-open-per-ticket could be passed.';
COMMENT ON CONSTRAINT chk_pending_tx_not_self ON ticketing.pending_transactions IS
    'A transaction does not replace itself.';
COMMENT ON INDEX ticketing.uq_pending_tx_one_open_per_ticket IS
    'A ticket has at most one open transaction that writes; the last word when two relays sign for '
    'the same ticket at once.';
COMMENT ON INDEX ticketing.uq_pending_tx_one_confirmed_mint IS
    'A ticket is minted once: the last line against double minting.';
COMMENT ON INDEX ticketing.uq_pending_tx_replaces IS
    'A transaction has at most one successor; also covers the foreign key to the replaced one.';
COMMENT ON INDEX ticketing.idx_pending_tx_status IS
    'Serves the relay: open transactions, oldest first.';
COMMENT ON INDEX ticketing.idx_pending_tx_expired IS
    'Serves the relay: pending transactions whose last valid height has passed, to be looked for '
    'and, when absent, expired.';
COMMENT ON INDEX ticketing.idx_pending_tx_ticket_id IS
    'Covers the foreign key to tickets: finds all transactions of a ticket, closed ones included.';
COMMENT ON INDEX ticketing.idx_pending_tx_event_id IS
    'Covers the foreign key to events: finds the transactions of an event.';
COMMENT ON INDEX ticketing.idx_pending_tx_transfer_id IS
    'Covers the foreign key to transfers: finds the transactions of a transfer.';

GRANT SELECT ON ticketing.pending_transactions
    TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.pending_transactions TO ticketing_app, ticketing_worker;
-- What was signed is fixed: signature, ticket, blockhash and the height that decides expiry.
GRANT UPDATE (
    status, commitment, slot, block_time, confirmation_count, last_checked_block_height,
    not_found_at_height, retry_count, last_retry_at, error_code, error_message, error_details,
    confirmed_at, failed_at, expired_at
) ON ticketing.pending_transactions TO ticketing_app, ticketing_worker;
