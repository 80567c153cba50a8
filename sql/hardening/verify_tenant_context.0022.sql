-- It reads the signed context, which a parallel worker does not have.
ALTER FUNCTION ticketing.verify_tenant_context() PARALLEL RESTRICTED;
