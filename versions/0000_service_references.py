"""Service references: the schema, its roles, and local copies of other services' tables.

What: roles and schema (`BOOTSTRAP`), the helpers that read the session variables, and the tables
    tenants, users, venues, events and orders, which other services own and this one copies.
Why: row level security needs a tenant and a role before the first table stands, and foreign keys
    must never reach into another service's database.
Locks: none on anything that exists; every table is new.
Reverse: drops the tables and functions; roles and schema stay, as other databases of the cluster
    use the roles and the version table lives in the schema.
"""

from ticket_schema import steps

revision = "0000"
down_revision = None
branch_labels = None
depends_on = None

# Run by env.py before the version table exists, because that table lives in the schema too.
BOOTSTRAP = ("roles/ticketing", "schemas/ticketing")

STEPS = (
    "tables/alembic_version",
    "functions/current_tenant_id",
    "functions/current_user_id",
    "functions/acts_for_tenant",
    "functions/require_tenant",
    "functions/ignore_stale_version",
    "functions/stamp_updated_at",
    "tables/tenants",
    "policies/tenants",
    "triggers/tenants",
    "tables/users",
    "policies/users",
    "triggers/users",
    "tables/venues",
    "policies/venues",
    "triggers/venues",
    "tables/events",
    "policies/events",
    "triggers/events",
    "tables/orders",
    "policies/orders",
    "triggers/orders",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
