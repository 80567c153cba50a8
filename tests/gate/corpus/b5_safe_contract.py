# row: B5
# verdict: safe
# finds: nothing
"""NOT NULL dropped in a revision that says so."""

from alembic import op

revision = "b5_safe_contract"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.alter_column("accounts", "name", nullable=True)


def downgrade():
    raise NotImplementedError("rows without it may be there by now")
