# row: F13
# verdict: dangerous
# finds: constraint-not-online, may-fail-on-violations
# seen: foreign-key-hidden
# after: f12_context_forced
"""A key that is added and tested at once."""

from alembic import op

revision = "f13_dangerous_add"
down_revision = "f12_context_forced"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT fk_orders_account FOREIGN KEY (account_id)"
        " REFERENCES accounts (id)"
    )


def downgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT fk_orders_account")
