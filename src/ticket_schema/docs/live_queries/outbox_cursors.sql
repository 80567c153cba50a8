-- How far each consumer of the log is behind. Events behind the slowest are kept: delete the cursor
-- of one that is gone.
SELECT
    c.consumer::name AS consumer,
    c.seq AS has_read_to,
    coalesce((SELECT max(o.seq) FROM ticketing.outbox AS o), c.seq) - c.seq AS behind_in_numbers,
    c.updated_at AS last_moved
FROM ticketing.outbox_cursors AS c
ORDER BY c.seq, c.consumer;
