COMMENT ON POLICY users_owner_select ON ticketing.users IS
    'Cross-tenant on purpose, for the triggers that keep a person''s counts, which name the tenant '
    'of the ticket that fired them, and for accept_transfer, which names the tenant of the '
    'transaction; all run as the owner.';
