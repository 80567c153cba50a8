# row: A12
# verdict: dangerous
# finds: nothing
# seen: table-without-primary-key, work-after-exclusive-lock
"""A column, and then a long look at another table while its lock is held."""

from alembic import op

revision = "a12_dangerous_work_after_lock"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN channel text")
    op.execute(
        "CREATE TABLE seen AS SELECT account_id, count(*) AS orders FROM orders GROUP BY account_id"
    )


def downgrade():
    op.execute("DROP TABLE seen")
    op.execute("ALTER TABLE orders DROP COLUMN channel")
