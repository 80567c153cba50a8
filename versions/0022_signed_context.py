"""Signed context: keys, tokens and the check behind the opt-in hardening.

What: context_keys, read by the owner alone; add_context_key and retire_context_key for those who
    migrate; set_signed_tenant_context, which takes a token that the application signed;
    signed_context, which says what of it may be believed; clear_tenant_context empties it as well.
Why: any SQL expression can set a plain variable, so the plain context is no boundary for whoever
    runs SQL of their own. A context that needs a key which no login of a service can read is one.
    It counts only once a DBA has switched it on: ticket-schema harden signed-context.
Locks: none on anything that exists; the table is new.
Reverse: drops the functions and the table. Refused while the hardening is on (TK904), and while
    there are keys, unless the loss is allowed (TK901).
"""

from ticket_schema import steps

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# The last one is taken back first, and refuses while the hardening is on.
STEPS = (
    "tables/context_keys",
    "policies/context_keys",
    "functions/hmac_pad",
    "functions/add_context_key",
    "functions/retire_context_key",
    "functions/require_context_key",
    "functions/signed_context",
    "functions/accept_context_token",
    "functions/set_signed_tenant_context",
    "functions/clear_tenant_context",
    "functions/context_is_signed",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
