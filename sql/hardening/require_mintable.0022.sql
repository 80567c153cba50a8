-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.require_mintable(uuid) PARALLEL RESTRICTED;
