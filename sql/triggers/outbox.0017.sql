CREATE TRIGGER trg_outbox_10_announce
BEFORE INSERT ON ticketing.outbox
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.announce_outbox_events();

COMMENT ON TRIGGER trg_outbox_10_announce ON ticketing.outbox IS
    'Gives the transaction its number before its events get theirs, and wakes a relay at commit. '
    'Never disable it while a consumer reads the log: it could pass events that commit late.';
