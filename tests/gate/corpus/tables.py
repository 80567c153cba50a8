# row: none
# verdict: safe
# finds: nothing
"""The tables that every case meets."""

from alembic import op

revision = "tables"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.execute("""
        CREATE TABLE accounts (
            id bigint PRIMARY KEY,
            name varchar(40) NOT NULL,
            email text,
            kind text NOT NULL DEFAULT 'plain',
            credit integer NOT NULL DEFAULT 0,
            note text,
            joined timestamptz DEFAULT now()
        );
        CREATE TABLE orders (
            id bigint PRIMARY KEY,
            account_id bigint,
            amount numeric(10, 2),
            weight numeric(10, 2),
            status text NOT NULL DEFAULT 'new',
            placed timestamptz,
            code varchar(20)
        );
        CREATE INDEX idx_orders_account_id ON orders (account_id);
        CREATE TYPE mood AS ENUM ('calm', 'glad');
        CREATE TABLE moods (id bigint PRIMARY KEY, mood mood, said text);
        CREATE VIEW open_orders AS SELECT id, amount FROM orders WHERE status = 'new';
        CREATE SEQUENCE ticket_numbers;
        CREATE FUNCTION order_total(p_account bigint) RETURNS numeric
        LANGUAGE sql STABLE
        RETURN (SELECT sum(amount) FROM orders WHERE account_id = p_account);
    """)


def downgrade():
    op.execute("""
        DROP FUNCTION order_total(bigint);
        DROP SEQUENCE ticket_numbers;
        DROP VIEW open_orders;
        DROP TABLE moods;
        DROP TYPE mood;
        DROP TABLE orders;
        DROP TABLE accounts;
    """)
