COMMENT ON POLICY users_owner_select ON ticketing.users IS
    'Cross-tenant on purpose, for the triggers that keep a person''s counts alone: they run as '
    'the owner and name the tenant of the ticket that fired them.';
