-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.get_spending_status(uuid, text) PARALLEL RESTRICTED;
