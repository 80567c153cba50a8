-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.check_state_transition(text, text, text, text) PARALLEL RESTRICTED;
