# row: B2
# verdict: dangerous
# finds: object-renamed
"""A value of an enum under another name."""

from alembic import op

revision = "b2_dangerous_enum_value"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'")


def downgrade():
    op.execute("ALTER TYPE mood RENAME VALUE 'happy' TO 'glad'")
