"""What must hold whatever happened: queries that return the rows that offend."""

from __future__ import annotations

from typing import Any

from support import outbox_order
from support.session import Session

INVARIANTS = {
    "a ticket type's counters are what its reservations and holds add up to": """
        SELECT ticket_type_id FROM ticketing.ticket_inventory_drift
    """,
    "a zone's counters are what its holds add up to": """
        SELECT * FROM ticketing.zone_inventory_drift
    """,
    "no type of ticket is sold more often than it is there": """
        SELECT i.ticket_type_id
        FROM ticketing.ticket_inventory AS i
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(r.quantity - r.returned_quantity), 0) AS quantity
            FROM ticketing.reservations AS r
            WHERE
                r.tenant_id = i.tenant_id AND r.ticket_type_id = i.ticket_type_id
                AND r.status IN ('pending', 'confirmed')
        ) AS taken
        WHERE taken.quantity > i.quantity
    """,
    "no zone is sold more often than it is there": """
        SELECT z.id
        FROM ticketing.zones AS z
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(h.quantity), 0) AS quantity
            FROM ticketing.holds AS h
            WHERE
                h.tenant_id = z.tenant_id AND h.zone_id = z.id
                AND h.status IN ('active', 'confirmed')
        ) AS taken
        WHERE taken.quantity > z.capacity
    """,
    "the history of a ticket begins with nothing and leads step by step to where it is": """
        SELECT t.id, h.statuses, h.broken
        FROM ticketing.tickets AS t
        CROSS JOIN LATERAL (
            SELECT
                array_agg(s.new_status ORDER BY s.seq) AS statuses,
                coalesce(bool_or(s.previous_status IS DISTINCT FROM s.before), TRUE) AS broken
            FROM (
                SELECT
                    c.seq, c.previous_status, c.new_status,
                    lag(c.new_status) OVER (ORDER BY c.seq) AS before
                FROM ticketing.ticket_state_history AS c
                WHERE c.tenant_id = t.tenant_id AND c.ticket_id = t.id
            ) AS s
        ) AS h
        WHERE h.broken OR h.statuses[array_upper(h.statuses, 1)] <> t.status
    """,
    "the history of a reservation leads to where it is": """
        SELECT r.id, r.status, h.statuses
        FROM ticketing.reservations AS r
        CROSS JOIN LATERAL (
            SELECT array_agg(c.status_to ORDER BY c.created_at) AS statuses
            FROM ticketing.reservation_history AS c
            WHERE c.tenant_id = r.tenant_id AND c.reservation_id = r.id
        ) AS h
        WHERE h.statuses[array_upper(h.statuses, 1)] IS DISTINCT FROM r.status
    """,
    "each change of a ticket is an event, in the same order": """
        SELECT
            h.ticket_id,
            array_agg(h.id ORDER BY h.seq) AS changes,
            array_agg(o.id ORDER BY o.seq) AS events
        FROM ticketing.ticket_state_history AS h
        LEFT JOIN ticketing.outbox AS o ON h.tenant_id = o.tenant_id AND h.id = o.id
        GROUP BY h.tenant_id, h.ticket_id
        HAVING array_agg(h.id ORDER BY h.seq) <> array_agg(o.id ORDER BY o.seq)
    """,
    "whoever is inside was let in once": """
        SELECT t.id, t.status, s.entries
        FROM ticketing.tickets AS t
        CROSS JOIN LATERAL (
            SELECT count(*) AS entries
            FROM ticketing.ticket_scans AS c
            WHERE
                c.tenant_id = t.tenant_id AND c.ticket_id = t.id
                AND c.check_in_round = t.check_in_round AND c.is_first_entry
        ) AS s
        WHERE s.entries > 1 OR (t.status = 'checked_in' AND s.entries = 0)
    """,
    "nobody was let in with a ticket that had gone": """
        SELECT s.id
        FROM ticketing.ticket_scans AS s
        INNER JOIN ticketing.ticket_state_history AS h
            ON s.tenant_id = h.tenant_id AND s.ticket_id = h.ticket_id
        WHERE
            s.result = 'valid' AND s.direction = 'entry'
            AND h.new_status IN ('refunded', 'revoked', 'cancelled') AND h.changed_at < s.created_at
    """,
    "a ticket has one open transfer at most, and its holder is whom the last one made it": """
        SELECT t.id
        FROM ticketing.tickets AS t
        CROSS JOIN LATERAL (
            SELECT
                count(*) FILTER (WHERE r.status IN ('pending', 'accepted')) AS open,
                count(*) FILTER (WHERE r.status = 'completed') AS completed,
                (
                    array_agg(r.to_user_id ORDER BY r.transferred_at DESC)
                    FILTER (WHERE r.status = 'completed')
                )[1] AS holder
            FROM ticketing.ticket_transfers AS r
            WHERE r.tenant_id = t.tenant_id AND r.ticket_id = t.id
        ) AS r
        WHERE
            r.open > 1
            OR r.completed <> t.transfer_count
            OR (r.completed > 0 AND r.holder IS DISTINCT FROM t.user_id)
    """,
    "an order has paid back what its completed refunds add up to, and no more than it took": """
        SELECT o.id, o.refunded_cents, r.cents
        FROM ticketing.orders AS o
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(c.amount_cents), 0) AS cents
            FROM ticketing.refunds AS c
            WHERE c.tenant_id = o.tenant_id AND c.order_id = o.id AND c.status = 'completed'
        ) AS r
        WHERE o.refunded_cents <> r.cents OR o.refunded_cents > o.total_cents
    """,
    "a code was used as often as its redemptions say": """
        SELECT d.id, d.times_used, u.uses
        FROM ticketing.discounts AS d
        CROSS JOIN LATERAL (
            SELECT count(*) AS uses
            FROM ticketing.order_discounts AS o
            WHERE o.tenant_id = d.tenant_id AND o.discount_id = d.id AND o.status = 'applied'
        ) AS u
        WHERE d.times_used <> u.uses
    """,
    "an offer holds its places as long as it stands": """
        SELECT w.id, w.status, r.status AS behind
        FROM ticketing.waitlist AS w
        LEFT JOIN ticketing.reservations AS r
            ON w.tenant_id = r.tenant_id AND w.reservation_id = r.id
        WHERE (w.status = 'notified') <> (r.status IS NOT DISTINCT FROM 'pending')
            AND w.status IN ('notified', 'expired', 'converted')
    """,
    "a confirmed cart has its tickets": """
        SELECT r.id, r.quantity, t.issued
        FROM ticketing.reservations AS r
        CROSS JOIN LATERAL (
            SELECT count(*) AS issued
            FROM ticketing.tickets AS k
            WHERE k.tenant_id = r.tenant_id AND k.reservation_id = r.id
        ) AS t
        WHERE r.status = 'confirmed' AND r.total_cents IS NOT NULL AND r.quantity <> t.issued
    """,
    "a ticket was minted once at most, and has its token": """
        SELECT t.id, m.tokens
        FROM ticketing.tickets AS t
        CROSS JOIN LATERAL (
            SELECT
                count(*) FILTER (WHERE p.status = 'confirmed') AS confirmed,
                count(*) FILTER (WHERE p.status IN ('pending', 'confirming')) AS open
            FROM ticketing.pending_transactions AS p
            WHERE p.tenant_id = t.tenant_id AND p.ticket_id = t.id AND p.tx_type = 'mint'
        ) AS m (confirmed, tokens)
        WHERE m.confirmed > 1 OR m.tokens > 1 OR (m.confirmed = 1) <> (t.token_mint IS NOT NULL)
    """,
    "an idempotent request has one answer": """
        SELECT id FROM ticketing.idempotency_keys
        WHERE (status = 'completed') <> (response_status IS NOT NULL)
    """,
    "nobody spends more in a day than the limit": """
        SELECT l.user_id
        FROM ticketing.spending_limits AS l
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(s.amount_cents), 0) AS cents
            FROM ticketing.spending_transactions AS s
            WHERE
                s.tenant_id = l.tenant_id AND s.user_id = l.user_id
                AND s.created_at > now() - interval '24 hours'
        ) AS s
        WHERE s.cents > l.daily_limit
    """,
    "every foreign key holds the tenant, or leads to the tenant": """
        SELECT c.conname
        FROM pg_constraint AS c
        INNER JOIN pg_attribute AS a
            ON c.conrelid = a.attrelid AND a.attname = 'tenant_id'
        WHERE
            c.connamespace = 'ticketing'::regnamespace AND c.contype = 'f'
            AND (NOT c.convalidated OR a.attnum <> ALL (c.conkey))
    """,
}


def offenders(db: Session) -> dict[str, list[dict[str, Any]]]:
    """Returns the invariants that do not hold, with the rows that say so.

    Args:
        db: the superuser's session, so that no row is hidden.
    """
    found = {name: db.all(query) for name, query in INVARIANTS.items()}
    found["the outbox is complete and in order, and no lease is stuck"] = outbox_order.offences(
        db, grace="1 minute"
    )
    return {name: rows for name, rows in found.items() if rows}
