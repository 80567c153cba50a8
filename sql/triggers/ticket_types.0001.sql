CREATE TRIGGER trg_ticket_types_10_create_inventory
AFTER INSERT ON ticketing.ticket_types
FOR EACH ROW EXECUTE FUNCTION ticketing.create_ticket_inventory();

CREATE TRIGGER trg_ticket_types_20_log_first_price
AFTER INSERT ON ticketing.ticket_types
FOR EACH ROW EXECUTE FUNCTION ticketing.log_ticket_price_change();

CREATE TRIGGER trg_ticket_types_30_log_price
AFTER UPDATE OF price_cents ON ticketing.ticket_types
FOR EACH ROW
WHEN (old.price_cents IS DISTINCT FROM new.price_cents)
EXECUTE FUNCTION ticketing.log_ticket_price_change();

CREATE TRIGGER trg_ticket_types_90_raise_version
BEFORE UPDATE ON ticketing.ticket_types
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

COMMENT ON TRIGGER trg_ticket_types_10_create_inventory ON ticketing.ticket_types IS
    'Makes the counters row of a new type.';
COMMENT ON TRIGGER trg_ticket_types_20_log_first_price ON ticketing.ticket_types IS
    'Writes the first price into ticket_price_history.';
COMMENT ON TRIGGER trg_ticket_types_30_log_price ON ticketing.ticket_types IS
    'Writes a changed price into ticket_price_history.';
COMMENT ON TRIGGER trg_ticket_types_90_raise_version ON ticketing.ticket_types IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
