"""Foreign keys that the baseline left out, added while the tables are in use.

What: refunds and order_discounts refer to their order; ticket_validations, ticket_holds and the
    first buyer of tickets to a user. Their covering indexes stand since 0001.
Why: a refund of an order that nobody has, or a validation by nobody, is found out when the money
    or the blame is looked for; here it is refused.
Locks: each key takes SHARE ROW EXCLUSIVE on its two tables for a moment, then SHARE UPDATE
    EXCLUSIVE on its own while the rows are read, which stops nobody; the rows it refers to are
    locked FOR KEY SHARE meanwhile, so they can be updated but not deleted. Each key has
    transactions of its own. On a row that breaks it nothing of the revision is kept, and the error
    shows how to find the rows.
Reverse: drops the keys, each in a transaction with ACCESS EXCLUSIVE on its two tables for a
    moment.
"""

from ticket_schema import steps

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
phase = "contract"

STEPS = (
    "constraints/fk_refunds_order_id",
    "constraints/fk_order_discounts_order_id",
    "constraints/fk_ticket_validations_validator_id",
    "constraints/fk_ticket_holds_held_by",
    "constraints/fk_tickets_original_purchaser_id",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
