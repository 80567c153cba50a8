# row: B5
# verdict: dangerous
# finds: guarantee-dropped
"""A default that old writers rely on."""

from alembic import op

revision = "b5_dangerous_default"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column("accounts", "joined", server_default=None)


def downgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN joined SET DEFAULT now()")
