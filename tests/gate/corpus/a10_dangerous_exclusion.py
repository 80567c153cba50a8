# row: A10
# verdict: dangerous
# finds: exclusion-constraint, write-restricted
# seen: builds-constraint-under-lock, fails-on-duplicates
"""An exclusion constraint on a table in use."""

from alembic import op

revision = "a10_dangerous_exclusion"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ADD CONSTRAINT one_code EXCLUDE (code WITH =)")


def downgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT one_code")
