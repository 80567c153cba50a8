"""Zone inventory and holds: areas without seats, sold by timed claims.

What: zones, their counters in zone_inventory, holds, and the functions that create, confirm,
    release and expire holds; views of what is free and of drift; functions for house holds. A
    confirmed hold has an order: orders may be announced here by trigger, ahead of their copy.
Why: a crowd wants the same places at the same moment. A place must be sold once, a repeated
    request must find its own hold, and a hold must end by the clock even when no job runs.
Locks: SHARE ROW EXCLUSIVE on tenants, events, users and orders for the new foreign keys, and
    ACCESS EXCLUSIVE on orders while its policies are replaced, for as long as the revision runs,
    well under a second. Nothing is scanned or rewritten.
Reverse: drops the functions, views and tables; refused while zones or holds have rows, unless the
    loss is allowed. Orders that were announced stay.
"""

from ticket_schema import steps

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STEPS = (
    "transitions/hold",
    "tables/zones",
    "policies/zones",
    "tables/zone_inventory",
    "policies/zone_inventory",
    "tables/holds",
    "policies/holds",
    "policies/orders",
    "functions/largest_zone_hold",
    "functions/spread_zone_capacity",
    "functions/move_zone_inventory",
    "functions/move_hold_inventory",
    "functions/choose_hold_bucket",
    "functions/guard_hold",
    "functions/open_order_of_hold",
    "triggers/zones",
    "triggers/holds",
    "functions/create_zone",
    "functions/set_zone_capacity",
    "functions/create_hold",
    "functions/confirm_hold",
    "functions/release_hold",
    "functions/expire_holds",
    "functions/place_house_hold",
    "functions/release_house_hold",
    "views/zone_availability",
    "views/zone_inventory_drift",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
