"""Tenant context: set, clear and verify it, and keep what tried to cross.

What: set_tenant_context, clear_tenant_context, and the two forms of verify: one that answers and
    one that raises, for the tenant and for the login; tenant_access_violations and the function
    that writes it.
Why: a setting made by hand is believed whatever it says. A misspelt tenant shows no rows and no
    error, a second tenant in one transaction mixes two customers, and row level security does
    nothing at all for a login that is a superuser; the functions make each of these loud.
Locks: none on anything that exists; the table is new.
Reverse: drops the functions and the table; refused while it holds rows, unless the loss is
    allowed. Services that call the functions must go back first.
"""

from ticket_schema import steps

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STEPS = (
    "functions/verify_role_security",
    "functions/require_role_security",
    "functions/verify_tenant_context",
    "functions/require_tenant_context",
    "functions/set_tenant_context",
    "functions/clear_tenant_context",
    "tables/tenant_access_violations",
    "policies/tenant_access_violations",
    "triggers/tenant_access_violations",
    "functions/log_tenant_violation",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
