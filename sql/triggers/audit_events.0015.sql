CREATE TRIGGER trg_audit_events_refuse_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON ticketing.audit_events
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.refuse_history_change();

COMMENT ON TRIGGER trg_audit_events_refuse_change ON ticketing.audit_events IS
    'Keeps the table append-only: TK003 for everybody but the retention job.';
