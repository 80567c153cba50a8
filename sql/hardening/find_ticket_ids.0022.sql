-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.find_ticket_ids(text, uuid, text, integer, text) PARALLEL RESTRICTED;
