CREATE TABLE ticketing.outbox (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    event_type text NOT NULL,
    event_version integer NOT NULL DEFAULT 1,
    payload jsonb NOT NULL,
    headers jsonb NOT NULL DEFAULT '{}'::jsonb,
    status text NOT NULL DEFAULT 'pending',
    attempts integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL DEFAULT 10,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    locked_by text,
    locked_until timestamptz,
    last_attempt_at timestamptz,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz,
    CONSTRAINT pk_outbox PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_outbox_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT chk_outbox_status CHECK (status IN ('pending', 'processing', 'processed', 'dead')),
    CONSTRAINT chk_outbox_attempts CHECK (attempts >= 0 AND max_attempts > 0),
    CONSTRAINT chk_outbox_processed CHECK ((status = 'processed') = (processed_at IS NOT NULL)),
    CONSTRAINT chk_outbox_lock CHECK (
        (status = 'processing') = (locked_until IS NOT NULL)
        AND (locked_by IS NULL) = (locked_until IS NULL)
    )
);

CREATE INDEX idx_outbox_unprocessed
    ON ticketing.outbox (next_attempt_at, seq)
    WHERE processed_at IS NULL;
CREATE INDEX idx_outbox_aggregate_open
    ON ticketing.outbox (tenant_id, aggregate_type, aggregate_id, seq)
    WHERE processed_at IS NULL;
CREATE INDEX idx_outbox_leased
    ON ticketing.outbox (locked_by, id)
    WHERE locked_by IS NOT NULL;
CREATE INDEX idx_outbox_log
    ON ticketing.outbox (seq);

ALTER TABLE ticketing.outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.outbox FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.outbox IS
    'One row is one event for other services, written in the transaction of the change it reports '
    'and delivered at least once. The relay claims, marks and deletes rows of every tenant as '
    'ticketing_worker; open rows pile up when it stands still. Never delete a row whose '
    'processed_at is NULL: consumers would miss the change.';
COMMENT ON COLUMN ticketing.outbox.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.outbox.id IS
    'Random identifier, unique inside the tenant. Consumers recognise a repeated delivery by it.';
COMMENT ON COLUMN ticketing.outbox.seq IS
    'Order of insertion, numbered by the database over all tenants. Not the order of commit: '
    'never use it as a bare cursor, or late commits are skipped; ticketing.read_outbox_log knows '
    'how far it is complete.';
COMMENT ON SEQUENCE ticketing.outbox_seq_seq IS
    'Numbers the events of all tenants. A number is taken before its transaction commits, so a '
    'reader may see a higher one first; read_outbox_log waits for it.';
COMMENT ON COLUMN ticketing.outbox.aggregate_type IS
    'Kind of thing that changed; routes the event to its topic.';
COMMENT ON COLUMN ticketing.outbox.aggregate_id IS
    'Identifier of the thing that changed, as text; the key within which events keep their order.';
COMMENT ON COLUMN ticketing.outbox.event_type IS
    'Name of what happened, as consumers know it.';
COMMENT ON COLUMN ticketing.outbox.event_version IS
    'Version of the payload''s structure, from 1.';
COMMENT ON COLUMN ticketing.outbox.payload IS
    'Body of the event as JSON.';
COMMENT ON COLUMN ticketing.outbox.headers IS
    'Trace and correlation ids that travel with the event, as a JSON object; {} when there are '
    'none.';
COMMENT ON COLUMN ticketing.outbox.status IS
    'pending: waits for delivery. processing: leased by a relay. processed: delivered, final. '
    'dead: given up after too many attempts; until a person puts it back or deletes it, the later '
    'events of its aggregate wait behind it.';
COMMENT ON COLUMN ticketing.outbox.attempts IS
    'Number of delivery attempts begun since it was written or put back; 0 before the first.';
COMMENT ON COLUMN ticketing.outbox.max_attempts IS
    'Number of attempts after which the event is given up as dead.';
COMMENT ON COLUMN ticketing.outbox.next_attempt_at IS
    'Earliest moment of the next attempt: the end of the lease while it is leased, later after a '
    'failure, a century away while it is dead, so that a claim walks over none of these.';
COMMENT ON COLUMN ticketing.outbox.locked_by IS
    'Token of the lease: name of the relay and a random part that no other claim has. NULL: not '
    'leased.';
COMMENT ON COLUMN ticketing.outbox.locked_until IS
    'When the lease ends; afterwards another relay may take the row, so no transaction stays open '
    'while sending. NULL: not leased.';
COMMENT ON COLUMN ticketing.outbox.last_attempt_at IS
    'When delivery was last tried. NULL: never.';
COMMENT ON COLUMN ticketing.outbox.last_error IS
    'Error of the latest failed attempt, as text. NULL: none failed.';
COMMENT ON COLUMN ticketing.outbox.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.outbox.processed_at IS
    'When delivery was confirmed. NULL: still open, or dead.';
COMMENT ON CONSTRAINT pk_outbox ON ticketing.outbox IS
    'One row per event of a tenant.';
COMMENT ON CONSTRAINT fk_outbox_tenant_id ON ticketing.outbox IS
    'The tenant must exist; it cannot be deleted while it has events in the outbox.';
COMMENT ON CONSTRAINT chk_outbox_status ON ticketing.outbox IS
    'Only the known states of delivery are stored.';
COMMENT ON CONSTRAINT chk_outbox_attempts ON ticketing.outbox IS
    'The attempt counter is not negative and at least one attempt is allowed.';
COMMENT ON CONSTRAINT chk_outbox_processed ON ticketing.outbox IS
    'Exactly the processed events carry the moment of delivery; both indexes of open events rely '
    'on it.';
COMMENT ON CONSTRAINT chk_outbox_lock ON ticketing.outbox IS
    'Exactly the events in processing carry a lease with holder and end; prevents one that is '
    'stuck without an end.';
COMMENT ON INDEX ticketing.idx_outbox_unprocessed IS
    'Serves the relay: events of every tenant not yet delivered, by due time, then insertion. '
    'Dead ones stay in it.';
COMMENT ON INDEX ticketing.idx_outbox_aggregate_open IS
    'Serves delivery in order: finds the oldest undelivered event of an aggregate. Dead ones stay '
    'in it.';
COMMENT ON INDEX ticketing.idx_outbox_leased IS
    'Serves a relay that reports back: finds the events of a lease by its token.';
COMMENT ON INDEX ticketing.idx_outbox_log IS
    'Serves readers of the log: events after a position, and the newest one.';

GRANT SELECT ON ticketing.outbox TO ticketing_app, ticketing_worker;
-- Not the number, by which readers of the log go, nor how far the delivery is.
GRANT INSERT (
    tenant_id, id, aggregate_type, aggregate_id, event_type, event_version, payload, headers,
    max_attempts
) ON ticketing.outbox TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    status, attempts, max_attempts, next_attempt_at, locked_by, locked_until,
    last_attempt_at, last_error, processed_at
) ON ticketing.outbox TO ticketing_worker;
GRANT DELETE ON ticketing.outbox TO ticketing_worker;
