CREATE TRIGGER trg_tenant_access_violations_refuse_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON ticketing.tenant_access_violations
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.refuse_history_change();

COMMENT ON TRIGGER trg_tenant_access_violations_refuse_change
ON ticketing.tenant_access_violations IS
    'Keeps the table append-only: TK003 for everybody but the retention job.';
