# row: A18
# verdict: context
# finds: not-valid-left
# after: a18_context_partitions
"""A CHECK that says what the bounds will say."""

from alembic import op

revision = "a18_context_proof"
down_revision = "a18_context_partitions"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute(
        "ALTER TABLE sales_1 ADD CONSTRAINT chk_sales_1_bounds CHECK (id >= 0 AND id < 1000000000)"
        " NOT VALID"
    )


def downgrade():
    op.execute("ALTER TABLE sales_1 DROP CONSTRAINT chk_sales_1_bounds")
