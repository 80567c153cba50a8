-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.get_request_ticket(uuid) PARALLEL RESTRICTED;
