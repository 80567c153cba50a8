-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.search_tickets(text, uuid, text, integer, text) PARALLEL RESTRICTED;
