# row: B1
# verdict: safe
# finds: nothing
"""A column dropped in a revision that says it is the contract step."""

import sqlalchemy as sa
from alembic import op

revision = "b1_safe_contract"
down_revision = "tables"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.drop_column("accounts", "note")


def downgrade():
    op.add_column("accounts", sa.Column("note", sa.Text))
