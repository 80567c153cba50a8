CREATE TRIGGER trg_request_tickets_05_start_state
BEFORE INSERT ON ticketing.request_tickets
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_request_ticket();

CREATE TRIGGER trg_request_tickets_05_guard
BEFORE UPDATE ON ticketing.request_tickets
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_request_ticket();

CREATE TRIGGER trg_request_tickets_90_raise_version
BEFORE UPDATE ON ticketing.request_tickets
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

CREATE TRIGGER trg_request_tickets_50_log_insert
AFTER INSERT ON ticketing.request_tickets
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.log_request_ticket_change();

CREATE TRIGGER trg_request_tickets_50_log_update
AFTER UPDATE ON ticketing.request_tickets
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.log_request_ticket_change();

COMMENT ON TRIGGER trg_request_tickets_05_start_state ON ticketing.request_tickets IS
    'A request starts as pending, and a customer''s session makes none for somebody else.';
COMMENT ON TRIGGER trg_request_tickets_05_guard ON ticketing.request_tickets IS
    'Refuses what a request may not become, stamps what it becomes, and numbers its claims.';
COMMENT ON TRIGGER trg_request_tickets_90_raise_version ON ticketing.request_tickets IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
COMMENT ON TRIGGER trg_request_tickets_50_log_insert ON ticketing.request_tickets IS
    'Writes audit_events for new requests.';
COMMENT ON TRIGGER trg_request_tickets_50_log_update ON ticketing.request_tickets IS
    'Writes audit_events for what happens to requests.';
