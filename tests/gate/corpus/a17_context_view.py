# row: A17
# verdict: context
# finds: matview-created-with-data
"""Sums that are read everywhere."""

from alembic import op

revision = "a17_context_view"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE MATERIALIZED VIEW sums AS SELECT account_id, sum(amount) AS amount FROM orders"
        " GROUP BY account_id"
    )
    op.execute("CREATE UNIQUE INDEX uq_sums_account_id ON sums (account_id)")


def downgrade():
    op.execute("DROP MATERIALIZED VIEW sums")
