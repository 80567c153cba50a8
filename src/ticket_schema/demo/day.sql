-- A day at Northlight, through the functions that services call. Each scene is a role, what it is
-- about, and statements; the last of them says in one value how it ended.

-- ticketing_app: The rush
-- Sixty people want two places each in front of the stage, where there are forty.
SELECT ticketing.create_zone(
    md5('demo northlight event summer')::uuid, 'Front of stage', 40, p_bucket_count => 4
);

DO $scene$
DECLARE
    v_zone uuid;
BEGIN
    SELECT z.id INTO v_zone FROM ticketing.zones AS z WHERE z.name = 'Front of stage';

    FOR v_number IN 1 .. 60 LOOP
        BEGIN
            PERFORM ticketing.create_hold(
                md5('demo northlight event summer')::uuid, v_zone, 2, format('rush-%s', v_number),
                p_time_to_live => CASE WHEN v_number <= 4 THEN interval '1 second' END
            );
        EXCEPTION
            WHEN SQLSTATE 'TK121' THEN NULL;
        END;
    END LOOP;
END;
$scene$;

SELECT format(
    '%s of 60 hold two places each, %s places are left, the others were told TK121',
    (SELECT count(*) FROM ticketing.holds), z.available_quantity
)
FROM ticketing.zone_availability AS z
WHERE z.name = 'Front of stage';

-- ticketing_app: Payment
SELECT count(c.order_id)
FROM ticketing.holds AS h
CROSS JOIN LATERAL ticketing.confirm_hold(h.id, format('pay-%s', h.idempotency_key)) AS c
WHERE h.expires_at > clock_timestamp() + interval '1 minute';

SELECT format('%s of them paid', count(*)) FROM ticketing.holds WHERE status = 'confirmed';

-- ticketing_worker: Expiry
SELECT pg_sleep_until(max(expires_at)) FROM ticketing.holds WHERE status = 'active';

SELECT format('%s holds ran out, and their places are free again', ticketing.expire_holds());

-- ticketing_app: Transfer
SELECT s.status
FROM ticketing.start_transfer(
    md5('demo northlight ticket NOR-0006-1')::uuid,
    'guest24@northlight.example',
    encode(sha256('welcome'), 'hex'),
    p_from_user_id => md5('demo northlight user 9')::uuid
) AS s;

SELECT a.outcome
FROM ticketing.ticket_transfers AS r
CROSS JOIN LATERAL ticketing.accept_transfer(
    r.id,
    encode(sha256('welcome'), 'hex'),
    md5('demo northlight user 27')::uuid,
    encode(sha256('NOR-0006-1 anew'), 'hex')
) AS a
WHERE r.ticket_id = md5('demo northlight ticket NOR-0006-1')::uuid AND r.status = 'pending';

SELECT format(
    'NOR-0006-1 is guest24''s now: its old code is %s, its new one %s', o.status, n.status
)
FROM ticketing.resolve_credential(
    -- The code is a hash in hexadecimal here, and what is stored of a code is its hash.
    encode(sha256(encode(sha256('northlight NOR-0006 1'), 'hex')::bytea), 'hex')
) AS o
CROSS JOIN ticketing.resolve_credential(encode(sha256('NOR-0006-1 anew'), 'hex')) AS n;

-- ticketing_app: Mint
SELECT c.status
FROM ticketing.ticket_types AS k
CROSS JOIN LATERAL ticketing.reserve_tickets(
    k.id, 1, 'day-mint', md5('demo northlight user 10')::uuid
) AS r
CROSS JOIN LATERAL ticketing.confirm_reservation(
    r.reservation_id, p_ticket_status => 'sold'
) AS c
WHERE k.name = 'Weekend pass';

SELECT ticketing.create_pending_transaction(
    md5('demo northlight')::uuid, repeat('5VfYmGBj', 11), 'mint', t.id, NULL, NULL, NULL,
    repeat('4vJ9', 11), 250000000
)
FROM ticketing.tickets AS t
INNER JOIN ticketing.reservations AS r ON t.tenant_id = r.tenant_id AND t.reservation_id = r.id
WHERE r.idempotency_key = 'day-mint';

SELECT ticketing.mark_tx_seen(repeat('5VfYmGBj', 11), 'confirmed', 301000000);

SELECT ticketing.confirm_transaction(
    repeat('5VfYmGBj', 11), 301000000, clock_timestamp(), repeat('7Np4', 11)
);

SELECT format('%s is %s, with the token %s…', t.ticket_number, t.status, left(t.token_mint, 8))
FROM ticketing.tickets AS t
WHERE t.token_mint = repeat('7Np4', 11);

-- ticketing_app: Doors
SELECT s.result
FROM ticketing.record_scan_attempt(
    md5('demo northlight')::uuid,
    md5('demo northlight ticket NOR-0023-1')::uuid,
    md5('demo northlight event warmup')::uuid,
    md5('demo northlight user 2')::uuid,
    'north gate'
) AS s;

SELECT s.result
FROM ticketing.record_scan_attempt(
    md5('demo northlight')::uuid,
    md5('demo northlight ticket NOR-0023-1')::uuid,
    md5('demo northlight event warmup')::uuid,
    md5('demo northlight user 2')::uuid,
    'south gate'
) AS s;

SELECT format(
    'NOR-0023-1: %s', string_agg(format('%s says %s', s.device_id, s.result), ', ' ORDER BY s.created_at)
)
FROM ticketing.ticket_scans AS s
WHERE s.ticket_id = md5('demo northlight ticket NOR-0023-1')::uuid;

-- ticketing_app: Refund
SELECT r.refund_id
FROM ticketing.request_refund(
    md5('demo northlight order 9')::uuid,
    'cannot come',
    'day-refund',
    p_ticket_id => md5('demo northlight ticket NOR-0009-1')::uuid
) AS r;

SELECT ticketing.act_as('admin');

SELECT a.outcome
FROM ticketing.refunds AS f
CROSS JOIN LATERAL ticketing.approve_refund(f.id, md5('demo northlight user 1')::uuid) AS a
WHERE f.idempotency_key = 'day-refund';

SELECT ticketing.act_as('service');

SELECT s.outcome
FROM ticketing.refunds AS f
CROSS JOIN LATERAL ticketing.start_refund(f.id, 'stripe') AS s
WHERE f.idempotency_key = 'day-refund';

SELECT c.outcome
FROM ticketing.refunds AS f
CROSS JOIN LATERAL ticketing.complete_refund(
    f.order_id, 'stripe', 're_day', f.amount_cents, f.currency, f.id
) AS c
WHERE f.idempotency_key = 'day-refund';

SELECT format(
    'NOR-0009-1 is %s: %s %s went back', t.status, (f.amount_cents / 100.0)::numeric(14, 2), f.currency
)
FROM ticketing.refunds AS f
INNER JOIN ticketing.tickets AS t ON f.tenant_id = t.tenant_id AND f.ticket_id = t.id
WHERE f.idempotency_key = 'day-refund';

-- ticketing_app: Wallet pass
SELECT p.channel
FROM ticketing.create_ticket_passes(
    md5('demo northlight ticket NOR-0010-1')::uuid, '{apple_wallet}'
) AS p;

SELECT ticketing.mark_ticket_pass_produced(p.id, p.claim_number, p.pass_version)
FROM ticketing.claim_ticket_passes('demo') AS p;

SELECT ticketing.mark_ticket_pass_sent(p.id, p.claim_number, p.pass_version)
FROM ticketing.claim_ticket_passes('demo', 'send') AS p;

SELECT format('NOR-0010-1 has a pass for %s, and it is %s', p.channel, p.status)
FROM ticketing.ticket_passes AS p
WHERE p.ticket_id = md5('demo northlight ticket NOR-0010-1')::uuid;

-- ticketing_app: Request ticket
SELECT r.state
FROM ticketing.create_request_ticket(
    100,
    '{lost-property}',
    'A red umbrella, left at the north gate',
    '/desk/umbrella',
    md5('demo northlight user 11')::uuid
) AS r;

SELECT c.state
FROM ticketing.claim_request_tickets('demo') AS r
CROSS JOIN LATERAL ticketing.complete_request_ticket(r.id, r.claim_number) AS c;

SELECT format(
    '"%s" is %s, with %s events to tell how',
    r.description,
    r.state,
    (SELECT count(*) FROM ticketing.audit_events AS a WHERE a.ticket_id = r.id)
)
FROM ticketing.request_tickets AS r
WHERE r.dest_path = '/desk/umbrella';

-- ticketing_worker: Outbox
SELECT format('%s events of the day wait for a relay', count(*))
FROM ticketing.outbox
WHERE status = 'pending';
