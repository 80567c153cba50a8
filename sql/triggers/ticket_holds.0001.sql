CREATE TRIGGER trg_ticket_holds_10_guard
BEFORE UPDATE ON ticketing.ticket_holds
FOR EACH ROW
WHEN (new.status <> old.status)
EXECUTE FUNCTION ticketing.guard_ticket_hold();

CREATE TRIGGER trg_ticket_holds_90_raise_version
BEFORE UPDATE ON ticketing.ticket_holds
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

CREATE TRIGGER trg_ticket_holds_90_hold_insert
AFTER INSERT ON ticketing.ticket_holds
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.move_house_hold_inventory();

CREATE TRIGGER trg_ticket_holds_90_hold_update
AFTER UPDATE ON ticketing.ticket_holds
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.move_house_hold_inventory();

COMMENT ON TRIGGER trg_ticket_holds_10_guard ON ticketing.ticket_holds IS
    'Lets a hold end once, with nothing kept back.';
COMMENT ON TRIGGER trg_ticket_holds_90_raise_version ON ticketing.ticket_holds IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
COMMENT ON TRIGGER trg_ticket_holds_90_hold_insert ON ticketing.ticket_holds IS
    'Takes what a new house hold keeps back.';
COMMENT ON TRIGGER trg_ticket_holds_90_hold_update ON ticketing.ticket_holds IS
    'Follows remaining_quantity up and down.';
