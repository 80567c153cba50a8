# row: A17
# verdict: safe
# finds: nothing
"""A view that is filled when the transaction is over."""

from alembic import op

revision = "a17_safe_no_data"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "CREATE MATERIALIZED VIEW IF NOT EXISTS codes AS SELECT code, count(*) FROM orders"
        " GROUP BY code WITH NO DATA"
    )
    with op.get_context().autocommit_block():
        op.execute("REFRESH MATERIALIZED VIEW codes")


def downgrade():
    op.execute("DROP MATERIALIZED VIEW codes")
