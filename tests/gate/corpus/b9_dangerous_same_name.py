# row: B9
# verdict: dangerous
# finds: expand-and-contract-together
# after: b9_context_expand_name
# release: from b9_context_expand_name
"""Contract, in the release that adds what takes its place."""

from alembic import op

revision = "b9_dangerous_same_name"
down_revision = "b9_context_expand_name"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute("ALTER TABLE accounts DROP COLUMN note")


def downgrade():
    op.execute("ALTER TABLE accounts ADD COLUMN note text")
