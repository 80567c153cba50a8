CREATE TABLE ticketing.outbox_cursors (
    consumer text NOT NULL,
    seq bigint NOT NULL DEFAULT 0,
    safe_seq bigint NOT NULL DEFAULT 0,
    candidate_seq bigint,
    candidate_xact xid8,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_outbox_cursors PRIMARY KEY (consumer),
    CONSTRAINT chk_outbox_cursors_consumer CHECK (length(consumer) BETWEEN 1 AND 100),
    CONSTRAINT chk_outbox_cursors_order CHECK (seq >= 0 AND seq <= safe_seq),
    CONSTRAINT chk_outbox_cursors_candidate CHECK (
        (candidate_seq IS NULL) = (candidate_xact IS NULL)
        AND (candidate_seq IS NULL OR candidate_seq > safe_seq)
    )
);

ALTER TABLE ticketing.outbox_cursors ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.outbox_cursors FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.outbox_cursors IS
    'One row is one consumer that reads the outbox as a log, every tenant in one order, and how '
    'far it is. Insert the consumer''s name before its first read; it then begins with the oldest '
    'event kept. An event may be deleted only when the seq of every cursor has passed it, so '
    'delete the cursor of a consumer that is gone.';
COMMENT ON COLUMN ticketing.outbox_cursors.consumer IS
    'Name of the consumer, 1 to 100 characters.';
COMMENT ON COLUMN ticketing.outbox_cursors.seq IS
    'outbox.seq of the last event that the consumer has dealt with; 0 before the first. Set it '
    'back to read events again.';
COMMENT ON COLUMN ticketing.outbox_cursors.safe_seq IS
    'Up to here the log is complete: no running transaction can still add an event. Kept by '
    'ticketing.read_outbox_log.';
COMMENT ON COLUMN ticketing.outbox_cursors.candidate_seq IS
    'Where safe_seq goes next, once every transaction older than candidate_xact has ended. NULL: '
    'nothing is awaited. When it stands still, look for a long transaction in pg_stat_activity, '
    'oldest backend_xid first, and in pg_prepared_xacts.';
COMMENT ON COLUMN ticketing.outbox_cursors.candidate_xact IS
    'A transaction that began after every event up to candidate_seq had got its number. NULL: '
    'nothing is awaited.';
COMMENT ON COLUMN ticketing.outbox_cursors.created_at IS
    'When the consumer was made known.';
COMMENT ON COLUMN ticketing.outbox_cursors.updated_at IS
    'When the row last changed; old for a consumer that stands still or has nothing to read.';
COMMENT ON CONSTRAINT pk_outbox_cursors ON ticketing.outbox_cursors IS
    'One cursor a consumer.';
COMMENT ON CONSTRAINT chk_outbox_cursors_consumer ON ticketing.outbox_cursors IS
    'A consumer has a name, of at most 100 characters.';
COMMENT ON CONSTRAINT chk_outbox_cursors_order ON ticketing.outbox_cursors IS
    'A cursor never stands where the log may still be incomplete; prevents skipping an event that '
    'commits late.';
COMMENT ON CONSTRAINT chk_outbox_cursors_candidate ON ticketing.outbox_cursors IS
    'What is awaited is ahead of what is complete, and says for which transactions it waits.';

GRANT SELECT ON ticketing.outbox_cursors TO ticketing_worker;
GRANT INSERT ON ticketing.outbox_cursors TO ticketing_worker;
GRANT UPDATE (seq, safe_seq, candidate_seq, candidate_xact)
ON ticketing.outbox_cursors TO ticketing_worker;
GRANT DELETE ON ticketing.outbox_cursors TO ticketing_worker;
