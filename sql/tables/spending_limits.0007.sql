CREATE TABLE ticketing.spending_limits (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid,
    currency text NOT NULL DEFAULT 'USD',
    per_transaction_limit bigint NOT NULL DEFAULT 50000,
    daily_limit bigint NOT NULL DEFAULT 100000,
    weekly_limit bigint NOT NULL DEFAULT 500000,
    monthly_limit bigint NOT NULL DEFAULT 2000000,
    window_mode text NOT NULL DEFAULT 'rolling',
    timezone text NOT NULL DEFAULT 'UTC',
    updated_by uuid,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_spending_limits PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_spending_limits_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_spending_limits_user_id FOREIGN KEY (tenant_id, user_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_per_tx_limit_positive CHECK (per_transaction_limit > 0),
    CONSTRAINT chk_daily_limit_positive CHECK (daily_limit > 0),
    CONSTRAINT chk_weekly_limit_positive CHECK (weekly_limit > 0),
    CONSTRAINT chk_monthly_limit_positive CHECK (monthly_limit > 0),
    CONSTRAINT chk_limits_hierarchy CHECK (
        per_transaction_limit <= daily_limit
        AND daily_limit <= weekly_limit
        AND weekly_limit <= monthly_limit
    ),
    CONSTRAINT chk_spending_limits_window CHECK (window_mode IN ('rolling', 'calendar')),
    CONSTRAINT chk_spending_limits_currency CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE UNIQUE INDEX uq_spending_limits_user
    ON ticketing.spending_limits (tenant_id, user_id, currency)
    WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX uq_spending_limits_default
    ON ticketing.spending_limits (tenant_id, currency)
    WHERE user_id IS NULL;

ALTER TABLE ticketing.spending_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.spending_limits FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.spending_limits IS
    'One row is what a person may spend in one currency, or, without a user, what a tenant gives '
    'to people who have no row yet. check_and_record_spending copies the default into a row of the '
    'person at the first spending and locks that row ever after, so a new default reaches only '
    'people who have not spent; update the others'' rows to change them too. Without a default the '
    'values of the columns'' defaults hold. Never delete a row while its person can spend.';
COMMENT ON COLUMN ticketing.spending_limits.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.spending_limits.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.spending_limits.user_id IS
    'Person who is limited; fixed when the row is made. NULL: the tenant''s default.';
COMMENT ON COLUMN ticketing.spending_limits.currency IS
    'ISO 4217 code of the limits; spending in another currency has limits of its own. Fixed when '
    'the row is made.';
COMMENT ON COLUMN ticketing.spending_limits.per_transaction_limit IS
    'Most that one transaction may cost, in minor units of currency.';
COMMENT ON COLUMN ticketing.spending_limits.daily_limit IS
    'Most that the transactions of 24 hours, or of a calendar day, may cost together, in minor '
    'units.';
COMMENT ON COLUMN ticketing.spending_limits.weekly_limit IS
    'Most that the transactions of 7 days, or of a week from Monday on, may cost together, in '
    'minor units.';
COMMENT ON COLUMN ticketing.spending_limits.monthly_limit IS
    'Most that the transactions of 30 days, or of a calendar month, may cost together, in minor '
    'units.';
COMMENT ON COLUMN ticketing.spending_limits.window_mode IS
    'How time is counted: rolling (the last 24 hours, 7 days, 30 days, of 24 hours each) or '
    'calendar (day, ISO week and month in timezone).';
COMMENT ON COLUMN ticketing.spending_limits.timezone IS
    'Zone in which days, weeks and months begin when window_mode is calendar, as PostgreSQL names '
    'it; of no effect for rolling windows.';
COMMENT ON COLUMN ticketing.spending_limits.updated_by IS
    'Person who last set the limits; not tied to users. NULL for a copy of the default and where '
    'nobody was named.';
COMMENT ON COLUMN ticketing.spending_limits.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.spending_limits.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.spending_limits.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_spending_limits ON ticketing.spending_limits IS
    'One row per set of limits of a tenant.';
COMMENT ON CONSTRAINT fk_spending_limits_tenant_id ON ticketing.spending_limits IS
    'The limits belong to a known tenant, which cannot be deleted while it has some.';
COMMENT ON CONSTRAINT fk_spending_limits_user_id ON ticketing.spending_limits IS
    'The person is a user of the same tenant, who cannot be deleted while limits name that user.';
COMMENT ON CONSTRAINT chk_per_tx_limit_positive ON ticketing.spending_limits IS
    'One transaction may cost something; to stop a person''s spending altogether, block the user.';
COMMENT ON CONSTRAINT chk_daily_limit_positive ON ticketing.spending_limits IS
    'A day has room for something; to stop a person''s spending altogether, block the user.';
COMMENT ON CONSTRAINT chk_weekly_limit_positive ON ticketing.spending_limits IS
    'A week has room for something; to stop a person''s spending altogether, block the user.';
COMMENT ON CONSTRAINT chk_monthly_limit_positive ON ticketing.spending_limits IS
    'A month has room for something; to stop a person''s spending altogether, block the user.';
COMMENT ON CONSTRAINT chk_limits_hierarchy ON ticketing.spending_limits IS
    'Transaction, day, week and month allow each at least what the one before allows; a limit '
    'that can never be reached is a typing mistake.';
COMMENT ON CONSTRAINT chk_spending_limits_window ON ticketing.spending_limits IS
    'Time is counted in one of the two known ways.';
COMMENT ON CONSTRAINT chk_spending_limits_currency ON ticketing.spending_limits IS
    'The currency has the form of an ISO 4217 code: three capital letters.';
COMMENT ON INDEX ticketing.uq_spending_limits_user IS
    'A person has one row a currency, the one that concurrent spendings lock; two would let them '
    'pass a limit together.';
COMMENT ON INDEX ticketing.uq_spending_limits_default IS
    'Finds what a tenant gives to people without a row of their own, and keeps it to one row a '
    'currency.';

GRANT SELECT ON ticketing.spending_limits TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.spending_limits TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    per_transaction_limit, daily_limit, weekly_limit, monthly_limit, window_mode, timezone,
    updated_by
) ON ticketing.spending_limits TO ticketing_app, ticketing_worker;
