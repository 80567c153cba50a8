-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.refundable_of_ticket(uuid) PARALLEL RESTRICTED;
