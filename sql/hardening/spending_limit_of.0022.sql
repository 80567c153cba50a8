-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.spending_limit_of(uuid, text) PARALLEL RESTRICTED;
