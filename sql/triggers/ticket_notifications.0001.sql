CREATE TRIGGER trg_ticket_notifications_stamp_updated_at
BEFORE UPDATE ON ticketing.ticket_notifications
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_ticket_notifications_stamp_updated_at ON ticketing.ticket_notifications IS
    'Sets updated_at to the time of the clock, whatever the statement says.';
