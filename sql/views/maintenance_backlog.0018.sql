CREATE OR REPLACE VIEW ticketing.maintenance_backlog
WITH (security_invoker = TRUE) AS
SELECT
    'expire_reservations' AS task,
    count(*) AS due,
    min(r.expires_at) AS oldest
FROM ticketing.reservations AS r
WHERE r.status = 'pending' AND r.expires_at <= clock_timestamp()
UNION ALL
SELECT
    'expire_offers' AS task,
    count(*) AS due,
    min(w.offer_expires_at) AS oldest
FROM ticketing.waitlist AS w
INNER JOIN ticketing.reservations AS r
    ON w.tenant_id = r.tenant_id AND w.reservation_id = r.id
WHERE
    w.status = 'notified'
    AND w.offer_expires_at <= clock_timestamp()
    AND (r.status <> 'pending' OR r.expires_at <= clock_timestamp())
UNION ALL
SELECT
    'expire_holds' AS task,
    count(*) AS due,
    min(h.expires_at) AS oldest
FROM ticketing.holds AS h
WHERE h.status = 'active' AND h.expires_at <= clock_timestamp()
UNION ALL
SELECT
    'expire_house_holds' AS task,
    count(*) AS due,
    min(h.expires_at) AS oldest
FROM ticketing.ticket_holds AS h
WHERE h.status = 'active' AND h.expires_at <= clock_timestamp()
UNION ALL
SELECT
    'expire_transfers' AS task,
    count(*) AS due,
    min(t.expires_at) AS oldest
FROM ticketing.ticket_transfers AS t
WHERE t.status = 'pending' AND t.expires_at <= clock_timestamp()
UNION ALL
SELECT
    'expire_approval_requests' AS task,
    count(*) AS due,
    min(m.expires_at) AS oldest
FROM ticketing.multisig_approval_requests AS m
WHERE m.status IN ('pending', 'approved') AND m.expires_at <= clock_timestamp()
UNION ALL
SELECT
    'expire_transactions' AS task,
    count(*) AS due,
    min(t.submitted_at) AS oldest
FROM ticketing.pending_transactions AS t
WHERE
    t.status IN ('pending', 'confirming')
    AND t.not_found_at_height > t.last_valid_block_height
UNION ALL
SELECT
    'expire_unpaid_orders' AS task,
    count(*) AS due,
    min(o.expires_at) AS oldest
FROM ticketing.orders AS o
WHERE
    o.status IN ('pending', 'awaiting_payment')
    AND o.expires_at <= clock_timestamp()
    AND o.paid_cents = 0
    AND NOT EXISTS (
        SELECT
        FROM ticketing.payments AS p
        WHERE
            p.tenant_id = o.tenant_id
            AND p.order_id = o.id
            AND p.status IN ('succeeded', 'disputed')
    )
UNION ALL
SELECT
    'cleanup_expired_idempotency_keys' AS task,
    count(*) AS due,
    min(k.expires_at) AS oldest
FROM ticketing.idempotency_keys AS k
WHERE
    k.expires_at <= clock_timestamp()
    AND (k.lock_expires_at IS NULL OR k.lock_expires_at <= clock_timestamp())
UNION ALL
SELECT
    'cleanup_expired_webhook_nonces' AS task,
    count(*) AS due,
    min(n.expires_at) AS oldest
FROM ticketing.webhook_nonces AS n
WHERE n.expires_at <= clock_timestamp()
UNION ALL
SELECT
    'prune_outbox' AS task,
    count(*) AS due,
    min(o.processed_at) AS oldest
FROM ticketing.outbox AS o
WHERE o.status = 'processed' AND o.processed_at <= clock_timestamp() - interval '7 days'
UNION ALL
SELECT
    'prune_notifications' AS task,
    count(*) AS due,
    min(n.updated_at) AS oldest
FROM ticketing.ticket_notifications AS n
WHERE
    n.status IN ('sent', 'failed')
    AND n.updated_at <= clock_timestamp() - interval '180 days'
UNION ALL
SELECT
    'prune_reservations' AS task,
    count(*) AS due,
    min(r.released_at) AS oldest
FROM ticketing.reservations AS r
WHERE
    r.status IN ('expired', 'cancelled')
    AND r.order_id IS NULL
    AND r.released_at <= clock_timestamp() - interval '90 days'
UNION ALL
SELECT
    'prune_holds' AS task,
    count(*) AS due,
    min(h.released_at) AS oldest
FROM ticketing.holds AS h
WHERE
    h.status IN ('released', 'expired')
    AND h.released_at <= clock_timestamp() - interval '90 days'
UNION ALL
SELECT
    'prune_lockout_events' AS task,
    count(*) AS due,
    min(e.created_at) AS oldest
FROM ticketing.account_lockout_events AS e
WHERE e.created_at <= clock_timestamp() - interval '180 days'
UNION ALL
SELECT
    'prune_access_violations' AS task,
    count(*) AS due,
    min(v.occurred_at) AS oldest
FROM ticketing.tenant_access_violations AS v
WHERE v.occurred_at <= clock_timestamp() - interval '1 year';

COMMENT ON VIEW ticketing.maintenance_backlog IS
    'What waits for maintenance, a row a task: alert when oldest is long past, for then the job '
    'does not run or stumbles over a row. For ticketing_worker, without a tenant for all of them. '
    'A few that retention must keep are counted with those that it deletes: events that a consumer '
    'of the log has yet to read, reservations that a ticket or the waitlist names, lockouts whose '
    'lock lasts. Reads the outbox whole.';
COMMENT ON COLUMN ticketing.maintenance_backlog.task IS
    'Name of the function that does the work, to be called until it returns less than its '
    'batch.';
COMMENT ON COLUMN ticketing.maintenance_backlog.due IS
    'How many rows it would change or delete now.';
COMMENT ON COLUMN ticketing.maintenance_backlog.oldest IS
    'The deadline of the one that waits longest; for retention, the moment from which its age '
    'counts; for expire_transactions, when it was submitted. NULL: nothing waits.';

GRANT SELECT ON ticketing.maintenance_backlog TO ticketing_worker;
