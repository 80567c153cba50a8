CREATE TRIGGER trg_holds_05_start_status
BEFORE INSERT ON ticketing.holds
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_status_change('hold');

CREATE TRIGGER trg_holds_05_change_status
BEFORE UPDATE OF status ON ticketing.holds
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status)
EXECUTE FUNCTION ticketing.guard_status_change('hold', '', 'expires_at');

CREATE TRIGGER trg_holds_10_guard
BEFORE UPDATE ON ticketing.holds
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_hold();

CREATE TRIGGER trg_holds_20_choose_bucket
BEFORE INSERT ON ticketing.holds
FOR EACH ROW
WHEN (new.bucket_no IS NULL)
EXECUTE FUNCTION ticketing.choose_hold_bucket();

CREATE TRIGGER trg_holds_20_open_order
BEFORE UPDATE OF status ON ticketing.holds
FOR EACH ROW
WHEN (new.status = 'confirmed' AND old.status <> 'confirmed')
EXECUTE FUNCTION ticketing.open_order_of_hold();

CREATE TRIGGER trg_holds_90_raise_version
BEFORE UPDATE ON ticketing.holds
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

CREATE TRIGGER trg_holds_90_move_insert
AFTER INSERT ON ticketing.holds
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.move_hold_inventory();

CREATE TRIGGER trg_holds_90_move_update
AFTER UPDATE ON ticketing.holds
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.move_hold_inventory();

COMMENT ON TRIGGER trg_holds_05_start_status ON ticketing.holds IS
    'A row starts in a status that state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_holds_05_change_status ON ticketing.holds IS
    'A status changes only as state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_holds_10_guard ON ticketing.holds IS
    'Refuses what a hold may not become, before anything is written.';
COMMENT ON TRIGGER trg_holds_20_choose_bucket ON ticketing.holds IS
    'Finds a part of the zone for a hold that names none.';
COMMENT ON TRIGGER trg_holds_20_open_order ON ticketing.holds IS
    'Gives a hold that is confirmed its order, after the guard has let it pass.';
COMMENT ON TRIGGER trg_holds_90_raise_version ON ticketing.holds IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
COMMENT ON TRIGGER trg_holds_90_move_insert ON ticketing.holds IS
    'Takes the places of new holds; last, because the counter is the contended row.';
COMMENT ON TRIGGER trg_holds_90_move_update ON ticketing.holds IS
    'Follows holds that are confirmed, released or expired; last, because the counter is the '
    'contended row.';
