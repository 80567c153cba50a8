"""${message}

What: …
Why: …
Locks: …
Reverse: …
"""

from ticket_schema import steps
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}

STEPS = ()


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
