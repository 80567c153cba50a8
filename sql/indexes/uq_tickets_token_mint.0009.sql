CREATE UNIQUE INDEX CONCURRENTLY uq_tickets_token_mint
    ON ticketing.tickets (tenant_id, token_mint)
    WHERE token_mint IS NOT NULL;

COMMENT ON INDEX ticketing.uq_tickets_token_mint IS
    'One ticket per mint address of a tenant, so that a token stands for one admission; finds the '
    'ticket of a token.';
