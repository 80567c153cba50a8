# row: C4
# verdict: dangerous
# finds: nothing
# seen: fails-on-rows
"""A value that only empty tables can do without."""

from alembic import op

revision = "c4_dangerous_cast"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute(
        "UPDATE accounts SET credit = 1 / (credit - credit) WHERE id IN (SELECT id FROM accounts LIMIT 1)"
    )


def downgrade():
    pass
