-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.get_pending_transaction_status(text, text) PARALLEL RESTRICTED;
