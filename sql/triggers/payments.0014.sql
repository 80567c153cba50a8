CREATE TRIGGER trg_payments_03_ignore_stale
BEFORE UPDATE OF version ON ticketing.payments
FOR EACH ROW
WHEN (new.version <= old.version)
EXECUTE FUNCTION ticketing.ignore_stale_version();

CREATE TRIGGER trg_payments_05_start_status
BEFORE INSERT ON ticketing.payments
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_status_change('payment');

CREATE TRIGGER trg_payments_05_change_status
BEFORE UPDATE OF status ON ticketing.payments
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status AND new.version = old.version)
EXECUTE FUNCTION ticketing.guard_status_change('payment');

CREATE TRIGGER trg_payments_90_raise_version
BEFORE UPDATE ON ticketing.payments
FOR EACH ROW
WHEN (new.version = old.version AND new.refunded_cents = old.refunded_cents)
EXECUTE FUNCTION ticketing.raise_row_version();

CREATE TRIGGER trg_payments_90_stamp_updated_at
BEFORE UPDATE ON ticketing.payments
FOR EACH ROW
WHEN (new.version <> old.version OR new.refunded_cents <> old.refunded_cents)
EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_payments_05_start_status ON ticketing.payments IS
    'A row starts in a status that state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_payments_05_change_status ON ticketing.payments IS
    'A status that is changed here changes only as state_transitions allows. A message that brings '
    'its own version is not judged: its owner has, and messages in between may be missing.';
COMMENT ON TRIGGER trg_payments_03_ignore_stale ON ticketing.payments IS
    'Lets an old or repeated version from the owner change nothing, before any rule looks at it.';
COMMENT ON TRIGGER trg_payments_90_raise_version ON ticketing.payments IS
    'Raises version and stamps updated_at with every change made here, after the other BEFORE '
    'triggers. The sum of refunds is left out: it would make the version of a copy disagree with '
    'its owner''s.';
COMMENT ON TRIGGER trg_payments_90_stamp_updated_at ON ticketing.payments IS
    'Stamps updated_at when the version comes from the owner, or only the sum of refunds changes.';
