# row: A12
# verdict: safe
# finds: nothing
"""The long look first, the lock at the end."""

from alembic import op

revision = "a12_safe_lock_last"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE seen (account_id bigint PRIMARY KEY, orders bigint)")
    op.execute(
        "INSERT INTO seen SELECT account_id, count(*) FROM orders"
        " WHERE account_id IS NOT NULL GROUP BY account_id"
    )
    op.execute("ALTER TABLE orders ADD COLUMN channel text")


def downgrade():
    op.execute("DROP TABLE seen")
    op.execute("ALTER TABLE orders DROP COLUMN channel")
