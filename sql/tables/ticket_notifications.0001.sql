CREATE TABLE ticketing.ticket_notifications (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    ticket_id uuid,
    type text NOT NULL,
    channel text NOT NULL DEFAULT 'email',
    status text NOT NULL DEFAULT 'pending',
    dedupe_key text NOT NULL,
    message text,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    last_error text,
    sent_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_ticket_notifications PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_ticket_notifications_dedupe UNIQUE (tenant_id, dedupe_key),
    CONSTRAINT fk_ticket_notifications_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_notifications_user_id FOREIGN KEY (tenant_id, user_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_notifications_ticket_id FOREIGN KEY (tenant_id, ticket_id)
        REFERENCES ticketing.tickets (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_notifications_type CHECK (
        type IN (
            'purchase', 'transfer', 'validation', 'cancellation', 'reminder', 'refund',
            'waitlist_offer'
        )
    ),
    CONSTRAINT chk_ticket_notifications_channel CHECK (
        channel IN ('email', 'sms', 'push', 'in_app')
    ),
    CONSTRAINT chk_ticket_notifications_status CHECK (status IN ('pending', 'sent', 'failed')),
    CONSTRAINT chk_ticket_notifications_sent CHECK ((status = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT chk_ticket_notifications_attempts CHECK (attempts >= 0)
);

CREATE INDEX idx_ticket_notifications_due
    ON ticketing.ticket_notifications (next_attempt_at)
    WHERE status = 'pending';
CREATE INDEX idx_ticket_notifications_done
    ON ticketing.ticket_notifications (updated_at)
    WHERE status IN ('sent', 'failed');
CREATE INDEX idx_ticket_notifications_user_id
    ON ticketing.ticket_notifications (tenant_id, user_id);
CREATE INDEX idx_ticket_notifications_ticket_id
    ON ticketing.ticket_notifications (tenant_id, ticket_id)
    WHERE ticket_id IS NOT NULL;

ALTER TABLE ticketing.ticket_notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_notifications FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_notifications IS
    'One row is one message to one user over one channel. Services add rows and the sender '
    'advances those of every tenant; it grows with every message, and no service role may delete. '
    'Setting a sent row back to pending sends it again.';
COMMENT ON COLUMN ticketing.ticket_notifications.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_notifications.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.ticket_notifications.user_id IS
    'User who receives the message.';
COMMENT ON COLUMN ticketing.ticket_notifications.ticket_id IS
    'Ticket the message is about. NULL: not about a single ticket.';
COMMENT ON COLUMN ticketing.ticket_notifications.type IS
    'Occasion: purchase, transfer, validation (ticket scanned), cancellation, reminder, refund, '
    'or waitlist_offer.';
COMMENT ON COLUMN ticketing.ticket_notifications.channel IS
    'Way of delivery: email, sms, push, or in_app.';
COMMENT ON COLUMN ticketing.ticket_notifications.status IS
    'pending: waits for next_attempt_at. sent: handed over, final. failed: given up; last_error '
    'says why.';
COMMENT ON COLUMN ticketing.ticket_notifications.dedupe_key IS
    'Key built by the caller so that one message is stored once, for instance one reminder per '
    'ticket and channel.';
COMMENT ON COLUMN ticketing.ticket_notifications.message IS
    'Text to deliver. NULL: no text is stored with the row.';
COMMENT ON COLUMN ticketing.ticket_notifications.attempts IS
    'Number of delivery attempts so far; 0 before the first.';
COMMENT ON COLUMN ticketing.ticket_notifications.next_attempt_at IS
    'Earliest moment of the next attempt; only read while pending.';
COMMENT ON COLUMN ticketing.ticket_notifications.last_error IS
    'Error of the latest failed attempt, as text. NULL: none failed.';
COMMENT ON COLUMN ticketing.ticket_notifications.sent_at IS
    'When the message was handed over. NULL: not sent.';
COMMENT ON COLUMN ticketing.ticket_notifications.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.ticket_notifications.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_ticket_notifications ON ticketing.ticket_notifications IS
    'One row per message of a tenant.';
COMMENT ON CONSTRAINT uq_ticket_notifications_dedupe ON ticketing.ticket_notifications IS
    'One row per dedupe key of a tenant; prevents a retry from sending the same message twice.';
COMMENT ON CONSTRAINT fk_ticket_notifications_tenant_id ON ticketing.ticket_notifications IS
    'The tenant must exist; it cannot be deleted while it has notifications.';
COMMENT ON CONSTRAINT fk_ticket_notifications_user_id ON ticketing.ticket_notifications IS
    'The recipient belongs to the same tenant; the user cannot be deleted while notifications '
    'refer to it.';
COMMENT ON CONSTRAINT fk_ticket_notifications_ticket_id ON ticketing.ticket_notifications IS
    'The ticket belongs to the same tenant; it cannot be deleted while notifications refer to it.';
COMMENT ON CONSTRAINT chk_ticket_notifications_type ON ticketing.ticket_notifications IS
    'Only the known occasions of a message are stored.';
COMMENT ON CONSTRAINT chk_ticket_notifications_channel ON ticketing.ticket_notifications IS
    'Only the known ways of delivery are stored.';
COMMENT ON CONSTRAINT chk_ticket_notifications_status ON ticketing.ticket_notifications IS
    'Only the known states of a message are stored.';
COMMENT ON CONSTRAINT chk_ticket_notifications_sent ON ticketing.ticket_notifications IS
    'A sent message carries the moment of sending, any other does not.';
COMMENT ON CONSTRAINT chk_ticket_notifications_attempts ON ticketing.ticket_notifications IS
    'The attempt counter is not negative.';
COMMENT ON INDEX ticketing.idx_ticket_notifications_due IS
    'Serves the sender: pending messages of every tenant that are due, oldest first.';
COMMENT ON INDEX ticketing.idx_ticket_notifications_done IS
    'Serves retention: messages of all tenants that were sent or given up, the oldest first.';
COMMENT ON INDEX ticketing.idx_ticket_notifications_user_id IS
    'Covers the foreign key to users: finds the messages of a user.';
COMMENT ON INDEX ticketing.idx_ticket_notifications_ticket_id IS
    'Covers the foreign key to tickets: finds the messages about a ticket.';

GRANT SELECT ON ticketing.ticket_notifications
    TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.ticket_notifications TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    status, message, attempts, next_attempt_at, last_error, sent_at
) ON ticketing.ticket_notifications TO ticketing_app, ticketing_worker;
