# row: D8
# verdict: safe
# finds: nothing
"""A long string is no name."""

from alembic import op

revision = "d8_safe_string"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "ALTER TABLE orders ADD COLUMN channel text DEFAULT 'the_number_of_the_seat_in_the_row_of_the_block_of_the_hall_of_the_venue'"
    )


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN channel")
