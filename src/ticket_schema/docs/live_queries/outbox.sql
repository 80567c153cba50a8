-- Events that are not delivered yet, of every tenant. Pending for long: no relay runs. Dead: tried
-- as often as they may be; mend the cause and call requeue_outbox.
SELECT
    o.status,
    count(*) AS events,
    min(o.created_at) AS oldest,
    max(o.attempts) AS most_tries
FROM ticketing.outbox AS o
WHERE o.processed_at IS NULL
GROUP BY o.status
ORDER BY o.status;
