# row: D8
# verdict: safe
# finds: nothing
"""A name of exactly 63 bytes."""

from alembic import op

revision = "d8_safe_63"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "ALTER TABLE orders ADD COLUMN the_number_of_the_seat_in_the_row_of_the_block_of_the_hall_of_t text"
    )


def downgrade():
    op.execute(
        "ALTER TABLE orders DROP COLUMN the_number_of_the_seat_in_the_row_of_the_block_of_the_hall_of_t"
    )
