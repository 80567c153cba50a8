# row: A20
# verdict: safe
# finds: nothing
"""A trigger on a table that is new."""

from alembic import op

revision = "a20_safe_new_table"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE channels (id bigint PRIMARY KEY)")
    op.execute(
        "CREATE TRIGGER keep BEFORE UPDATE ON channels FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    )


def downgrade():
    op.execute("DROP TABLE channels")
