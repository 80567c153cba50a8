-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.largest_zone_hold(uuid) PARALLEL RESTRICTED;
