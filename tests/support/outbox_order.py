"""Whether the outbox is complete and in order, told by its rows and by what has arrived.

Both checks take a superuser's session and may run while writers and relays do. They expect that
nobody put a delivered event back and that no event of the middle was deleted; delivered events may
be deleted from the oldest on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from .factories import Row
from .session import Session

# An attempt reads the clock after it has seen the acknowledgement of the event before it, so their
# times may be compared however closely one follows the other.
OFFENCES = """
    WITH moment AS MATERIALIZED (
        SELECT clock_timestamp() AS moment
    ),

    events AS (
        SELECT
            o.*,
            bool_or(o.processed_at IS NULL) OVER earlier AS behind_an_open_one,
            max(o.processed_at) OVER earlier AS earlier_done_at,
            (o.payload ->> 'ticket_version')::bigint AS version,
            max((o.payload ->> 'ticket_version')::bigint) OVER earlier AS earlier_version,
            lag(o.payload) OVER whole AS before
        FROM ticketing.outbox AS o
        WINDOW
            whole AS (PARTITION BY o.tenant_id, o.aggregate_type, o.aggregate_id ORDER BY o.seq),
            earlier AS (whole ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ),

    numbers AS (
        SELECT coalesce(
            pg_sequence_last_value(pg_get_serial_sequence('ticketing.outbox', 'seq')::regclass), 0
        ) AS newest
    )

    SELECT e.tenant_id, e.aggregate_type, e.aggregate_id, e.id, e.seq, w.what
    FROM events AS e
    CROSS JOIN moment AS m
    CROSS JOIN numbers AS n
    CROSS JOIN LATERAL (
        VALUES
            ('sent before an earlier one was delivered',
                e.last_attempt_at IS NOT NULL
                AND (e.behind_an_open_one OR e.last_attempt_at < e.earlier_done_at)),
            ('lease past its end', e.locked_until < m.moment - %(grace)s::interval),
            ('out of sight after its lease', e.next_attempt_at > e.locked_until),
            ('written out of order', e.version <= e.earlier_version),
            ('one is missing before it',
                e.payload ? 'previous_status'
                AND e.before ? 'new_status'
                AND e.payload ->> 'previous_status' IS DISTINCT FROM e.before ->> 'new_status'),
            ('a number from elsewhere', e.seq > n.newest)
    ) AS w (what, is_so)
    WHERE w.is_so

    UNION ALL

    SELECT NULL, 'consumer', c.consumer, NULL, c.safe_seq, 'a cursor ahead of the numbers'
    FROM ticketing.outbox_cursors AS c
    CROSS JOIN numbers AS n
    WHERE c.safe_seq > n.newest OR c.candidate_seq > n.newest

    ORDER BY 6, 5
"""


class Key(NamedTuple):
    """What an event is known by."""

    tenant_id: UUID
    id: UUID


class Place(NamedTuple):
    """Where an event belongs."""

    aggregate: tuple[UUID, str, str]
    seq: int


def offences(db: Session, grace: str = "1 minute") -> list[Row]:
    """Returns what should not be: `what`, and the event or the consumer of which it is so.

    Args:
        db: a superuser's session.
        grace: how long after the end of a lease a relay must have taken the event anew.
    """
    with db.connection.cursor() as cursor:
        cursor.execute(OFFENCES.encode(), {"grace": grace})
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def written(db: Session) -> dict[Key, Place]:
    """Returns every event that is kept, and its place; ask before retention deletes any."""
    rows = db.all("SELECT tenant_id, id, aggregate_type, aggregate_id, seq FROM ticketing.outbox")
    return {
        Key(row["tenant_id"], row["id"]): Place(
            (row["tenant_id"], row["aggregate_type"], row["aggregate_id"]), row["seq"]
        )
        for row in rows
    }


def lost_or_late(
    places: Mapping[Key, Place], arrived: Iterable[Key], *, as_log: bool = False
) -> list[str]:
    """Returns what is wrong with the stream that a broker or a consumer has seen.

    A relay may send an event again, but never after a later one of its aggregate. A reader of the
    log sees each event once, and all of them in one order.

    Args:
        places: every event that should have come.
        arrived: what came, in that order.
        as_log: whether a reader of the log saw it.
    """
    wrong: list[str] = []
    newest: dict[object, int] = {}
    missing = dict(places)
    for key in arrived:
        if key not in places:
            wrong.append(f"{key.id} was never committed")
            continue
        aggregate, seq = places[key]
        line = None if as_log else aggregate
        if seq < newest.get(line, 0):
            wrong.append(f"{seq} of {aggregate} came after {newest[line]}")
        elif as_log and key not in missing:
            wrong.append(f"{seq} of {aggregate} came twice")
        newest[line] = max(seq, newest.get(line, 0))
        missing.pop(key, None)
    return wrong + [f"{place.seq} of {place.aggregate} never came" for place in missing.values()]
