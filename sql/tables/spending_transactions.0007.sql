CREATE TABLE ticketing.spending_transactions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    amount_cents bigint NOT NULL,
    currency text NOT NULL DEFAULT 'USD',
    transaction_type text NOT NULL DEFAULT 'purchase',
    transaction_reference text NOT NULL,
    reverses_id uuid,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    transaction_date date NOT NULL
        GENERATED ALWAYS AS ((occurred_at AT TIME ZONE 'UTC')::date) STORED,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_spending_transactions PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_spending_tx_reference UNIQUE (
        tenant_id, user_id, transaction_type, transaction_reference
    ),
    CONSTRAINT fk_spending_transactions_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_spending_transactions_user_id FOREIGN KEY (tenant_id, user_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_spending_transactions_reverses_id FOREIGN KEY (tenant_id, reverses_id)
        REFERENCES ticketing.spending_transactions (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_spending_amount_positive CHECK (amount_cents > 0),
    CONSTRAINT chk_spending_type CHECK (
        transaction_type IN ('purchase', 'transfer', 'fee', 'reversal')
        AND (transaction_type = 'reversal') = (reverses_id IS NOT NULL)
    ),
    CONSTRAINT chk_spending_transactions_reference CHECK (
        length(transaction_reference) BETWEEN 1 AND 255
    ),
    CONSTRAINT chk_spending_transactions_currency CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE UNIQUE INDEX uq_spending_tx_reversal
    ON ticketing.spending_transactions (tenant_id, reverses_id)
    WHERE reverses_id IS NOT NULL;
CREATE INDEX idx_spending_tx_user_date
    ON ticketing.spending_transactions (tenant_id, user_id, currency, occurred_at DESC);

ALTER TABLE ticketing.spending_transactions ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.spending_transactions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.spending_transactions IS
    'The ledger that spending limits are summed from: one row is one spending, or the reversal of '
    'one. Rows come from check_and_record_spending and reverse_spending and are only ever added; a '
    'row that a service inserts itself, as an import does, counts in the windows without having '
    'been held against a limit. Never change or delete a row: add its reversal.';
COMMENT ON COLUMN ticketing.spending_transactions.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.spending_transactions.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.spending_transactions.user_id IS
    'Person who spent.';
COMMENT ON COLUMN ticketing.spending_transactions.amount_cents IS
    'Amount in minor units of currency, always positive; the type gives the sign.';
COMMENT ON COLUMN ticketing.spending_transactions.currency IS
    'ISO 4217 code of the amount; limits of that currency alone apply.';
COMMENT ON COLUMN ticketing.spending_transactions.transaction_type IS
    'What the money went for: purchase, transfer, fee; or reversal, which takes another row out '
    'of the sums.';
COMMENT ON COLUMN ticketing.spending_transactions.transaction_reference IS
    'The caller''s own name for the spending, as a rule the order or the payment, 1 to 255 '
    'characters; a repeated request finds its row by it. Of a reversal: the id it reverses.';
COMMENT ON COLUMN ticketing.spending_transactions.reverses_id IS
    'Spending that this row takes back, whole. Set exactly for reversals, else NULL.';
COMMENT ON COLUMN ticketing.spending_transactions.occurred_at IS
    'When the money was spent, by the server''s clock unless an import says otherwise; the windows '
    'go by it.';
COMMENT ON COLUMN ticketing.spending_transactions.transaction_date IS
    'Day of occurred_at in UTC, for reports; generated, and no part of any window.';
COMMENT ON COLUMN ticketing.spending_transactions.created_at IS
    'When the row was inserted here.';
COMMENT ON CONSTRAINT pk_spending_transactions ON ticketing.spending_transactions IS
    'One row per spending or reversal of a tenant.';
COMMENT ON CONSTRAINT uq_spending_tx_reference ON ticketing.spending_transactions IS
    'A reference counts once a person and type, so that a request sent twice is not counted twice.';
COMMENT ON CONSTRAINT fk_spending_transactions_tenant_id ON ticketing.spending_transactions IS
    'Every row belongs to a known tenant, which cannot be deleted while it has a ledger.';
COMMENT ON CONSTRAINT fk_spending_transactions_user_id ON ticketing.spending_transactions IS
    'Who spent is a user of the same tenant, who cannot be deleted while the ledger names that '
    'user.';
COMMENT ON CONSTRAINT fk_spending_transactions_reverses_id ON ticketing.spending_transactions IS
    'A reversal takes back a row of the same tenant.';
COMMENT ON CONSTRAINT chk_spending_amount_positive ON ticketing.spending_transactions IS
    'Every amount is above zero; a negative one would make room in a limit.';
COMMENT ON CONSTRAINT chk_spending_type ON ticketing.spending_transactions IS
    'The type is a known one, and exactly the reversals name what they reverse.';
COMMENT ON CONSTRAINT chk_spending_transactions_reference ON ticketing.spending_transactions IS
    'The reference says something, in at most 255 characters.';
COMMENT ON CONSTRAINT chk_spending_transactions_currency ON ticketing.spending_transactions IS
    'The currency has the form of an ISO 4217 code: three capital letters.';
COMMENT ON INDEX ticketing.uq_spending_tx_reversal IS
    'A spending is taken back at most once; a second reversal would make room in a limit.';
COMMENT ON INDEX ticketing.idx_spending_tx_user_date IS
    'Serves the sums of a window: what a person spent in a currency, newest first.';

GRANT SELECT ON ticketing.spending_transactions
TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.spending_transactions TO ticketing_app, ticketing_worker;
