# row: C2
# verdict: safe
# finds: nothing
"""Constraints of a new table."""

from alembic import op

revision = "c2_safe_new_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE gates (id bigint PRIMARY KEY, code text)")
    op.execute("ALTER TABLE gates ADD CONSTRAINT chk_gates_code CHECK (code <> '')")


def downgrade():
    op.execute("DROP TABLE gates")
