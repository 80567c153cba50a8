"""Outbox relay: events leave the database at least once, in order per aggregate.

What: claim_outbox, ack_outbox, fail_outbox and requeue_outbox for relays that lease events;
    outbox_cursors, read_outbox_log and advance_outbox_cursor for a consumer that reads the outbox
    as a log; a trigger that wakes a relay when events are written; outbox_debezium, the events
    under the names that Debezium's router expects.
Why: two relays that read the same rows send twice and out of order, one that keeps the last seq
    loses what commits late, and a NOTIFY in every transaction makes them commit one by one.
Locks: SHARE ROW EXCLUSIVE on outbox while its trigger is made, a moment without any scan; it waits
    for transactions that have written events, and new ones wait meanwhile. Nothing else.
Reverse: drops functions, view, trigger and outbox_cursors, refused while a consumer is known;
    events stay.
"""

from ticket_schema import steps

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STEPS = (
    "tables/outbox_cursors",
    "policies/outbox_cursors",
    "triggers/outbox_cursors",
    "functions/announce_outbox_events",
    "triggers/outbox",
    "functions/claim_outbox",
    "functions/ack_outbox",
    "functions/fail_outbox",
    "functions/requeue_outbox",
    "functions/read_outbox_log",
    "functions/advance_outbox_cursor",
    "views/outbox_debezium",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
