# row: A18
# verdict: safe
# finds: nothing
# after: a18_context_proof_valid
"""A table whose CHECK spares the look at its rows."""

from alembic import op

revision = "a18_safe_attach"
down_revision = "a18_context_proof_valid"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE sales ATTACH PARTITION sales_1 FOR VALUES FROM (0) TO (1000000000)")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE sales DETACH PARTITION sales_1 CONCURRENTLY")
