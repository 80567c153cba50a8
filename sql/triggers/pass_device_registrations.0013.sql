CREATE TRIGGER trg_pass_device_registrations_90_stamp_updated_at
BEFORE UPDATE ON ticketing.pass_device_registrations
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_pass_device_registrations_90_stamp_updated_at
ON ticketing.pass_device_registrations IS
    'Sets updated_at to the time of the clock, whatever the statement says.';
