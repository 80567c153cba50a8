"""Sales as functions: reserve, confirm, cancel, refund, discount, bundle, waitlist.

What: reserve_tickets, reserve_cart and reserve_bundle; confirm_reservation, which issues the
    tickets, and cancel_reservation; refunds from request to completion; redeem_discount and
    reverse_discount; the waitlist from join_waitlist to accept_offer. Reservations keep the price
    at which they were made, and count the places that refunds gave back.
Why: each of these moves money or places, often twice at the same moment. A last ticket must be sold
    once, a late payment must not become a ticket, money must not go back twice, a code must not be
    used more often than allowed, and what comes free must go to those who wait.
Locks: ACCESS EXCLUSIVE on reservations while it gets three columns and on waitlist while its
    policies are replaced, SHARE ROW EXCLUSIVE on reservations and refunds for their triggers, all
    for as long as the revision runs, well under a second. Nothing is scanned or rewritten.
Reverse: drops the functions, triggers and columns; refused while reservations have prices or
    refunded places, unless the loss is allowed. Then ticket_inventory_drift shows the types of
    which places had been refunded.
"""

from ticket_schema import steps

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STEPS = (
    "tables/reservations",
    "tables/order_discounts",
    "policies/waitlist",
    "functions/guard_reservation",
    "functions/release_ticket_availability",
    "views/ticket_inventory_drift",
    "functions/lock_order",
    "functions/open_order",
    "functions/settle_reservation",
    "triggers/reservations",
    "functions/reserve_cart",
    "functions/reserve_tickets",
    "functions/reserve_bundle",
    "functions/confirm_reservation",
    "functions/cancel_reservation",
    "functions/refundable_of_ticket",
    "functions/end_refunded_tickets",
    "triggers/refunds",
    "functions/request_refund",
    "functions/lock_refund",
    "functions/approve_refund",
    "functions/start_refund",
    "functions/complete_refund",
    "functions/fail_refund",
    "functions/reject_refund",
    "functions/redeem_discount",
    "functions/reverse_discount",
    "functions/join_waitlist",
    "functions/offer_waitlist",
    "functions/accept_offer",
    "functions/leave_waitlist",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
