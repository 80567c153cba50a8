# row: E1
# verdict: dangerous
# finds: nothing
# seen: table-without-primary-key
"""A table that is made of a query has no key, whatever the query reads."""

from alembic import op

revision = "e1_dangerous_copy"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE old_orders AS SELECT * FROM orders WHERE FALSE;
    """)


def downgrade():
    op.execute("""
        DROP TABLE old_orders;
    """)
