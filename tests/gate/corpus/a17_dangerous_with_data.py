# row: A17
# verdict: dangerous
# finds: matview-created-with-data
"""A view that is filled in the transaction that makes it."""

from alembic import op

revision = "a17_dangerous_with_data"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE MATERIALIZED VIEW codes AS SELECT code, count(*) FROM orders GROUP BY code")


def downgrade():
    op.execute("DROP MATERIALIZED VIEW codes")
