# row: A6
# verdict: safe
# finds: nothing
# after: a6_safe_proof_2
"""NOT NULL by the proof, which then goes."""

from alembic import op

revision = "a6_safe_proof_3"
down_revision = "a6_safe_proof_2"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TABLE orders ALTER COLUMN account_id SET NOT NULL")
    op.execute("ALTER TABLE orders DROP CONSTRAINT orders_account_id_present")


def downgrade():
    op.execute("ALTER TABLE orders ALTER COLUMN account_id DROP NOT NULL")
    op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_account_id_present")
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT orders_account_id_present CHECK (account_id IS NOT NULL) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT orders_account_id_present")
