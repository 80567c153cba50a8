-- What other services would have told this one. Run as ticketing_worker, once.
INSERT INTO ticketing.tenants (id, slug, name)
VALUES
    (md5('demo northlight')::uuid, 'northlight', 'Northlight Festival'),
    (md5('demo harbour')::uuid, 'harbour', 'Harbour Theatre');

INSERT INTO ticketing.users (tenant_id, id, email, role)
SELECT
    t.id,
    md5(format('demo %s user %s', t.slug, n))::uuid,
    CASE
        WHEN n = 1 THEN format('admin@%s.example', t.slug)
        WHEN n = 2 THEN format('gate@%s.example', t.slug)
        WHEN n = 3 THEN format('venue@%s.example', t.slug)
        ELSE format('guest%s@%s.example', n - 3, t.slug)
    END,
    CASE WHEN n = 1 THEN 'admin' WHEN n = 2 THEN 'scanner' WHEN n = 3 THEN 'venue_owner'
        ELSE 'user' END
FROM ticketing.tenants AS t
CROSS JOIN generate_series(1, 27) AS n
WHERE t.slug IN ('northlight', 'harbour');

INSERT INTO ticketing.venues (tenant_id, id, name, created_by, timezone)
SELECT
    t.id,
    md5(format('demo %s venue', t.slug))::uuid,
    v.name,
    md5(format('demo %s user 3', t.slug))::uuid,
    v.timezone
FROM (
    VALUES
        ('northlight', 'Airfield Ost', 'Europe/Berlin'),
        ('harbour', 'Harbour Playhouse', 'Europe/London')
) AS v (slug, name, timezone)
INNER JOIN ticketing.tenants AS t ON v.slug = t.slug;

INSERT INTO ticketing.events (tenant_id, id, venue_id, name, starts_at, ends_at, timezone)
SELECT
    t.id,
    md5(format('demo %s event %s', t.slug, e.code))::uuid,
    md5(format('demo %s venue', t.slug))::uuid,
    e.name,
    date_trunc('hour', now()) + e.starts_in,
    date_trunc('hour', now()) + e.starts_in + e.lasts,
    e.timezone
FROM (
    VALUES
        ('northlight', 'summer', 'Northlight Summer Weekend', interval '45 days',
            interval '3 days', 'Europe/Berlin'),
        ('northlight', 'warmup', 'Northlight Warm-up Night', interval '-2 hours',
            interval '6 hours', 'Europe/Berlin'),
        ('harbour', 'storm', 'The Tempest', interval '10 days',
            interval '3 hours', 'Europe/London'),
        ('harbour', 'preview', 'The Tempest, preview', interval '-1 hour',
            interval '3 hours', 'Europe/London')
) AS e (slug, code, name, starts_in, lasts, timezone)
INNER JOIN ticketing.tenants AS t ON e.slug = t.slug;

-- Each guest has one paid order of two tickets; the eighth of each tenant never paid.
INSERT INTO ticketing.orders (
    tenant_id, id, user_id, order_number, status, subtotal_cents, total_cents, paid_cents, currency
)
SELECT
    t.id,
    md5(format('demo %s order %s', t.slug, n))::uuid,
    md5(format('demo %s user %s', t.slug, n + 3))::uuid,
    format('%s-%s', upper(left(t.slug, 3)), to_char(n, 'FM0000')),
    CASE WHEN n % 8 = 0 THEN 'awaiting_payment' ELSE 'completed' END,
    p.cents * 2,
    p.cents * 2,
    CASE WHEN n % 8 = 0 THEN 0 ELSE p.cents * 2 END,
    p.currency
FROM (VALUES ('northlight', 12900, 'EUR'), ('harbour', 4500, 'GBP')) AS p (slug, cents, currency)
INNER JOIN ticketing.tenants AS t ON p.slug = t.slug
CROSS JOIN generate_series(1, 24) AS n;
