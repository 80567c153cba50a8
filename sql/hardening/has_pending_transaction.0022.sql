-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.has_pending_transaction(uuid) PARALLEL RESTRICTED;
