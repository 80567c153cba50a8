# row: D8
# verdict: dangerous
# finds: identifier-too-long
"""A name of more than 63 bytes."""

from alembic import op

revision = "d8_dangerous_name"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "ALTER TABLE orders ADD COLUMN the_number_of_the_seat_in_the_row_of_the_block_of_the_hall_of_the_venue text"
    )


def downgrade():
    op.execute(
        "ALTER TABLE orders DROP COLUMN the_number_of_the_seat_in_the_row_of_the_block_of_the_hall_of_th"
    )
