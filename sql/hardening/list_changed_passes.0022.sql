-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.list_changed_passes(text, text, text) PARALLEL RESTRICTED;
