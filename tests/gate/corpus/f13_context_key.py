# row: F13
# verdict: context
# finds: not-valid-left
# after: f12_context_forced
"""A foreign key that no old row has been tested against."""

from alembic import op

revision = "f13_context_key"
down_revision = "f12_context_forced"
branch_labels = None
depends_on = None
phase = "contract"


def upgrade():
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT fk_orders_account FOREIGN KEY (account_id)"
        " REFERENCES accounts (id) NOT VALID"
    )


def downgrade():
    op.execute("ALTER TABLE orders DROP CONSTRAINT fk_orders_account")
