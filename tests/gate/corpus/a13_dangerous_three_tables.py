# row: A13
# verdict: dangerous
# finds: nothing
# seen: locks-several-tables
"""Triggers on three tables in one transaction."""

from alembic import op

revision = "a13_dangerous_three_tables"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    for table in ("accounts", "orders", "moods"):
        op.execute(
            f"CREATE TRIGGER keep BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        )


def downgrade():
    for table in ("accounts", "orders", "moods"):
        op.execute(f"DROP TRIGGER keep ON {table}")
