-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.list_request_tickets(text, uuid, text[], text, integer, integer)
PARALLEL RESTRICTED;
