# row: E6
# verdict: dangerous
# finds: nothing
# seen: name-made-up
"""A unique column, where the other keys have a name."""

from alembic import op

revision = "e6_dangerous_unique"
down_revision = "tables"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE refunds (
            id bigint PRIMARY KEY,
            day date UNIQUE,
            cents bigint,
            note text,
            CONSTRAINT ck_refunds_cents CHECK (cents > 0),
            CONSTRAINT ck_refunds_day CHECK (day > '2020-01-01'),
            CONSTRAINT uq_refunds_note UNIQUE (note)
        );
    """)


def downgrade():
    op.execute("""
        DROP TABLE refunds;
    """)
