-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.authenticate_ticket_pass(text, text, text) PARALLEL RESTRICTED;
