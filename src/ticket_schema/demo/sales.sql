-- What the ticket service itself does. Run as ticketing_app, once a tenant with its context set.
SELECT set_config('app.status_change_source', 'api', TRUE);

INSERT INTO ticketing.ticket_types (
    tenant_id, id, event_id, name, category, price_cents, currency, max_purchase, sale_start,
    sale_end
)
SELECT
    t.id,
    md5(format('demo %s type %s', t.slug, k.name))::uuid,
    md5(format('demo %s event %s', t.slug, k.event))::uuid,
    k.name,
    k.category,
    k.price_cents,
    k.currency,
    8,
    now() - interval '30 days',
    now() + interval '40 days'
FROM (
    VALUES
        ('northlight', 'summer', 'Weekend pass', 'admission', 12900, 'EUR'),
        ('northlight', 'summer', 'Camping pitch', 'add-on', 4000, 'EUR'),
        ('northlight', 'warmup', 'Warm-up', 'admission', 12900, 'EUR'),
        ('harbour', 'storm', 'Stalls', 'seated', 4500, 'GBP'),
        ('harbour', 'storm', 'Balcony', 'seated', 2900, 'GBP'),
        ('harbour', 'preview', 'Preview', 'seated', 4500, 'GBP')
) AS k (slug, event, name, category, price_cents, currency)
INNER JOIN ticketing.tenants AS t ON k.slug = t.slug;

SELECT
    t.name,
    ticketing.set_ticket_quantity(
        t.id,
        CASE t.category WHEN 'admission' THEN 500 WHEN 'add-on' THEN 60 ELSE 80 END
    ) AS available
FROM ticketing.ticket_types AS t
ORDER BY t.name;

-- Guests 1 to 16 buy for the coming event, 17 to 24 for the one that is running.
INSERT INTO ticketing.reservations (
    tenant_id, id, event_id, ticket_type_id, user_id, quantity, type_name, idempotency_key
)
SELECT
    t.id,
    md5(format('demo %s reservation %s', t.slug, n))::uuid,
    k.event_id,
    k.id,
    md5(format('demo %s user %s', t.slug, n + 3))::uuid,
    2,
    k.name,
    format('demo-%s', n)
FROM ticketing.tenants AS t
CROSS JOIN generate_series(1, 24) AS n
INNER JOIN ticketing.ticket_types AS k
    ON
        t.id = k.tenant_id
        AND k.name = CASE
            WHEN n <= 16 AND t.slug = 'northlight' THEN 'Weekend pass'
            WHEN n <= 16 THEN 'Stalls'
            WHEN t.slug = 'northlight' THEN 'Warm-up'
            ELSE 'Preview'
        END;

UPDATE ticketing.reservations AS r
SET status = 'confirmed', order_id = o.id
FROM ticketing.orders AS o
WHERE r.tenant_id = o.tenant_id AND r.user_id = o.user_id AND o.status = 'completed';

-- One of those who did not pay gave up, the others still may.
UPDATE ticketing.reservations AS r
SET status = 'cancelled', release_reason = 'user'
WHERE r.idempotency_key = 'demo-8';

INSERT INTO ticketing.tickets (
    tenant_id, id, event_id, venue_id, ticket_type_id, user_id, original_purchaser_id,
    reservation_id, order_id, ticket_number, qr_code, price_cents, face_value_cents, currency,
    section, "row", seat, status, purchased_at
)
SELECT
    r.tenant_id,
    md5(format('demo %s ticket %s-%s', t.slug, o.order_number, n))::uuid,
    r.event_id,
    e.venue_id,
    r.ticket_type_id,
    r.user_id,
    r.user_id,
    r.id,
    o.id,
    format('%s-%s', o.order_number, n),
    encode(sha256(format('%s %s %s', t.slug, o.order_number, n)::bytea), 'hex'),
    k.price_cents,
    k.price_cents,
    k.currency,
    CASE k.category WHEN 'seated' THEN k.name END,
    CASE k.category WHEN 'seated' THEN chr(64 + right(o.order_number, 4)::integer) END,
    CASE k.category WHEN 'seated' THEN n::text END,
    'sold',
    now()
FROM ticketing.reservations AS r
INNER JOIN ticketing.tenants AS t ON r.tenant_id = t.id
INNER JOIN ticketing.orders AS o ON r.tenant_id = o.tenant_id AND r.order_id = o.id
INNER JOIN ticketing.events AS e ON r.tenant_id = e.tenant_id AND r.event_id = e.id
INNER JOIN ticketing.ticket_types AS k
    ON r.tenant_id = k.tenant_id AND r.ticket_type_id = k.id
CROSS JOIN generate_series(1, 2) AS n
WHERE r.status = 'confirmed';

UPDATE ticketing.tickets SET status = 'active' WHERE status = 'sold';

-- At the running event most people are in.
SELECT set_config('app.status_change_source', 'scanner', TRUE);

UPDATE ticketing.tickets AS t
SET
    status = 'checked_in',
    checked_in_at = now(),
    checked_in_by = u.id,
    scan_count = 1,
    is_validated = TRUE,
    validated_at = now(),
    validated_by = u.id
FROM ticketing.events AS e, ticketing.users AS u
WHERE
    t.tenant_id = e.tenant_id
    AND t.event_id = e.id
    AND e.starts_at < now()
    AND t.tenant_id = u.tenant_id
    AND u.role = 'scanner'
    AND right(t.ticket_number, 6) NOT IN ('0017-2', '0023-1');

SELECT set_config('app.status_change_source', 'api', TRUE);

-- Three holders offer a ticket to a friend: one has it, one has yet to answer, one lost the offer.
INSERT INTO ticketing.ticket_transfers (
    tenant_id, ticket_id, from_user_id, to_user_id, to_email, transfer_code
)
SELECT
    t.tenant_id,
    t.id,
    t.user_id,
    u.id,
    u.email,
    format('TR-%s', right(t.ticket_number, 6))
FROM ticketing.tickets AS t
INNER JOIN ticketing.users AS u ON t.tenant_id = u.tenant_id AND u.email LIKE 'guest24@%'
WHERE right(t.ticket_number, 6) IN ('0001-2', '0002-2', '0003-2');

UPDATE ticketing.ticket_transfers SET status = 'accepted' WHERE transfer_code = 'TR-0001-2';

UPDATE ticketing.ticket_transfers
SET status = 'cancelled', cancellation_reason = 'sender changed their mind'
WHERE transfer_code = 'TR-0003-2';

UPDATE ticketing.tickets AS t
SET
    status = 'transferred',
    user_id = x.to_user_id,
    transfer_count = t.transfer_count + 1,
    credential_version = t.credential_version + 1,
    qr_code = encode(sha256(format('%s again', t.qr_code)::bytea), 'hex')
FROM ticketing.ticket_transfers AS x
WHERE t.tenant_id = x.tenant_id AND t.id = x.ticket_id AND x.status = 'accepted';

UPDATE ticketing.ticket_transfers SET status = 'completed' WHERE status = 'accepted';

-- One refund is done, one is waiting for approval.
INSERT INTO ticketing.refunds (
    tenant_id, order_id, ticket_id, amount_cents, currency, reason, source, requested_by
)
SELECT
    t.tenant_id, t.order_id, t.id, t.price_cents, t.currency, 'cannot come', 'buyer', t.user_id
FROM ticketing.tickets AS t
WHERE right(t.ticket_number, 6) IN ('0004-1', '0005-1');

SELECT ticketing.act_as('admin');

UPDATE ticketing.refunds AS r
SET status = 'approved', approved_by = u.id
FROM ticketing.tickets AS t, ticketing.users AS u
WHERE
    r.tenant_id = t.tenant_id
    AND r.ticket_id = t.id
    AND right(t.ticket_number, 6) = '0004-1'
    AND t.tenant_id = u.tenant_id
    AND u.role = 'admin';

SELECT ticketing.act_as('service');

UPDATE ticketing.refunds SET status = 'processing', attempt_count = 1 WHERE status = 'approved';

UPDATE ticketing.refunds AS r
SET
    status = 'completed',
    provider = 'stripe',
    provider_refund_id = format('re_demo_%s', t.ticket_number),
    processed_at = now()
FROM ticketing.tickets AS t
WHERE r.tenant_id = t.tenant_id AND r.ticket_id = t.id AND r.status = 'processing';

UPDATE ticketing.tickets AS t
SET status = 'refunded', status_reason = 'refunded to the buyer'
FROM ticketing.refunds AS r
WHERE t.tenant_id = r.tenant_id AND t.id = r.ticket_id AND r.status = 'completed';

INSERT INTO ticketing.ticket_holds (
    tenant_id, ticket_type_id, quantity, remaining_quantity, hold_reason, hold_type, held_by
)
SELECT k.tenant_id, k.id, 10, 10, 'press and guests of the artists', 'press', u.id
FROM ticketing.ticket_types AS k
INNER JOIN ticketing.users AS u ON k.tenant_id = u.tenant_id AND u.role = 'admin'
WHERE k.name IN ('Weekend pass', 'Stalls');

INSERT INTO ticketing.waitlist (tenant_id, ticket_type_id, user_id, quantity)
SELECT k.tenant_id, k.id, u.id, 2
FROM ticketing.ticket_types AS k
INNER JOIN ticketing.users AS u
    ON k.tenant_id = u.tenant_id AND u.email ~ '^guest(20|21|22)@'
WHERE k.name IN ('Camping pitch', 'Balcony');

INSERT INTO ticketing.discounts (tenant_id, code, discount_type, discount_value, max_uses)
SELECT t.id, 'EARLY', 'percentage', 15, 100
FROM ticketing.tenants AS t;
